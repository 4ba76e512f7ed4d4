"""Files that a film's tree names: each has the id of a record instead of a task of its own."""

from collections.abc import Iterable, Mapping
from itertools import count

from generations.lifecycle import queue
from generations.models import Attempt, File
from generations.models.files import FileState
from generations.providers.contract import Result

from .report import link_fields

# Ordinals of a film's files from its tree; those of its own report stand below.
FIRST_OF_TREE = 1000
WANTED = {FileState.REMOTE, FileState.FETCHING, FileState.LOST}


def is_of_tree(file: File) -> bool:
    return file.ordinal >= FIRST_OF_TREE


def save_tree_links(attempt: Attempt, results: Iterable[Result]) -> Mapping[str, File]:
    """Save the newest link of each record that is not stored; return the files by remote id.

    The caller holds the team's sequence: two at once would give one ordinal twice.
    """
    known = attempt.task.files.filter(ordinal__gte=FIRST_OF_TREE)
    rows = {file.remote_id: file for file in known}
    ordinals = count(max((file.ordinal + 1 for file in rows.values()), default=FIRST_OF_TREE))
    for result in results:
        file = rows.get(result.remote_id)
        link = link_fields(attempt, result.url)
        if file is None:
            rows[result.remote_id] = _create(attempt, result, next(ordinals), link)
        elif file.state in WANTED:
            File.objects.filter(pk=file.pk).update(not_before=None, **link)
            queue.enqueue("fetch", file.pk)
    return rows


def _create(attempt: Attempt, result: Result, ordinal: int, link: Mapping[str, object]) -> File:
    file: File = File.objects.create(
        task=attempt.task,
        team_id=attempt.task.team_id,
        role=result.role,
        ordinal=ordinal,
        remote_id=result.remote_id,
        **link,
    )
    queue.enqueue("fetch", file.pk)
    return file

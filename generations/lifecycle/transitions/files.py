"""The files of a film that its tree names: each has a record's number instead of its own task."""

from collections.abc import Iterable, Mapping
from itertools import count

from generations.lifecycle import queue
from generations.models import Attempt, File
from generations.models.files import FileState
from generations.providers.contract import Result

from .report import link_of

FIRST_OF_TREE = 1000  # of a film's files; those of its own report stand before it
WANTED = {FileState.REMOTE, FileState.FETCHING, FileState.LOST}


def is_of_tree(file: File) -> bool:
    return file.ordinal >= FIRST_OF_TREE


def tree_links(attempt: Attempt, results: Iterable[Result]) -> Mapping[str, File]:
    """A file of the film for each record, by its number, with the fresher link until it is stored.

    Only for who holds the team's sequence: of two that read at once one would number twice.
    """
    known = attempt.task.files.filter(ordinal__gte=FIRST_OF_TREE)
    rows = {file.number: file for file in known}
    places = count(max((file.ordinal + 1 for file in rows.values()), default=FIRST_OF_TREE))
    for result in results:
        file = rows.get(result.number)
        link = link_of(attempt, result.url)
        if file is None:
            rows[result.number] = _made(attempt, result, next(places), link)
        elif file.state in WANTED:
            File.objects.filter(pk=file.pk).update(not_before=None, **link)
            queue.ring("mirror", file.pk)
    return rows


def _made(attempt: Attempt, result: Result, ordinal: int, link: Mapping[str, object]) -> File:
    file: File = File.objects.create(
        task=attempt.task,
        team_id=attempt.task.team_id,
        part=result.part,
        ordinal=ordinal,
        number=result.number,
        **link,
    )
    queue.ring("mirror", file.pk)
    return file

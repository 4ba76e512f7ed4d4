"""What one search box finds: words of a prompt in any script, a person, a number.

On SQLite the words stand in an index of all runs of three letters, kept by triggers (the migration
``find``); a shorter word, as Chinese words are, is looked up by the runs that begin with it. On
PostgreSQL the index is one of pg_trgm, and the database decides when it helps.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q

from .people import Team, User
from .tasks import Attempt, TaskQuerySet

MOST_WORDS = 8
MOST_HITS = 2000  # what is found more often is near the beginning of the wall anyway
MOST_RUNS = 400
RUN = 3  # letters
LONGEST_NUMBER = 18  # digits of our own numbers
RUNS = "SELECT term FROM generations_find_runs WHERE term >= %s AND term < %s LIMIT %s"
HITS = """
SELECT generations_find.rowid FROM generations_find
CROSS JOIN generations_task ON generations_task.id = generations_find.rowid
WHERE generations_find MATCH %s AND generations_task.team_id = %s LIMIT %s
"""


def found(tasks: TaskQuerySet, team: Team, text: str) -> TaskQuerySet:
    """The tasks of a team that have every word of the text in them."""
    for word in text.split()[:MOST_WORDS]:
        tasks = tasks.filter(_prompt(team, word) | _number(word) | _person(team, word))
    return tasks


def _prompt(team: Team, word: str) -> Q:
    """By the index where it finds few, else by reading on from the newest."""
    hits = _indexed(team, word) if connection.vendor == "sqlite" else None
    return Q(prompt__icontains=word) if hits is None else Q(pk__in=hits)


def _indexed(team: Team, word: str) -> list[int] | None:
    """The numbers of the tasks whose prompts hold the word; None where they are too many."""
    runs = [word] if len(word) >= RUN else _runs(word)
    if runs is None:
        return None
    if not runs:
        return []
    wanted = " OR ".join('"' + run.replace('"', '""') + '"' for run in runs)
    hits = _ask(HITS, wanted, team.pk, MOST_HITS + 1)
    return None if len(hits) > MOST_HITS else [int(str(hit)) for hit in hits]


def _runs(word: str) -> list[str] | None:
    """Every run of three letters that begins with the word; None where they are too many.

    Two spaces stand behind each prompt in the index, so that its last letters begin a run too.
    """
    start = word.lower()
    runs = _ask(RUNS, start, start + chr(0x10FFFF), MOST_RUNS + 1)
    return None if len(runs) > MOST_RUNS else [str(run) for run in runs]


def _ask(question: str, *values: str | int) -> Sequence[object]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return [row[0] for row in cursor.fetchall()]


def _number(word: str) -> Q:
    """Ours or the provider's."""
    if not word.isdecimal():
        return Q(pk__in=[])
    ours = Q(pk=int(word)) if len(word) <= LONGEST_NUMBER else Q(pk__in=[])
    return ours | Q(pk__in=Attempt.objects.filter(number=word).values("task"))


def _person(team: Team, word: str) -> Q:
    """Who ordered it, by a part of the name or by how the e-mail address begins."""
    known = Q(name__icontains=word) | Q(email__istartswith=word)
    people = User.objects.filter(known, memberships__team=team).values_list("pk", flat=True)
    return Q(created_by__in=list(people))

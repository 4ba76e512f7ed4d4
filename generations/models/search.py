"""Search tasks by words of the prompt in any script, by person, or by id.

On SQLite triggers keep an FTS5 index of trigrams (``migrations/_sql.py``). A word of one or two
letters, as most Chinese words are, is found by the trigrams that begin with it. PostgreSQL has an
index of pg_trgm and decides itself when to use it.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q

from .people import Team, User
from .tasks import Attempt, TaskQuerySet

MOST_WORDS = 8
MOST_HITS = 2000  # what is found more often is near the top of the gallery anyway
MOST_TRIGRAMS = 400
LONGEST_KEY = 18  # digits of a primary key; a longer number may be too large for the database
TRIGRAMS = "SELECT term FROM generations_search_runs WHERE term >= %s AND term < %s LIMIT %s"
# SQLite keeps the order of a CROSS JOIN: the index is read first, and only its hits are looked up.
HITS = """
SELECT generations_search.rowid FROM generations_search
CROSS JOIN generations_task ON generations_task.id = generations_search.rowid
WHERE generations_search MATCH %s AND generations_task.team_id = %s LIMIT %s
"""


def found(tasks: TaskQuerySet, team: Team, text: str) -> TaskQuerySet:
    """Narrow the tasks of a team to those that match every word of the text."""
    for word in text.split()[:MOST_WORDS]:
        tasks = tasks.filter(_by_prompt(team, word) | _by_id(word) | _by_person(team, word))
    return tasks


def _by_prompt(team: Team, word: str) -> Q:
    """Match by the index where it finds few; else let the database read from the newest."""
    hits = _indexed(team, word) if connection.vendor == "sqlite" else None
    return Q(prompt__icontains=word) if hits is None else Q(pk__in=hits)


def _indexed(team: Team, word: str) -> list[int] | None:
    """Return the primary keys of the tasks that match, or None where they are too many."""
    trigrams = [word] if len(word) >= 3 else _trigrams(word)
    if trigrams is None:
        return None
    if not trigrams:
        return []
    wanted = " OR ".join('"' + trigram.replace('"', '""') + '"' for trigram in trigrams)
    hits = _query(HITS, wanted, team.pk, MOST_HITS + 1)  # one more, to know that they are too many
    return None if len(hits) > MOST_HITS else [int(str(hit)) for hit in hits]


def _trigrams(word: str) -> list[str] | None:
    """Return the trigrams that begin with the word, or None where they are too many.

    Two spaces follow each prompt in the index, so that its last letters begin a trigram too.
    """
    start = word.lower()
    trigrams = _query(TRIGRAMS, start, start + chr(0x10FFFF), MOST_TRIGRAMS + 1)
    return None if len(trigrams) > MOST_TRIGRAMS else [str(trigram) for trigram in trigrams]


def _query(sql: str, *values: str | int) -> Sequence[object]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def _by_id(word: str) -> Q:
    """Match our primary key or the provider's remote id."""
    if not word.isdecimal():
        return Q(pk__in=[])
    ours = Q(pk=int(word)) if len(word) <= LONGEST_KEY else Q(pk__in=[])
    return ours | Q(pk__in=Attempt.objects.filter(remote_id=word).values("task"))


def _by_person(team: Team, word: str) -> Q:
    """Match who ordered, by a part of the name or the beginning of the e-mail address."""
    known = Q(name__icontains=word) | Q(email__istartswith=word)
    people = User.objects.filter(known, memberships__team=team).values_list("pk", flat=True)
    return Q(created_by__in=list(people))

"""A year of books: finished orders of a dozen people, written as rows and not one by one."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from django.db import connection, models

from generations.models import (
    Account,
    Attempt,
    Credential,
    DayTotal,
    Entry,
    Line,
    Membership,
    Task,
    Total,
)
from tests.factories import make_credential, make_member, make_user

LAST = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAYS, PEOPLE, KEYS = 365, 12, 3
MODELS = ("viduq2", "viduq3-pro", "viduq3-turbo", "viduq2-pro")
LINES_OF_A_TASK = 5  # two of its hold, three of its settlement
PRICE, COST = 35, 40
CHUNK = 20_000


@dataclass(frozen=True)
class Clip:
    """One finished order; its number is that of its task and of its attempt."""

    number: int
    at: datetime
    user: int
    key: Credential
    model: str


def make_books(lines: int) -> Membership:
    """A member of a team whose ledger has so many lines, spread evenly over the days."""
    member = make_member(user=make_user(name="Mei Tan"))
    people = [member.user.pk]
    people += [make_member(team=member.team).user.pk for _ in range(PEOPLE - 1)]
    keys = [make_credential(team=member.team, name=f"Key {number}") for number in range(KEYS)]
    clips = list(_clips(lines // LINES_OF_A_TASK, people, keys))
    _insert(Task, (_task(clip) for clip in clips))
    _insert(Attempt, (_attempt(clip) for clip in clips))
    _insert(Entry, (entry for clip in clips for entry in _entries(clip)))
    pots = {(pot.credential_id, pot.name): pot.pk for pot in Account.objects.all()}
    _insert(Line, (line for clip in clips for line in _lines(clip, pots)))
    _sum_up()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return member


def _clips(count: int, people: list[int], keys: list[Credential]) -> Iterator[Clip]:
    dice = random.Random(7)
    for number in range(count):
        at = LAST - timedelta(days=DAYS - 1 - number * DAYS // count)
        yield Clip(1 + number, at, dice.choice(people), dice.choice(keys), dice.choice(MODELS))


def _task(clip: Clip) -> Task:
    return Task(
        pk=clip.number,
        team_id=clip.key.team_id,
        created_by_id=clip.user,
        credential=clip.key,
        kind="text_to_video",
        model=clip.model,
        prompt=f"A lighthouse at dusk, take {clip.number}, slow crane shot over the breakers",
        form_token=str(clip.number),
        state="succeeded",
        created_at=clip.at,
        accepted_at=clip.at,
        finished_at=clip.at + timedelta(minutes=2),
    )


def _attempt(clip: Clip) -> Attempt:
    return Attempt(
        pk=clip.number,
        task_id=clip.number,
        credential=clip.key,
        ordinal=1,
        state="accepted",
        remote_id=f"9110{clip.number:014}",
        estimate=PRICE,
        cost=COST,
        created_at=clip.at,
    )


def _entries(clip: Clip) -> Iterator[Entry]:
    for place, (kind, amount) in enumerate((("hold", PRICE), ("settle", COST))):
        yield Entry(
            pk=2 * clip.number + place,
            team_id=clip.key.team_id,
            credential=clip.key,
            attempt_id=clip.number,
            kind=kind,
            unit="credit",
            person_id=clip.user,
            model=clip.model,
            amount=amount,
            failed=place == 1 and clip.number % 50 == 0,
            at=clip.at,
            day=clip.at.date(),
        )


def _lines(clip: Clip, pots: dict[tuple[int, str], int]) -> Iterator[Line]:
    moves = (
        (0, "available", -PRICE),
        (0, "held", PRICE),
        (1, "held", -PRICE),
        (1, "spent", COST),
        (1, "available", PRICE - COST),
    )
    for place, (entry, name, amount) in enumerate(moves):
        yield Line(
            pk=LINES_OF_A_TASK * clip.number + place,
            entry_id=2 * clip.number + entry,
            account_id=pots[clip.key.pk, name],
            amount=amount,
        )


def _insert[Row: models.Model](model: type[Row], rows: Iterable[Row]) -> None:
    """As the rows' own fields say, without asking the database for anything back."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(model._meta.db_table)

    def values() -> Iterator[list[Any]]:
        for row in rows:
            yield [
                field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields
            ]

    with connection.cursor() as cursor:
        insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        for some in batched(values(), CHUNK):
            cursor.executemany(insert, some)


def _sum_up() -> None:
    """The day's totals, as the entries would have kept them."""
    of_day = "team_id, credential_id, unit, kind, failed, carried, day"
    with connection.cursor() as cursor:
        for model, key in ((Total, f"{of_day}, person_id, model"), (DayTotal, of_day)):
            more, value = (", of_film", ", FALSE") if model is DayTotal else ("", "")
            cursor.execute(
                f"INSERT INTO {model._meta.db_table}"
                f" ({key}, entries, amount, estimate, stated{more})"
                f" SELECT {key}, count(*), sum(amount),"
                f" sum(CASE kind WHEN 'settle' THEN {PRICE} ELSE 0 END), 0{value}"
                f" FROM {Entry._meta.db_table} WHERE attempt_id IS NOT NULL GROUP BY {key}"
            )

"""A film's tree taken in: whatever order the replies come in, each of them once or often.

A list says what its records are; their states only go forward; nothing that is chosen changes by
itself. What contradicts what was said before raises an alarm and changes nothing.
"""

from collections.abc import Iterator, Sequence

from django.db import transaction

from generations.models import Attempt, Film, Team
from generations.models.films import StripKind
from generations.models.tasks import FINAL, TaskState
from generations.providers.contract import FilmRecord, FilmReport

from .cuts import Cuts
from .records import Reading, in_order, sound
from .strips import Strips


@transaction.atomic
def take_in(film: Film, attempt: Attempt, report: FilmReport) -> bool:
    """Take over what the provider says of a film now; whether more of it is to be expected.

    ``attempt`` is the order that became the film.
    """
    version = Team.next_sequence(film.team_id)
    film.refresh_from_db(fields=["alarm", "version"])
    reading = Reading(film)
    strips, cuts = Strips(reading), Cuts(reading)
    for kind, ordinal, records in _lists(report):
        strips.grow(kind, ordinal, records, report.cuts)
    for cut in in_order(report.cuts):
        cuts.add(cut)
    cuts.name_pieces(strips.takes)
    _tell_lost(reading, strips, cuts)
    reading.finish(attempt)
    _judge(reading, report)
    film.read_at, film.misses, film.report = reading.now, 0, report.raw
    film.version = version if reading.changed else film.version
    film.save(update_fields=["read_at", "misses", "report", "alarm", "version"])
    return reading.is_under_way or not report.shots


def _lists(report: FilmReport) -> Iterator[tuple[StripKind, int, Sequence[FilmRecord]]]:
    for shot in report.shots:
        yield StripKind.SHOT, shot.index, shot.records
    yield StripKind.NARRATION, 0, report.narrations
    yield StripKind.MUSIC, 0, report.musics


def _tell_lost(reading: Reading, strips: Strips, cuts: Cuts) -> None:
    """What the tree had before and has no more; it may only be late, and come back."""
    newest, needed = cuts.newest, strips.chosen
    if newest:
        needed |= cuts.takes_of(newest)
    for take in strips.takes.values():
        if take.seen_at and take not in reading.seen:
            reading.lost(take, is_needed=take.pk in needed)
    for cut in cuts.rows.values():
        if cut.seen_at and cut not in reading.seen:
            reading.lost(cut, is_needed=cut == newest)


def _judge(reading: Reading, report: FilmReport) -> None:
    """What the reply says of the film as a whole."""
    film, before = reading.film, reading.film.alarm
    state = TaskState(report.state) if report.state else None
    if state in FINAL and state != film.task.state:
        sound(film, f"turned_{state}")
    elif report.unread and not film.alarm:
        sound(film, "unread", str(report.unread))
    reading.changed |= film.alarm != before

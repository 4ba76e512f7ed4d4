"""A film's tree taken in: whatever order the replies come in, each of them once or often.

A list says what its records are; their states only go forward; nothing that is chosen changes by
itself. What contradicts what was said before raises an alarm and changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from django.db import transaction

from generations.models import Attempt, Composition, Film, Ingredient, Strip, Take, Team
from generations.models.films import StripKind
from generations.models.tasks import FINAL, TaskState
from generations.providers.contract import FilmCut, FilmRecord, FilmReport

from .records import ENDED_BADLY, Reading, in_order, sound


class Strips:
    """The rows of one film; ``takes`` are those that have a number, by it."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.film = reading, reading.film
        takes = list(self.film.takes.select_related("task", "file", "strip"))
        self.takes = {take.number: take for take in takes if take.number}
        self._strips = {(strip.kind, strip.ordinal): strip for strip in self.film.strips.all()}
        self._places = Counter[int]()
        for take in takes:
            self._places[take.strip_id] = max(self._places[take.strip_id], take.ordinal + 1)

    @property
    def chosen(self) -> set[int | None]:
        return {strip.chosen_id for strip in self._strips.values()}

    def grow(
        self, kind: StripKind, ordinal: int, records: Sequence[FilmRecord], cuts: Sequence[FilmCut]
    ) -> None:
        """A strip with its takes; of its first ones it chooses, and never again by itself."""
        strip = self._strip(kind, ordinal)
        is_first = not self._places[strip.pk]
        for record in in_order(records):
            self._add(strip, record)
        if is_first and (first := self._first_choice(strip, cuts)):
            strip.chosen = first
            strip.save(update_fields=["chosen"])

    def _strip(self, kind: StripKind, ordinal: int) -> Strip:
        if (kind, ordinal) not in self._strips:
            made = Strip.objects.create(film=self.film, kind=kind, ordinal=ordinal)
            self._strips[kind, ordinal] = made
            self.reading.changed = True
        return self._strips[kind, ordinal]

    def _add(self, strip: Strip, record: FilmRecord) -> None:
        take = self.takes.get(record.number)
        if take is None:
            place = self._places[strip.pk]
            self._places[strip.pk] += 1
            take = Take(film=self.film, strip=strip, ordinal=place, number=record.number)
            self.takes[record.number] = take
        elif take.strip_id != strip.pk:
            return self._misplaced(take, strip)
        return self.reading.saw(take, record)

    def _misplaced(self, take: Take, strip: Strip) -> None:
        """It was listed elsewhere before, and stays there."""
        if not take.alarm:
            sound(take, "moved", f"{strip.kind} {strip.ordinal}")
            take.save(update_fields=["alarm"])
            self.reading.changed = True
        self.reading.seen.add(take)

    def _first_choice(self, strip: Strip, cuts: Sequence[FilmCut]) -> Take | None:
        """What the film itself was made of, else the first that has not failed."""
        good = sorted(
            (
                take
                for take in self.takes.values()
                if take.strip_id == strip.pk and take.status not in ENDED_BADLY
            ),
            key=lambda take: take.ordinal,
        )
        made_of = _newest_ingredients(cuts)
        return next((take for take in good if take.number in made_of), next(iter(good), None))


class Cuts:
    """The rows of one film; ``rows`` are those that have a number, by it."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.film = reading, reading.film
        cuts = list(self.film.compositions.select_related("task", "file"))
        self.rows = {cut.number: cut for cut in cuts if cut.number}
        self._next = max((cut.ordinal + 1 for cut in cuts), default=0)
        self._pieces: dict[int, list[Ingredient]] = defaultdict(list)
        for piece in Ingredient.objects.filter(composition__film=self.film).order_by("pk"):
            self._pieces[piece.composition_id].append(piece)

    @property
    def newest(self) -> Composition | None:
        """The newest that did not fail."""
        good = [cut for cut in self.rows.values() if cut.status not in ENDED_BADLY]
        return max(good, key=lambda cut: cut.ordinal, default=None)

    def takes_of(self, cut: Composition) -> set[int | None]:
        return {piece.take_id for piece in self._pieces[cut.pk]}

    def add(self, record: FilmCut) -> None:
        cut = self.rows.get(record.number)
        if cut is None:
            cut = Composition(film=self.film, ordinal=self._next, number=record.number)
            self._next += 1
            self.rows[record.number] = cut
        self.reading.saw(cut, record)
        self._add_pieces(cut, StripKind.SHOT, record.takes)
        self._add_pieces(cut, StripKind.NARRATION, [record.narration])
        self._add_pieces(cut, StripKind.MUSIC, [record.music])

    def _add_pieces(self, cut: Composition, kind: StripKind, said: Sequence[str]) -> None:
        """What a cut was made of is written once; what says otherwise later raises an alarm."""
        numbers = [number for number in said if number]
        known = [piece.number for piece in self._pieces[cut.pk] if piece.kind == kind]
        if numbers and not known:
            self._pieces[cut.pk] += Ingredient.objects.bulk_create(
                Ingredient(composition=cut, kind=kind, ordinal=place, number=number)
                for place, number in enumerate(numbers)
            )
            self.reading.changed = True
        elif numbers and numbers != known and not cut.alarm:
            sound(cut, "differs", kind)
            cut.save(update_fields=["alarm"])
            self.reading.changed = True

    def name_pieces(self, takes: Mapping[str, Take]) -> None:
        """Say which take an ingredient is, once its number is known; that may be much later."""
        for piece in chain.from_iterable(self._pieces.values()):
            if piece.take_id is None and piece.number in takes:
                piece.take = takes[piece.number]
                piece.save(update_fields=["take"])
                self.reading.changed = True


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


def _newest_ingredients(cuts: Sequence[FilmCut]) -> set[str]:
    """What the newest of these cuts was made of."""
    good = [cut for cut in cuts if str(cut.state) not in ENDED_BADLY]
    if not good:
        return set()
    newest = in_order(good)[-1]
    return {*newest.takes, newest.narration, newest.music}

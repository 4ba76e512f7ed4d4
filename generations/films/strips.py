"""A film's strips and their takes, while its tree is taken in."""

from collections import Counter
from collections.abc import Sequence

from generations.models import Strip, Take
from generations.models.films import StripKind
from generations.providers.contract import FilmCut, FilmRecord

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


def _newest_ingredients(cuts: Sequence[FilmCut]) -> set[str]:
    """What the newest of these cuts was made of."""
    good = [cut for cut in cuts if str(cut.state) not in ENDED_BADLY]
    if not good:
        return set()
    newest = in_order(good)[-1]
    return {*newest.takes, newest.narration, newest.music}

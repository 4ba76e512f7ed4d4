"""A film's compositions and what was joined in each, while its tree is taken in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from generations.models import Composition, Ingredient, Take
from generations.models.films import StripKind
from generations.providers.contract import FilmCut

from .records import ENDED_BADLY, Reading, sound


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

"""The rows of one film and what was spent on it, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum

from generations.models import Cut, CutPiece, Film, Line, Segment, Take
from generations.models.films import SegmentKind
from generations.models.ledger import AccountName
from generations.models.tasks import FINAL, TaskState

type SegmentKey = tuple[str, int]
"""A segment by its kind and its index, e.g. ``("shot", 0)``."""

ORDER = {kind: position for position, kind in enumerate(SegmentKind)}
UNSUCCESSFUL = {*FINAL} - {TaskState.SUCCEEDED}


class FilmRows:
    """The rows of one film; segments stand in the order of a board."""

    def __init__(self, film: Film) -> None:
        self.film = film
        segments = Segment.objects.filter(film=film)
        self.segments = sorted(
            segments, key=lambda segment: (ORDER[SegmentKind(segment.kind)], segment.ordinal)
        )
        takes = Take.objects.filter(film=film).order_by("segment", "ordinal")
        self.takes = list(takes.select_related("task__created_by", "file"))
        cuts = Cut.objects.filter(film=film).order_by("ordinal")
        self.cuts = list(cuts.select_related("task__created_by", "file"))
        self._pieces: dict[int, list[CutPiece]] = defaultdict(list)
        for piece in CutPiece.objects.filter(cut__film=film).order_by("ordinal"):
            self._pieces[piece.cut_id].append(piece)
        self._by_pk = {take.pk: take for take in self.takes}
        self.by_remote_id = {take.remote_id: take for take in self.takes if take.remote_id}
        self._keys = {segment.pk: (segment.kind, segment.ordinal) for segment in self.segments}

    @property
    def shots(self) -> list[Segment]:
        return [segment for segment in self.segments if segment.kind == SegmentKind.SHOT]

    @property
    def newest_cut(self) -> Cut | None:
        """Return the newest cut that did not fail, also while it is still being made."""
        good = [cut for cut in self.cuts if cut.status not in UNSUCCESSFUL]
        return good[-1] if good else None

    def segment(self, kind: SegmentKind, ordinal: int = 0) -> Segment | None:
        found = (
            segment
            for segment in self.segments
            if (segment.kind, segment.ordinal) == (kind, ordinal)
        )
        return next(found, None)

    def takes_of(self, segment: Segment) -> list[Take]:
        return [take for take in self.takes if take.segment_id == segment.pk]

    def chosen(self, segment: Segment | None) -> Take | None:
        return self._by_pk.get(segment.chosen_id or 0) if segment else None

    def key(self, take: Take) -> SegmentKey:
        return self._keys[take.segment_id]

    def chosen_ids(self) -> Mapping[SegmentKey, Sequence[str]]:
        """Return the remote ids that the next cut would join, by segment."""
        chosen = {self._keys[segment.pk]: self.chosen(segment) for segment in self.segments}
        return {key: [take.remote_id] for key, take in chosen.items() if take}

    def piece_ids(self, cut: Cut) -> Mapping[SegmentKey, Sequence[str]]:
        """Return the remote ids that a cut joined, by segment.

        A piece that is no take of ours stands at the position that the cut gave it.
        """
        found: dict[SegmentKey, list[str]] = defaultdict(list)
        for piece in self._pieces[cut.pk]:
            take = self._by_pk.get(piece.take_id or 0)
            key = self.key(take) if take else (piece.kind, piece.ordinal)
            found[key].append(piece.remote_id)
        return dict(found)


@dataclass(frozen=True, slots=True)
class BookedAmounts:
    """Amounts that were spent, and that are held for what runs, in the credential's unit."""

    spent: int = 0
    held: int = 0

    def __add__(self, other: "BookedAmounts") -> "BookedAmounts":
        return BookedAmounts(self.spent + other.spent, self.held + other.held)


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a film in the credential's unit. ``brief`` paid for the film as it first came.

    ``chosen`` and ``discarded``: spent on takes that are in the next cut, and on all others.
    """

    brief: int
    chosen: int
    discarded: int
    cuts: int
    held: int

    @property
    def spent(self) -> int:
        return self.brief + self.chosen + self.discarded + self.cuts


def booked(rows: FilmRows) -> Mapping[int, BookedAmounts]:
    """Return what is booked, by task id, in one query."""
    tasks = [each.task_id for each in (*rows.takes, *rows.cuts) if each.task_id]
    lines = Line.objects.filter(
        entry__attempt__task__in=[rows.film.task_id, *tasks],
        account__name__in=[AccountName.SPENT, AccountName.HELD],
    )
    sums = lines.values_list("entry__attempt__task").annotate(
        spent=Sum("amount", filter=Q(account__name=AccountName.SPENT), default=0),
        held=Sum("amount", filter=Q(account__name=AccountName.HELD), default=0),
    )
    return {task: BookedAmounts(spent, held) for task, spent, held in sums}


def cost(rows: FilmRows, of: Mapping[int, BookedAmounts]) -> Cost:
    """Return what the whole film cost so far."""
    chosen_pks = {segment.chosen_id for segment in rows.segments}
    none = BookedAmounts()
    chosen = discarded = none
    for take in rows.takes:
        amount = of.get(take.task_id or 0, none)
        if take.pk in chosen_pks:
            chosen += amount
        else:
            discarded += amount
    cuts = sum((of.get(cut.task_id or 0, none) for cut in rows.cuts), none)
    brief = of.get(rows.film.task_id, none)
    held = brief.held + chosen.held + discarded.held + cuts.held
    return Cost(brief.spent, chosen.spent, discarded.spent, cuts.spent, held)

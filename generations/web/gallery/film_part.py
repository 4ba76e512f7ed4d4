"""Where a task stands in an ad film: a take of a segment, or a cut with its pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from generations.models import Cut, Film, Take, Task
from generations.models.films import FILM_CUT, PARTS, CutPiece, SegmentKind
from generations.web.messages import films


@dataclass(frozen=True, slots=True)
class FilmPart:
    """A part in words. ``film`` is the pk of its film, whose board ``query`` opens at the part."""

    film: int
    title: str
    place: str
    query: str = ""
    pieces: Sequence[str] = ()

    @classmethod
    def of(cls, task: Task) -> Self | None:
        """Return the place of a task, None where it is no part of a film."""
        if task.kind not in PARTS:
            return None
        film = Film.objects.of(task).select_related("task").first()
        if film is None:
            return None
        if task.kind == FILM_CUT:
            return cls._of_cut(film, task)
        return cls._of_take(film, task)

    @classmethod
    def _of_take(cls, film: Film, task: Task) -> Self:
        take = Take.objects.select_related("segment").get(task=task)
        segment = take.segment
        is_shot = segment.kind == SegmentKind.SHOT
        place = films.take_of(segment.kind, segment.ordinal, take.ordinal + 1)
        at = segment.ordinal + 1 if is_shot else segment.kind
        return cls(film.pk, films.title(film), place, f"?at={at}")

    @classmethod
    def _of_cut(cls, film: Film, task: Task) -> Self:
        cut = Cut.objects.get(task=task)
        pieces = CutPiece.objects.filter(cut=cut).select_related("take__segment")
        # A piece whose take nobody here has yet is named by its place alone.
        words = [
            films.take_of(piece.kind, piece.ordinal, piece.take.ordinal + 1)
            if piece.take
            else films.where(piece.kind, piece.ordinal)
            for piece in sorted(pieces, key=_position)
        ]
        return cls(film.pk, films.title(film), films.cut(cut.ordinal + 1), pieces=words)


def _position(piece: CutPiece) -> tuple[int, int]:
    """The shots in their order, then what is heard beside them."""
    return SegmentKind.values.index(piece.kind), piece.ordinal

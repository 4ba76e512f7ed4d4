"""What a cut is to be made of, and what is in the way of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from generations.models import Strip, Take
from generations.models.films import StripKind

from .refusals import FilmRefused, Obstacle
from .rows import Rows

REQUIRED = {
    StripKind.SHOT: "take_required",
    StripKind.NARRATION: "narration_required",
    StripKind.MUSIC: "music_required",
}


@dataclass(frozen=True, slots=True)
class Pieces:
    """The provider's numbers: a take for each shot in the film's order, "" for none."""

    takes: tuple[str, ...]
    narration: str = ""
    music: str = ""


def chosen_pieces(rows: Rows) -> Pieces:
    """What is chosen now."""
    numbers = [_number(rows.chosen(shot)) for shot in rows.shots]
    narration, music = rows.strip(StripKind.NARRATION), rows.strip(StripKind.MUSIC)
    return Pieces(tuple(numbers), _number(rows.chosen(narration)), _number(rows.chosen(music)))


def _number(take: Take | None) -> str:
    return take.number if take else ""


def obstacles(rows: Rows, pieces: Pieces) -> tuple[Obstacle, ...]:
    """Everything that keeps these pieces from becoming a cut (2.13)."""
    return tuple(_obstacles(rows, pieces))


def _obstacles(rows: Rows, pieces: Pieces) -> Iterator[Obstacle]:
    wanted, given = len(rows.shots), len(pieces.takes)
    if wanted != given or not wanted:
        yield Obstacle("takes_count", {"wanted": wanted, "given": given})
    else:
        for shot, number in zip(rows.shots, pieces.takes, strict=True):
            yield from _of_piece(rows, StripKind.SHOT, shot, number)
    for kind, number in ((StripKind.NARRATION, pieces.narration), (StripKind.MUSIC, pieces.music)):
        yield from _of_piece(rows, kind, rows.strip(kind), number)


def _of_piece(rows: Rows, kind: StripKind, strip: Strip | None, number: str) -> Iterator[Obstacle]:
    where = {"kind": str(kind), "shot": strip.ordinal if strip else 0}
    take = rows.by_number.get(number)
    if not number:
        yield Obstacle(REQUIRED[kind], where)
    elif take is None:
        yield Obstacle("take_unknown", {**where, "number": number})
    elif strip is None or take.strip_id != strip.pk:
        yield Obstacle("take_misplaced", {**where, "number": number})
    elif not take.is_stored:
        yield Obstacle("take_not_stored", {**where, "number": number})


def judged(rows: Rows, pieces: Pieces) -> Mapping[StripKind, Sequence[Take]]:
    """The takes of a cut, by what they are. Raises FilmRefused."""
    if found := obstacles(rows, pieces):
        raise FilmRefused(*found)
    return {
        StripKind.SHOT: [rows.by_number[number] for number in pieces.takes],
        StripKind.NARRATION: [rows.by_number[pieces.narration]],
        StripKind.MUSIC: [rows.by_number[pieces.music]],
    }

"""What a cut has and another lacks; the newest against what is chosen, or two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generations.models import Composition, Film
from generations.models.films import StripKind

from .rows import ORDER, Place, Rows


@dataclass(frozen=True, slots=True)
class Difference:
    """A strip with what stands there in the one and in the other, by the provider's numbers."""

    kind: str
    shot: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def stale(rows: Rows) -> tuple[Difference, ...]:
    """What is chosen now and not in the newest cut; nothing where there is no cut."""
    newest = rows.newest_cut
    if newest is None:
        return ()
    return differences(rows.numbers_of(newest), rows.chosen_numbers())


def compare(film: Film, one: Composition, other: Composition) -> tuple[Difference, ...]:
    """In which strips two cuts of a film differ."""
    rows = Rows(film)
    return differences(rows.numbers_of(one), rows.numbers_of(other))


def differences(
    before: Mapping[Place, Sequence[str]], after: Mapping[Place, Sequence[str]]
) -> tuple[Difference, ...]:
    """In the order of a board."""
    found = (
        Difference(kind, shot, tuple(before.get(place, ())), tuple(after.get(place, ())))
        for place in before.keys() | after.keys()
        for kind, shot in [place]
    )
    differing = (each for each in found if each.before != each.after)
    return tuple(sorted(differing, key=lambda each: (ORDER[StripKind(each.kind)], each.shot)))

"""Word by word, what a prompt has that another has not; Chinese sign by sign."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

PIECES = re.compile(r"[\u3400-\u9fff]|\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the words; ``kind`` is same, gone or new."""

    kind: str
    text: str


@lru_cache(maxsize=256)  # a board that is open asks for the same ones every few seconds
def wording(before: str, after: str) -> tuple[Piece, ...]:
    """The words of both, in order: what both have, what only the one or only the other has."""
    return tuple(_pieces(PIECES.findall(before), PIECES.findall(after)))


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for kind, low, high, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(after[start:end]))
            continue
        if gone := "".join(before[low:high]):
            yield Piece("gone", gone)
        if new := "".join(after[start:end]):
            yield Piece("new", new)

"""What a kind of clip asks of its pictures, and the judgement of an order's pictures."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from generations.providers.catalogue.options import Problem
from generations.providers.contract import Order, Picture

MENTION = re.compile(r"(?<![\w@])@(\w{1,40})")


@dataclass(frozen=True, slots=True)
class PictureRules:
    """``side``: fewest pixels of a side; ``ratio``: least and most, width to height.

    ``pair``: least and most of the first picture's pixels to the second's. ``limit``: bytes of one.
    ``of_one_name``: the most pictures of one subject.
    """

    ratio: tuple[float, float]
    limit: int
    side: int = 1
    pair: tuple[float, float] | None = None
    of_one_name: int = 0

    def problems(self, order: Order, *, named: bool) -> Iterator[Problem]:
        for place, picture in enumerate(order.images, start=1):
            yield from self.problems_of(picture, place)
        if self.pair and len(order.images) == 2:
            yield from self.pair_problems(*order.images)
        names = Counter(picture.name for picture in order.images)
        if any(names) and not named:
            yield Problem("images", "names", {"allowed": False})
        elif any(names) and "" in names:
            yield Problem("images", "names", {"allowed": True})
        elif any(names):
            yield from self.name_problems(names, order.prompt)

    def problems_of(self, picture: Picture, place: int) -> Iterator[Problem]:
        """Of one picture; ``place`` counts from 1."""
        if min(picture.width, picture.height) < self.side:
            yield Problem("images", "small", {"place": place, "side": self.side})
            return
        low, high = self.ratio
        if not low <= picture.width / picture.height <= high:
            yield Problem("images", "ratio", {"place": place, "low": low, "high": high})
        if picture.size > self.limit:
            yield Problem("images", "large", {"place": place, "limit": self.limit})

    def pair_problems(self, first: Picture, last: Picture) -> Iterator[Problem]:
        low, high = self.pair or (0, 0)
        ratio = first.width * first.height / (last.width * last.height or 1)
        if not low <= ratio <= high:
            yield Problem("images", "pair", {"low": low, "high": high})

    def name_problems(self, names: Counter[str], prompt: str) -> Iterator[Problem]:
        for name, count in names.items():
            if count > self.of_one_name:
                yield Problem("images", "crowd", {"name": name, "limit": self.of_one_name})
        for word in dict.fromkeys(MENTION.findall(prompt)):
            # Chinese goes on without a space, so a name may be only the beginning of the word.
            if not word.startswith(tuple(names)):
                yield Problem("prompt", "name", {"name": word})

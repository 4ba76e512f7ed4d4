"""What one part of an order may be: an option, words that are spoken, a film, pictures."""

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from generations.providers.contract import Order, Picture, Source

# A form sends these for every field that nobody filled in.
EMPTY_VALUES = (False, "")
# Without @ before the path: no name and password in front of the host.
ADDRESS = re.compile(r"https?://[^\s/@]+/\S*")
# How a prompt refers to a picture; an @ inside a word, as in a mail address, is none.
MENTION = re.compile(r"(?<![\w@])@(\w{1,40})")

type Value = str | int | bool
type ProblemCode = Literal[
    "required", "too_long", "choice", "range", "unwanted", "count", "form",
    "small", "large", "ratio", "pair", "names", "name", "crowd", "kept", "elsewhere", "taken",
    "word", "body", "unreachable",
    "unspoken", "too_short", "pause", "short", "long", "higher",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an order cannot be sent: the field, a code, and the values for its sentence.

    ``values`` holds ``limit`` and ``length`` (too_long), ``choices`` (choice), ``low`` and ``high``
    (range), ``low``, ``high`` and ``count`` (count), ``with`` (unwanted beside another field),
    ``form`` (form). Problems of pictures have ``place`` (from 1) and ``side`` in pixels (small),
    ``limit`` in bytes (large, body), ``low`` and ``high`` (ratio, pair), ``allowed`` (names),
    ``name`` and ``limit`` (crowd: too many pictures of one subject), ``name`` (name: it has no
    picture; kept: a kept subject and something else have it; elsewhere: another account keeps that
    subject; taken: this account keeps one of that name; word: no prompt can call it so);
    ``unreachable`` is a provider that cannot fetch them from us. Problems of a film or a sound have
    ``limit`` in seconds (short, long); ``unspoken``: there are neither words nor a sound;
    ``pause``: a mark of a pause in them is wrong; ``higher``: the film has as many ``lines``
    already. ``too_short`` has the least ``limit``.
    """

    field: str
    code: ProblemCode
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


type PricedBy = Literal["duration", "images", "characters", "source", "sound"]
type OptionType = Literal["choice", "switch", "number", "text"]
type Form = Literal["", "address", "json"]


@dataclass(frozen=True, slots=True)
class Option:
    """An optional field of an order that a model supports.

    It has an effect at ``durations`` (() means at all), and where the switch ``needs`` is on.
    ``limit`` is the most characters of a text, ``form`` what the text must be. A switch adds
    ``surcharge`` to the estimate, which is then divided by ``price_divisor``.
    """

    name: str
    type: OptionType
    choices: tuple[str, ...] = ()
    default: Value | None = None
    low: int | None = None
    high: int | None = None
    durations: tuple[int, ...] = ()
    surcharge: int = 0
    price_divisor: int = 1
    needs: str = ""
    limit: int = 0
    form: Form = ""

    def applies_at(self, duration: int) -> bool:
        return not self.durations or duration in self.durations

    def problem(self, value: Value) -> Problem | None:
        """The problem of a value, None where it fits."""
        if self.type == "choice" and value not in self.choices:
            return Problem(self.name, "choice", {"choices": self.choices})
        if self.type == "switch" and not isinstance(value, bool):
            return Problem(self.name, "choice", {"choices": (True, False)})
        if self.type == "number" and not is_within(value, self.low, self.high):
            return Problem(self.name, "range", {"low": self.low, "high": self.high})
        if self.type == "text":
            return self.text_problem(value)
        return None

    def text_problem(self, value: Value) -> Problem | None:
        if not isinstance(value, str) or not has_form(value, self.form):
            return Problem(self.name, "form", {"form": self.form})
        if len(value) > self.limit:
            return Problem(self.name, "too_long", {"limit": self.limit, "length": len(value)})
        return None


# A pause in words that are spoken, as <#2#> or <#0.5#>: seconds.
PAUSE = re.compile(r"<#(.*?)#>")
PAUSE_SECONDS = re.compile(r"(?!0+(?:\.0+)?$)[0-9]{1,2}(?:\.[0-9]{1,2})?")
WIDE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")  # Chinese characters
# The shorter side of a film by its name, in pixels; ``720p`` says it itself.
LINES_OF = {"2K": 1440, "4K": 2160, "8K": 4320}
LINES = re.compile(r"([0-9]{3,4})p")


def lines_of(resolution: str) -> int | None:
    """The pixels of the shorter side that a resolution names, None where it names none."""
    named = LINES.fullmatch(resolution)
    return int(named[1]) if named else LINES_OF.get(resolution.upper())


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """What words may be that are spoken. ``least``: fewest characters; ``wide``: what one Chinese
    character counts.
    """

    least: int = 1
    wide: int = 1

    def length(self, text: str) -> int:
        return len(text) + (self.wide - 1) * len(WIDE.findall(text))

    def problems(self, text: str) -> Iterator[Problem]:
        length = self.length(text)
        if text.strip() and length < self.least:
            yield Problem("prompt", "too_short", {"limit": self.least, "length": length})
        # A pause stands between two spoken parts: after re.split every other part is its seconds.
        spoken, pauses = PAUSE.split(text)[::2], PAUSE.split(text)[1::2]
        is_between = not pauses or all(part.strip() for part in spoken)
        if not is_between or not all(map(PAUSE_SECONDS.fullmatch, pauses)):
            yield Problem("prompt", "pause")


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What a film or a sound may be that an order is made of: its seconds, where they are known."""

    shortest: int
    longest: int

    def problems(self, field: str, source: Source) -> Iterator[Problem]:
        if source.seconds is None:
            return
        if source.seconds < self.shortest:
            yield Problem(field, "short", {"limit": self.shortest})
        elif source.seconds > self.longest:
            yield Problem(field, "long", {"limit": self.longest})


@dataclass(frozen=True, slots=True)
class PictureRules:
    """What pictures may be. ``side``: fewest pixels of a side; ``ratio``: least and most width to
    height; ``limit``: most bytes of one picture.

    ``pair``: least and most of the first picture's pixels to the second's. ``of_one_name``: the
    most pictures of one subject.
    """

    ratio: tuple[float, float]
    limit: int
    side: int = 1
    pair: tuple[float, float] | None = None
    of_one_name: int = 0

    def problems(self, order: Order, *, named: bool) -> Iterator[Problem]:
        for position, picture in enumerate(order.images, start=1):
            yield from self.problems_of(picture, position)
        if self.pair and len(order.images) == 2:
            yield from self.pair_problems(*order.images)
        # All pictures have names or none has: they are sent in one member or the other.
        names = Counter(picture.name for picture in order.images)
        if any(names) and not named:
            yield Problem("images", "names", {"allowed": False})
        elif any(names) and "" in names:
            yield Problem("images", "names", {"allowed": True})
        elif any(names):
            yield from self.name_problems(names, order)

    def problems_of(self, picture: Picture, position: int) -> Iterator[Problem]:
        """The problems of one picture; ``position`` counts from 1."""
        if min(picture.width, picture.height) < self.side:
            yield Problem("images", "small", {"place": position, "side": self.side})
            return  # a side may be 0 here, and the ratio divides by it
        low, high = self.ratio
        if not low <= picture.width / picture.height <= high:
            yield Problem("images", "ratio", {"place": position, "low": low, "high": high})
        if picture.size > self.limit:
            yield Problem("images", "large", {"place": position, "limit": self.limit})

    def pair_problems(self, first: Picture, last: Picture) -> Iterator[Problem]:
        low, high = self.pair or (0, 0)
        ratio = first.width * first.height / (last.width * last.height or 1)
        if not low <= ratio <= high:
            yield Problem("images", "pair", {"low": low, "high": high})

    def name_problems(self, names: Counter[str], order: Order) -> Iterator[Problem]:
        kept = {picture.name for picture in order.images if picture.kept_id}
        for name, count in names.items():
            if name in kept and count > 1:
                yield Problem("images", "kept", {"name": name})
            elif count > self.of_one_name:
                yield Problem("images", "crowd", {"name": name, "limit": self.of_one_name})
        for word in dict.fromkeys(MENTION.findall(order.prompt)):
            # Chinese has no spaces, so a name may be only the beginning of a word.
            if not word.startswith(tuple(names)):
                yield Problem("prompt", "name", {"name": word})


def has_form(value: str, form: Form) -> bool:
    """Whether a text is an http(s) address, or a JSON object."""
    if form == "address":
        return ADDRESS.fullmatch(value) is not None
    if form == "json":
        try:
            return isinstance(json.loads(value), dict)
        except (ValueError, RecursionError):
            return False
    return True


def is_within(value: Value, low: int | None, high: int | None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):  # to Python, True is an integer
        return False
    return (low is None or value >= low) and (high is None or value <= high)

"""The parts of an offer: optional fields, prices, and problems of an order."""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ADDRESS = re.compile(r"https?://[^\s/@]+/\S*")

type Value = str | int | bool
type OptionType = Literal["choice", "switch", "number", "text"]
type Form = Literal["", "address", "json"]
type ProblemCode = Literal[
    "required", "too_long", "choice", "range", "unwanted", "count", "form",
    "small", "large", "ratio", "pair", "names", "name", "crowd", "body", "unreachable",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an order cannot be expressed: the field, a code, and the values of its sentence.

    ``values`` holds ``limit`` and ``length`` (too_long), ``choices`` (choice), ``low`` and ``high``
    (range), ``low``, ``high`` and ``count`` (count), ``with`` (unwanted beside another field),
    ``form`` (form). Problems of pictures have ``place`` (from 1) and ``side`` in pixels (small),
    ``limit`` in bytes (large, body), ``low`` and ``high`` (ratio, pair), ``allowed`` (names),
    ``name`` and ``limit`` (crowd: too many pictures of one subject), ``name`` (name: it has no
    picture); ``unreachable`` is a provider that cannot fetch them from us.
    """

    field: str
    code: ProblemCode
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """An optional field that has an effect; ``durations`` says when, () means always.

    ``needs`` is the switch beside which alone it has one. ``limit`` is the most characters of a
    text, ``form`` what the text must be. ``surcharge`` is what a switch adds to the estimate.
    """

    name: str
    type: OptionType
    choices: tuple[str, ...] = ()
    default: Value | None = None
    low: int | None = None
    high: int | None = None
    durations: tuple[int, ...] = ()
    surcharge: int = 0
    needs: str = ""
    limit: int = 0
    form: Form = ""

    def applies(self, duration: int) -> bool:
        return not self.durations or duration in self.durations

    def problem(self, value: Value) -> Problem | None:
        """What is wrong with a value, None where it fits."""
        if self.type == "choice" and value not in self.choices:
            return Problem(self.name, "choice", {"choices": self.choices})
        if self.type == "switch" and not isinstance(value, bool):
            return Problem(self.name, "choice", {"choices": (True, False)})
        if self.type == "number" and not within(value, self.low, self.high):
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


@dataclass(frozen=True, slots=True)
class Setting:
    """What a provider's documents leave open, chosen for each account.

    ``choices`` are its only values; without them ``pattern`` (a whole match) or ``form`` judges.
    """

    name: str
    default: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: Form = ""

    def fits(self, value: str) -> bool:
        if self.choices:
            return value in self.choices
        fits = not self.pattern or re.fullmatch(self.pattern, value) is not None
        return fits and (value == self.default or has_form(value, self.form))


@dataclass(frozen=True, slots=True)
class Price:
    """Units for a clip: ``at`` some durations, and for each ``further`` second beyond the last."""

    at: Mapping[int, int]
    further: int | None = None

    def of(self, duration: int) -> int | None:
        last = max(self.at)
        if duration > last and self.further is not None:
            return self.at[last] + self.further * (duration - last)
        return self.at.get(duration)


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


def within(value: Value, low: int | None, high: int | None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (low is None or value >= low) and (high is None or value <= high)

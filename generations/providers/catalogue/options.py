"""The parts of an offer: optional fields, prices, and problems of an order."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

type Value = str | int | bool
type OptionType = Literal["choice", "switch", "number"]
type ProblemCode = Literal["required", "too_long", "choice", "range", "unwanted", "count"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an order cannot be expressed: the field, a code, and the values of its sentence.

    ``values`` holds ``limit`` and ``length`` (too_long), ``choices`` (choice), ``low`` and ``high``
    (range), ``low``, ``high`` and ``count`` (count), ``with`` (unwanted beside another field).
    """

    field: str
    code: ProblemCode
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """An optional field that has an effect; ``durations`` says when, () means always.

    ``surcharge`` is what a switch adds to the estimate.
    """

    name: str
    type: OptionType
    choices: tuple[str, ...] = ()
    default: Value | None = None
    low: int | None = None
    high: int | None = None
    durations: tuple[int, ...] = ()
    surcharge: int = 0

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
        return None


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


def within(value: Value, low: int | None, high: int | None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (low is None or value >= low) and (high is None or value <= high)

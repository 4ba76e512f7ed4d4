"""Charts of days as SVG: attributes of shapes alone, because pages have no inline style."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.translation import pgettext

from .formats import figure

register = template.Library()

TOP, FOOT = 8, 24  # pixels: above the highest bar, and below the axis for the dates
MOST_DATES, MOST_TICKS = 7, 4
THICKNESS = 0.68  # of the room that a day has


@dataclass(frozen=True)
class Day:
    """One bar: what is stacked in it from below, each under its series' name.

    ``has_unknown``: something of that day is in no amount, because nobody knows it.
    """

    date: date
    amounts: Mapping[str, int]
    href: str = ""
    has_unknown: bool = False

    @property
    def whole(self) -> int:
        return sum(self.amounts.values())


@dataclass(frozen=True)
class BarPiece:
    """The part of a bar that one series has; ``y`` and ``height`` in pixels."""

    series: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """``x``, ``width`` and ``middle`` in percent, so that a chart is as wide as its room."""

    day: Day
    x: float
    width: float
    pieces: Sequence[BarPiece]
    top: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class AxisLabel:
    """A word at an axis; ``anchor`` as SVG names it; ``is_minor``: left out where room is short."""

    at: float
    words: str
    anchor: str = "middle"
    is_minor: bool = False


class Chart:
    """Bars of days over one axis, ``height`` pixels high; ``foot`` of them for the dates."""

    def __init__(self, days: Sequence[Day], unit: str, height: int, foot: int = FOOT) -> None:
        self.days, self.unit, self.height = days, unit, height
        self.floor = height - foot
        # 1 where nothing was spent: the height of a bar is a share of this.
        self.most = max((day.whole for day in days), default=0) or 1

    @property
    def bars(self) -> list[Bar]:
        room = 100 / max(len(self.days), 1)
        return [
            Bar(
                day,
                (index + (1 - THICKNESS) / 2) * room,
                THICKNESS * room,
                self._pieces(day),
                self._y(day.whole),
            )
            for index, day in enumerate(self.days)
        ]

    @property
    def ticks(self) -> list[AxisLabel]:
        """The labels of amounts beside the axis, from 0 upwards."""
        step = _round_step(self.most)
        amounts = range(0, self.most + 1, step)
        return [AxisLabel(self._y(amount), figure(amount, self.unit), "end") for amount in amounts]

    @property
    def dates(self) -> list[AxisLabel]:
        """The labels of days, so few that they do not touch; the last day always has one."""
        bars, last = self.bars, len(self.days) - 1
        # Rounded up: never more than MOST_DATES of them.
        step = -(-len(bars) // MOST_DATES)
        # Counted from the last day, so that it is one of them.
        labelled = range(last, -1, -step)
        return [
            AxisLabel(
                _label_x(bars[index], index, last),
                date_format(bars[index].day.date, pgettext("date", "j M")),
                "end" if index == last else "start" if index == 0 else "middle",
                nth % 2 == 1,
            )
            for nth, index in enumerate(labelled)
        ]

    def _pieces(self, day: Day) -> list[BarPiece]:
        pieces, reached = [], 0
        for series, amount in day.amounts.items():
            if amount > 0:
                reached += amount
                y = self._y(reached)
                pieces.append(BarPiece(series, y, round(self._y(reached - amount) - y, 2)))
        return pieces

    def _y(self, amount: int) -> float:
        return round(self.floor - (self.floor - TOP) * amount / self.most, 2)


def _label_x(bar: Bar, index: int, last: int) -> float:
    """Keep the first and the last label inside the chart."""
    return bar.x + bar.width if index == last else bar.x if index == 0 else bar.middle


def _round_step(most: int) -> int:
    """Return 1, 2 or 5 times a power of ten, so that few ticks reach the highest bar."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if most // (times * power) < MOST_TICKS:
                return times * power
        power *= 10


@register.inclusion_tag("layout/chart.html")
def day_chart(days: Sequence[Day], unit: str, height: int = 304) -> dict[str, object]:
    """Draw a chart; its legend and a table of its numbers stand beside it on the page."""
    return {"chart": Chart(days, unit, height)}


@register.inclusion_tag("layout/chart.html#small")
def day_bars(days: Sequence[Day], unit: str, height: int = 56) -> dict[str, object]:
    """Draw the same chart without axes."""
    return {"chart": Chart(days, unit, height, foot=0)}

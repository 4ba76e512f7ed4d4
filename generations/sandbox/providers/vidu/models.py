"""Vidu's models, by endpoint: how long, how large, how loud, and for how many credits.

The prices are those of the newer price list; viduq3-pro costs 10, 25 and 30 credits a second (as
seen on the wire, not the list of early 2026). Where none is published, the nearest sibling's
stands: viduq3-turbo's for viduq3, viduq3-mix and viduq3-pro-fast, viduq2-turbo's for
viduq2-pro-fast, and viduq2's for references by viduq2-pro.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

# Credits for the first second, for the first two, and for each further one.
Tariff = tuple[int, int, int]
Tariffs = Mapping[str, Tariff]

TEXT, START, START_END, REFERENCE = (
    "text2video",
    "img2video",
    "start-end2video",
    "reference2video",
)
LATER_RATIOS = frozenset({"16:9", "9:16", "1:1", "3:4", "4:3"})
EARLY_RATIOS = frozenset({"16:9", "9:16", "1:1"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be had for these durations, in seconds; the first resolution is the default."""

    durations: Container[int]
    tariffs: Tariffs

    @property
    def default_resolution(self) -> str:
        return "720p" if "540p" in self.tariffs else next(iter(self.tariffs))


@dataclass(frozen=True, slots=True)
class Model:
    """`speaks`: a clip has sound unless it is told not to; `mute`: `audio` is refused.

    `off_peak_audio`: an off-peak order may have sound.
    """

    offers: tuple[Offer, ...]
    default_duration: int = 5
    ratios: frozenset[str] = LATER_RATIOS
    speaks: bool = False
    mute: bool = False
    off_peak_audio: bool = False
    takes_subjects: bool = True

    def offer(self, seconds: int) -> Offer | None:
        return next((offer for offer in self.offers if seconds in offer.durations), None)


def _each(low: int, middle: int, high: int) -> dict[str, Tariff]:
    """So many credits for every second."""
    prices = {"540p": low, "720p": middle, "1080p": high}
    return {resolution: (each, 2 * each, each) for resolution, each in prices.items()}


def _from(
    low: tuple[int, int], middle: tuple[int, int], high: tuple[int, int]
) -> dict[str, Tariff]:
    """So many for the first second and for each further one."""
    prices = {"540p": low, "720p": middle, "1080p": high}
    return {name: (first, first + each, each) for name, (first, each) in prices.items()}


PRO, TURBO = _each(10, 25, 30), _each(8, 12, 14)
Q2_TEXT = _from((10, 2), (15, 5), (20, 10))
Q2_REFERENCE = _from((15, 5), (25, 5), (75, 10))
Q2_TURBO = _from((6, 2), (15, 10), (35, 10)) | {"720p": (8, 10, 10)}
Q2_PRO = _from((8, 5), (15, 10), (55, 15)) | {"540p": (8, 10, 5)}
Q2_PRO_FAST = {name: Q2_TURBO[name] for name in ("720p", "1080p")}
MIX = {name: TURBO[name] for name in ("720p", "1080p")}
# Two seconds more cost nothing: these models know one length.
Q1 = {"1080p": (80, 80, 0)}


def _q3(tariffs: Tariffs, durations: range = range(1, 17), *, off_peak_audio: bool = True) -> Model:
    return Model((Offer(durations, tariffs),), speaks=True, off_peak_audio=off_peak_audio)


def _q2(tariffs: Tariffs, durations: range, *, mute: bool = False) -> Model:
    return Model((Offer(durations, tariffs),), mute=mute)


def _q1(*, mute: bool = False) -> Model:
    return Model((Offer((5,), Q1),), ratios=EARLY_RATIOS, mute=mute)


def _two(*, mute: bool = False) -> Model:
    four = {"360p": (20, 20, 0), "720p": (40, 40, 0), "1080p": (100, 100, 0)}
    offers = (Offer((4,), four), Offer((8,), {"720p": (100, 100, 0)}))
    return Model(offers, default_duration=4, ratios=EARLY_RATIOS, mute=mute)


def _two_from_references() -> Model:
    four = Offer((4,), {"360p": (80, 80, 0), "720p": (80, 80, 0)})
    return Model((four,), default_duration=4, ratios=EARLY_RATIOS)


# The table of https://platform.vidu.cn/docs and its sister pages.
MODELS: dict[str, dict[str, Model]] = {
    TEXT: {
        "viduq3-pro": _q3(PRO),
        "viduq3-turbo": _q3(TURBO),
        "viduq2": _q2(Q2_TEXT, range(1, 11), mute=True),
        "viduq1": _q1(mute=True),
    },
    START: {
        "viduq3-pro": _q3(PRO),
        "viduq3-turbo": _q3(TURBO),
        "viduq3-pro-fast": _q3(TURBO),
        "viduq2-pro": _q2(Q2_PRO, range(1, 11)),
        "viduq2-turbo": _q2(Q2_TURBO, range(1, 11)),
        "viduq2-pro-fast": _q2(Q2_PRO_FAST, range(1, 11)),
        "viduq1": _q1(),
        "viduq1-classic": _q1(),
        "vidu2.0": _two(),
    },
    START_END: {
        "viduq3-pro": _q3(PRO),
        "viduq3-turbo": _q3(TURBO),
        "viduq2-pro": _q2(Q2_PRO, range(1, 9), mute=True),
        "viduq2-turbo": _q2(Q2_TURBO, range(1, 9), mute=True),
        "viduq2-pro-fast": _q2(Q2_PRO_FAST, range(1, 9), mute=True),
        "viduq1": _q1(mute=True),
        "viduq1-classic": _q1(mute=True),
        "vidu2.0": _two(mute=True),
    },
    REFERENCE: {
        "viduq3": _q3(TURBO, range(3, 17)),
        "viduq3-turbo": _q3(TURBO, range(3, 17), off_peak_audio=False),
        "viduq3-mix": Model(
            (Offer(range(3, 17), MIX),), speaks=True, off_peak_audio=False, takes_subjects=False
        ),
        "viduq2": _q2(Q2_REFERENCE, range(1, 11)),
        "viduq2-pro": _q2(Q2_REFERENCE, range(11)),
        "viduq1": _q1(),
        "vidu2.0": _two_from_references(),
    },
}


def credits_for(tariff: Tariff, seconds: int) -> int:
    first, two, further = tariff
    return first if seconds == 1 else two + further * (seconds - 2)

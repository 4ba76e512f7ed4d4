"""Vidu's models by endpoint: durations, resolutions, aspect ratios, sound, and credits.

The models are those of docs/wire.md, 2.5, the prices those of 2.11: the newer price list, and for
viduq3-pro the 10, 25 and 30 credits a second that were seen in real replies. Where no price is
published, the most similar model's is used: viduq3-turbo's for viduq3, viduq3-mix and
viduq3-pro-fast, viduq2-turbo's for viduq2-pro-fast, and viduq2's for references by viduq2-pro.
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
class Variant:
    """The resolutions and prices of a model for these durations, in seconds."""

    durations: Container[int]
    tariffs: Tariffs

    @property
    def default_resolution(self) -> str:
        """720p where there is 540p too, else the first one in the table (2.5)."""
        return "720p" if "540p" in self.tariffs else next(iter(self.tariffs))


@dataclass(frozen=True, slots=True)
class ViduModel:
    """What a model offers at one endpoint.

    `default_audio`: a clip has sound unless its order says no; `refuses_audio`: an order may not
    ask for sound; `off_peak_audio`: an off-peak order may; `has_subjects`: it may name subjects.
    """

    variants: tuple[Variant, ...]
    default_duration: int = 5
    ratios: frozenset[str] = LATER_RATIOS
    default_audio: bool = False
    refuses_audio: bool = False
    off_peak_audio: bool = False
    has_subjects: bool = True

    def variant(self, seconds: int) -> Variant | None:
        """The variant of a duration; None when the model does not offer it."""
        return next((each for each in self.variants if seconds in each.durations), None)


def _per_second(low: int, middle: int, high: int) -> dict[str, Tariff]:
    """So many credits for every second, by resolution."""
    prices = {"540p": low, "720p": middle, "1080p": high}
    return {resolution: (each, 2 * each, each) for resolution, each in prices.items()}


def _first_and_further(
    low: tuple[int, int], middle: tuple[int, int], high: tuple[int, int]
) -> dict[str, Tariff]:
    """So many credits for the first second and for each further one, by resolution."""
    prices = {"540p": low, "720p": middle, "1080p": high}
    return {name: (first, first + each, each) for name, (first, each) in prices.items()}


PRO, TURBO = _per_second(10, 25, 30), _per_second(8, 12, 14)
Q2_TEXT = _first_and_further((10, 2), (15, 5), (20, 10))
Q2_REFERENCE = _first_and_further((15, 5), (25, 5), (75, 10))
Q2_TURBO = _first_and_further((6, 2), (15, 10), (35, 10)) | {"720p": (8, 10, 10)}
Q2_PRO = _first_and_further((8, 5), (15, 10), (55, 15)) | {"540p": (8, 10, 5)}
Q2_PRO_FAST = {name: Q2_TURBO[name] for name in ("720p", "1080p")}
MIX = {name: TURBO[name] for name in ("720p", "1080p")}
# A further second costs nothing, because q1 clips are all 5 s long.
Q1 = {"1080p": (80, 80, 0)}


def _q3(
    tariffs: Tariffs, durations: range = range(1, 17), *, off_peak_audio: bool = True
) -> ViduModel:
    return ViduModel(
        (Variant(durations, tariffs),), default_audio=True, off_peak_audio=off_peak_audio
    )


def _q2(tariffs: Tariffs, durations: range, *, refuses_audio: bool = False) -> ViduModel:
    return ViduModel((Variant(durations, tariffs),), refuses_audio=refuses_audio)


def _q1(*, refuses_audio: bool = False) -> ViduModel:
    return ViduModel((Variant((5,), Q1),), ratios=EARLY_RATIOS, refuses_audio=refuses_audio)


def _vidu2(*, refuses_audio: bool = False) -> ViduModel:
    four = {"360p": (20, 20, 0), "720p": (40, 40, 0), "1080p": (100, 100, 0)}
    variants = (Variant((4,), four), Variant((8,), {"720p": (100, 100, 0)}))
    return ViduModel(variants, default_duration=4, ratios=EARLY_RATIOS, refuses_audio=refuses_audio)


def _vidu2_references() -> ViduModel:
    four = Variant((4,), {"360p": (80, 80, 0), "720p": (80, 80, 0)})
    return ViduModel((four,), default_duration=4, ratios=EARLY_RATIOS)


# docs/wire.md, 2.5, from https://platform.vidu.com/docs/text-to-video and its sister pages.
MODELS: dict[str, dict[str, ViduModel]] = {
    TEXT: {
        "viduq3-pro": _q3(PRO),
        "viduq3-turbo": _q3(TURBO),
        "viduq2": _q2(Q2_TEXT, range(1, 11), refuses_audio=True),
        "viduq1": _q1(refuses_audio=True),
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
        "vidu2.0": _vidu2(),
    },
    START_END: {
        "viduq3-pro": _q3(PRO),
        "viduq3-turbo": _q3(TURBO),
        "viduq2-pro": _q2(Q2_PRO, range(1, 9), refuses_audio=True),
        "viduq2-turbo": _q2(Q2_TURBO, range(1, 9), refuses_audio=True),
        "viduq2-pro-fast": _q2(Q2_PRO_FAST, range(1, 9), refuses_audio=True),
        "viduq1": _q1(refuses_audio=True),
        "viduq1-classic": _q1(refuses_audio=True),
        "vidu2.0": _vidu2(refuses_audio=True),
    },
    REFERENCE: {
        "viduq3": _q3(TURBO, range(3, 17)),
        "viduq3-turbo": _q3(TURBO, range(3, 17), off_peak_audio=False),
        "viduq3-mix": ViduModel(
            (Variant(range(3, 17), MIX),),
            default_audio=True,
            off_peak_audio=False,
            has_subjects=False,
        ),
        "viduq2": _q2(Q2_REFERENCE, range(1, 11)),
        "viduq2-pro": _q2(Q2_REFERENCE, range(11)),
        "viduq1": _q1(),
        "vidu2.0": _vidu2_references(),
    },
}


def credits_for(tariff: Tariff, seconds: int) -> int:
    """Credits of a clip of so many seconds."""
    first, two, further = tariff
    return first if seconds == 1 else two + further * (seconds - 2)

"""Vidu's models by endpoint: durations, resolutions, aspect ratios, sound, and credits.

The models are those of docs/wire.md, 2.5, the prices those of 2.11. No price of viduq3-ad is
published: here it costs as much as viduq3-drama.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Literal

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
    """The resolutions and prices of a model for these durations, in seconds.

    `off_peak` has the prices of off-peak orders where they are not half of the usual ones.
    """

    durations: Container[int]
    tariffs: Tariffs
    off_peak: Tariffs | None = None

    @property
    def default_resolution(self) -> str:
        """720p where there is 540p too, else the first one in the table (2.5)."""
        return "720p" if "540p" in self.tariffs else next(iter(self.tariffs))


@dataclass(frozen=True, slots=True)
class ViduModel:
    """What a model offers at one endpoint.

    `default_audio`: a clip has sound unless its order says no; `audio`: whether an order may ask
    for sound always, never, or beside subjects only; `audio_credits`: what that costs. An off-peak
    order has sound or has none, as `off_peak_audio` says; None where there is no off-peak.
    """

    variants: tuple[Variant, ...]
    default_duration: int = 5
    ratios: frozenset[str] = LATER_RATIOS
    default_ratio: str = "16:9"
    default_audio: bool = False
    default_watermark: bool = False
    audio: Literal["always", "never", "subjects"] = "always"
    audio_credits: int = 0
    off_peak_audio: bool | None = False
    has_subjects: bool = True
    most_images: int = 7

    def variant(self, seconds: int) -> Variant | None:
        """The variant of a duration; None when the model does not offer it."""
        return next((each for each in self.variants if seconds in each.durations), None)

    def may_have_audio(self, *, has_subjects: bool) -> bool:
        return self.audio == "always" or (self.audio == "subjects" and has_subjects)


def _per_second(**prices: int) -> dict[str, Tariff]:
    """So many credits for every second, by resolution, as `p720=20`."""
    return {f"{name[1:]}p": (each, 2 * each, each) for name, each in prices.items()}


def _first_and_further(**prices: tuple[int, int]) -> dict[str, Tariff]:
    """So many credits for the first second and for each further one, by resolution."""
    return {f"{name[1:]}p": (first, first + each, each) for name, (first, each) in prices.items()}


PRO, PRO_OFF_PEAK = _per_second(p540=9, p720=20, p1080=24), _per_second(p540=5, p720=10, p1080=12)
TURBO = _per_second(p540=7, p720=11, p1080=13)
TURBO_OFF_PEAK = _per_second(p540=4, p720=6, p1080=7)
TURBO_REFERENCE = _per_second(p540=4, p720=10, p1080=13)
TURBO_REFERENCE_OFF_PEAK = _per_second(p540=2, p720=5, p1080=7)
PRO_FAST, PRO_FAST_OFF_PEAK = _per_second(p720=20, p1080=25), _per_second(p720=10, p1080=13)
Q3_REFERENCE = _per_second(p540=7, p720=12, p1080=15)
Q3_REFERENCE_OFF_PEAK = _per_second(p540=4, p720=6, p1080=7)
MIX, DRAMA = _per_second(p720=24, p1080=29), _per_second(p720=20, p1080=24)
Q2_TEXT = _first_and_further(p540=(10, 2), p720=(15, 5), p1080=(20, 10))
Q2_REFERENCE = _first_and_further(p540=(15, 5), p720=(25, 5), p1080=(75, 10))
Q2_PRO_REFERENCE = _first_and_further(p540=(20, 5), p720=(30, 5), p1080=(85, 10))
Q2_TURBO = {"540p": (6, 8, 2), "720p": (8, 10, 10), "1080p": (35, 45, 10)}
Q2_PRO = {"540p": (8, 10, 5), "720p": (15, 25, 10), "1080p": (55, 70, 15)}
Q2_PRO_FAST = _first_and_further(p720=(8, 2), p1080=(16, 4))
# A further second costs nothing, because q1 clips are all 5 s long.
Q1 = {"1080p": (80, 80, 0)}
Q2_AUDIO_CREDITS = 15


def _q3(tariffs: Tariffs, off_peak: Tariffs, durations: range = range(1, 17)) -> ViduModel:
    variant = Variant(durations, tariffs, off_peak)
    return ViduModel((variant,), default_audio=True, off_peak_audio=True)


def _drama(durations: range, ratios: frozenset[str], default_ratio: str) -> ViduModel:
    """A model for short dramas or advertisements; it marks its films unless the order says no."""
    return ViduModel(
        (Variant(durations, DRAMA),),
        ratios=ratios,
        default_ratio=default_ratio,
        default_audio=True,
        default_watermark=True,
        off_peak_audio=None,
    )


def _q2(
    tariffs: Tariffs,
    durations: range,
    audio: Literal["always", "never", "subjects"] = "always",
    *,
    has_subjects: bool = True,
) -> ViduModel:
    return ViduModel(
        (Variant(durations, tariffs),),
        audio=audio,
        audio_credits=Q2_AUDIO_CREDITS,
        has_subjects=has_subjects,
    )


def _q1(audio: Literal["always", "never", "subjects"] = "always") -> ViduModel:
    return ViduModel((Variant((5,), Q1),), ratios=EARLY_RATIOS, audio=audio)


def _vidu2(audio: Literal["always", "never"] = "always") -> ViduModel:
    four = {"360p": (20, 20, 0), "720p": (40, 40, 0), "1080p": (100, 100, 0)}
    variants = (Variant((4,), four), Variant((8,), {"720p": (100, 100, 0)}))
    return ViduModel(variants, default_duration=4, ratios=EARLY_RATIOS, audio=audio)


def _vidu2_references() -> ViduModel:
    four = Variant((4,), {"360p": (80, 80, 0), "720p": (80, 80, 0)})
    return ViduModel(
        (four,), default_duration=4, ratios=EARLY_RATIOS, audio="subjects", most_images=3
    )


# docs/wire.md, 2.5, from https://platform.vidu.com/docs/text-to-video and its sister pages.
MODELS: dict[str, dict[str, ViduModel]] = {
    TEXT: {
        "viduq3-pro": _q3(PRO, PRO_OFF_PEAK),
        "viduq3-turbo": _q3(TURBO, TURBO_OFF_PEAK),
        "viduq2": _q2(Q2_TEXT, range(1, 11), "never"),
        "viduq1": _q1("never"),
    },
    START: {
        "viduq3-pro": _q3(PRO, PRO_OFF_PEAK),
        "viduq3-turbo": _q3(TURBO, TURBO_OFF_PEAK),
        "viduq3-pro-fast": _q3(PRO_FAST, PRO_FAST_OFF_PEAK),
        "viduq2-pro": _q2(Q2_PRO, range(1, 11)),
        "viduq2-turbo": _q2(Q2_TURBO, range(1, 11)),
        "viduq2-pro-fast": _q2(Q2_PRO_FAST, range(1, 11)),
        "viduq1": _q1(),
        "viduq1-classic": _q1(),
        "vidu2.0": _vidu2(),
    },
    START_END: {
        "viduq3-pro": _q3(PRO, PRO_OFF_PEAK),
        "viduq3-turbo": _q3(TURBO, TURBO_OFF_PEAK),
        "viduq2-pro": _q2(Q2_PRO, range(1, 9), "never"),
        "viduq2-turbo": _q2(Q2_TURBO, range(1, 9), "never"),
        "viduq2-pro-fast": _q2(Q2_PRO_FAST, range(1, 9), "never"),
        "viduq1": _q1("never"),
        "viduq1-classic": _q1("never"),
        "vidu2.0": _vidu2("never"),
    },
    REFERENCE: {
        "viduq3": _q3(Q3_REFERENCE, Q3_REFERENCE_OFF_PEAK, range(3, 17)),
        "viduq3-turbo": _q3(TURBO_REFERENCE, TURBO_REFERENCE_OFF_PEAK, range(3, 17)),
        "viduq3-mix": ViduModel(
            (Variant(range(1, 17), MIX),),
            default_audio=True,
            off_peak_audio=None,
            has_subjects=False,
        ),
        "viduq3-drama": _drama(range(2, 16), frozenset({"9:16", "16:9"}), "9:16"),
        "viduq3-ad": _drama(range(3, 16), LATER_RATIOS, "16:9"),
        "viduq2": _q2(Q2_REFERENCE, range(1, 11), "subjects"),
        "viduq2-pro": _q2(Q2_PRO_REFERENCE, range(11), "subjects", has_subjects=False),
        "viduq1": _q1("subjects"),
        "vidu2.0": _vidu2_references(),
    },
}


def credits_for(tariff: Tariff, seconds: int) -> int:
    """Credits of a clip of so many seconds."""
    first, two, further = tariff
    return first if seconds == 1 else two + further * (seconds - 2)

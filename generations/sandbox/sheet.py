"""What one clip shall show and measure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from generations.sandbox.words import plain

FRAMES_PER_SECOND = 24
TINY_FRAMES_PER_SECOND = 8
RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4)}


@dataclass(frozen=True, slots=True)
class Sheet:
    """`width` and `height` are pixels, `seconds` whole seconds."""

    title: str
    model: str
    ratio: str
    resolution: str
    width: int
    height: int
    seconds: int
    sound: bool
    seed: int
    watermark: bool = False
    frames_per_second: int = FRAMES_PER_SECOND

    @classmethod
    def of(cls, order: dict[str, Any], *, silent: bool = False) -> "Sheet":
        width, height = frame_size(order["aspect_ratio"], order["resolution"])
        return cls(
            title=plain(order["prompt"]),
            model=order["model"],
            ratio=order["aspect_ratio"],
            resolution=order["resolution"],
            width=width,
            height=height,
            seconds=order["duration"],
            sound=not silent,
            seed=order["seed"],
        )

    def tiny(self) -> "Sheet":
        """The same sheet at 160 pixels and one second of eight pictures, for suites."""
        scale = 160 / max(self.width, self.height)
        values = asdict(self) | {
            "width": _even(self.width * scale),
            "height": _even(self.height * scale),
            "seconds": 1,
            "frames_per_second": TINY_FRAMES_PER_SECOND,
        }
        return Sheet(**values)

    def digest(self) -> bytes:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).digest()


def frame_size(ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height in pixels; the resolution names the shorter side."""
    short = int(resolution.removesuffix("p"))
    across, down = RATIOS[ratio]
    least = min(across, down)
    return _even(short * across / least), _even(short * down / least)


def _even(length: float) -> int:
    return round(length / 2) * 2

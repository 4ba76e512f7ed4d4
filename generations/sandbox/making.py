"""Makes the files of one sheet: a clip and its cover, a sound, or a film and its cover."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generations.sandbox.cutting import write_cut
from generations.sandbox.encoding import write_clip, write_cover, write_sound
from generations.sandbox.sheet import AnySheet, Cut, Sheet

Write = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Clip:
    """The files of one name in one folder, which differ by their suffix."""

    stem: Path

    def file(self, suffix: str) -> Path:
        return self.stem.with_name(f"{self.stem.name}.{suffix}")


def make_clip(stem: Path, sheet: AnySheet, takes: tuple[Clip, ...] = ()) -> Clip:
    """The files of this name, each made unless it is there."""
    clip = Clip(stem)
    for suffix, write in _writers(sheet, takes).items():
        if not clip.file(suffix).exists():
            part = clip.file(f"part.{suffix}")
            write(part)
            part.replace(clip.file(suffix))
    return clip


def _writers(sheet: AnySheet, takes: tuple[Clip, ...]) -> dict[str, Write]:
    if isinstance(sheet, Sheet):
        return {"mp4": partial(write_clip, sheet), "jpeg": partial(write_cover, sheet)}
    if isinstance(sheet, Cut):
        pieces = [take.file("mp4") for take in takes]
        return {
            "mp4": partial(write_cut, sheet, pieces),
            "jpeg": partial(write_cover, sheet.takes[0]),
        }
    return {"mp3": partial(write_sound, sheet)}

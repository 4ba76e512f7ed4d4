"""Writes stills, and films that are made of other films: enlarged, or under another sound.

PyAV is imported inside of the functions, so that the server starts at once.
"""

import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from .encoder import COVER_MOMENT, MP4_OPTIONS, VIDEO_OPTIONS, encode_sound
from .frames import FrameRenderer
from .sound import RATE, sound_samples
from .spec import FRAMES_PER_SECOND, LipSyncSpec, PictureSpec, UpscaledSpec


def write_picture(spec: PictureSpec, path: Path) -> None:
    FrameRenderer(spec.clip).frame(COVER_MOMENT).to_image().save(
        path, spec.suffix, compress_level=1
    )


def write_upscaled(spec: UpscaledSpec, path: Path) -> None:
    """Enlarge each frame of the film; its sound stays."""
    film = path.with_name(spec.film)
    _write_film(film, (spec.width, spec.height), _samples(film), path, seconds=None)


def write_lip_sync(spec: LipSyncSpec, path: Path) -> None:
    """Let the film run under the sound, from its beginning again where it is the shorter one."""
    sound = spec.sound
    samples = _samples(path.with_name(sound)) if isinstance(sound, str) else sound_samples(sound)
    seconds = len(samples) / RATE
    _write_film(path.with_name(spec.film), (spec.width, spec.height), samples, path, seconds)


def write_first_frame(spec: UpscaledSpec | LipSyncSpec, path: Path) -> None:
    import av

    with av.open(str(path.with_name(spec.film))) as source:
        frame: Any = next(source.decode(video=0))
        frame.to_image().resize((spec.width, spec.height)).save(path, "jpeg", quality=88)


def _write_film(
    film: Path,
    size: tuple[int, int],
    samples: "array[int]",
    path: Path,
    seconds: float | None,
) -> None:
    """The film in this size under this sound; as long as it was where no seconds are given."""
    import av

    with (
        av.open(str(film)) as source,
        av.open(str(path), "w", format="mp4", options=MP4_OPTIONS) as target,
    ):
        rate = source.streams.video[0].average_rate or Fraction(FRAMES_PER_SECOND)
        video = target.add_stream("libx264", rate=rate, options=VIDEO_OPTIONS)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        sound = target.add_stream("aac", rate=RATE, layout="mono") if samples else None
        most = None if seconds is None else math.ceil(seconds * rate)
        for index, frame in enumerate(_frames(source, most)):
            scaled = frame.reformat(*size, format="yuv420p")
            scaled.pts, scaled.time_base = index, 1 / rate
            target.mux(video.encode(scaled))
        # The encoder holds frames back until it is told that none will follow.
        target.mux(video.encode(None))
        if sound is not None:
            encode_sound(target, sound, samples)


def _frames(source: Any, most: int | None) -> Iterator[Any]:
    """All frames once, or so many of them, from the first again after the last."""
    if most is None:
        yield from source.decode(video=0)
        return
    yield from islice(_repeated(source), most)


def _repeated(source: Any) -> Iterator[Any]:
    while True:
        is_empty = True
        for frame in source.decode(video=0):
            is_empty = False
            yield frame
        if is_empty:
            raise ValueError("the film has no frame")
        source.seek(0)


def _samples(recording: Path) -> "array[int]":
    """The sound of a file as `sound` has it; empty where it has none."""
    import av

    heard = array("h")
    resampler: Any = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(recording)) as source:
        if not source.streams.audio:
            return heard
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                heard.frombytes(bytes(part.planes[0])[: 2 * part.samples])
        for part in resampler.resample(None):
            heard.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return heard

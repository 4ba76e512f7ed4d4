"""Writes a clip as H.264 with AAC sound, and its cover as JPEG."""

import math
from array import array
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from generations.sandbox.drawing import Picture, Planes
from generations.sandbox.sheet import Sheet

RATE = 48_000
CHORDS = ((110, 165, 220, 275), (100, 150, 200, 250), (125, 185, 250, 310), (130, 195, 260, 330))
ENCODER = {"preset": "ultrafast", "crf": "25", "threads": "1"}


def write_clip(sheet: Sheet, path: Path) -> None:
    # Loaded with the first clip, so that the server starts at once.
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        video = container.add_stream("libx264", rate=sheet.frames_per_second, options=ENCODER)
        video.width, video.height, video.pix_fmt = sheet.width, sheet.height, "yuv420p"
        video.codec_context.gop_size = sheet.frames_per_second
        sound = container.add_stream("aac", rate=RATE, layout="mono") if sheet.sound else None
        _encode_pictures(container, video, sheet)
        if sound is not None:
            _encode_sound(container, sound, sheet)


def write_cover(sheet: Sheet, path: Path) -> None:
    Painter(sheet).frame(0.4).to_image().save(path, "jpeg", quality=88)


class Painter:
    """Makes the frames of a sheet; the encoder's own scaler enlarges a scene in a millisecond."""

    def __init__(self, sheet: Sheet) -> None:
        from av.video.reformatter import VideoReformatter

        self._sheet = sheet
        self._picture = Picture(sheet)
        self._scaler = VideoReformatter()

    def frame(self, moment: float) -> Any:
        import av

        pictures: Any = av.VideoFrame
        small = pictures.from_image(self._picture.scene(moment))
        size = (self._sheet.width, self._sheet.height)
        frame = self._scaler.reformat(small, *size, "yuv420p", interpolation="BICUBIC")
        planes = self._picture.finish(_read_planes(frame), moment)
        for plane, image in zip(frame.planes, planes, strict=True):
            plane.update(_rows(image.tobytes(), image.width, plane.line_size))
        return frame


def _encode_pictures(container: Any, stream: Any, sheet: Sheet) -> None:
    painter = Painter(sheet)
    whole = sheet.seconds * sheet.frames_per_second
    for nth in range(whole):
        frame = painter.frame(nth / whole)
        frame.pts, frame.time_base = nth, Fraction(1, sheet.frames_per_second)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _read_planes(frame: Any) -> Planes:
    luma, blue, red = (
        Image.frombytes("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size)
        for plane in frame.planes
    )
    return luma, blue, red


def _rows(data: bytes, width: int, line_size: int) -> bytes:
    """The encoder's rows may be longer than the picture's."""
    if width == line_size:
        return data
    gap = bytes(line_size - width)
    return b"".join(data[at : at + width] + gap for at in range(0, len(data), width))


def _encode_sound(container: Any, stream: Any, sheet: Sheet) -> None:
    import av

    samples = _chord(sheet)
    for at in range(0, len(samples), 1024):
        piece = samples[at : at + 1024]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece))
        frame.planes[0].update(piece.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _chord(sheet: Sheet) -> "array[int]":
    """A quiet chord that comes and goes softly."""
    samples = _fifth_of_a_second(sheet.digest()[0] % len(CHORDS)) * (5 * sheet.seconds)
    fade = RATE // 4
    for at in range(fade):
        samples[at] = samples[at] * at // fade
        samples[-1 - at] = samples[-1 - at] * at // fade
    return samples


@cache
def _fifth_of_a_second(chord: int) -> "array[int]":
    """All pitches are multiples of 5 Hz, so that this piece repeats without a click."""
    steps = [math.tau * pitch / RATE for pitch in CHORDS[chord]]
    return array(
        "h", (round(900 * sum(math.sin(at * s) for s in steps)) for at in range(RATE // 5))
    )

"""Writes a clip as H.264 with AAC sound, its cover as JPEG, and a sound track as MP3."""

from array import array
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from generations.sandbox.painting import Painter
from generations.sandbox.sheet import Sheet, Sound
from generations.sandbox.sounds import RATE, chord, samples_of

ENCODER = {"preset": "ultrafast", "crf": "25", "threads": "1"}
PIECE = 1024  # samples of one frame of sound


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
            encode_sound(container, sound, chord(sheet))


def write_cover(sheet: Sheet, path: Path) -> None:
    Painter(sheet).frame(0.4).to_image().save(path, "jpeg", quality=88)


def encode_sound(container: Any, stream: Any, samples: "array[int]") -> None:
    for frame in _sound_frames(samples):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _encode_pictures(container: Any, stream: Any, sheet: Sheet) -> None:
    painter = Painter(sheet)
    whole = sheet.seconds * sheet.frames_per_second
    for nth in range(whole):
        frame = painter.frame(nth / whole)
        frame.pts, frame.time_base = nth, Fraction(1, sheet.frames_per_second)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _sound_frames(samples: "array[int]") -> Iterable[Any]:
    import av

    for at in range(0, len(samples), PIECE):
        piece = samples[at : at + PIECE]
        frame: Any = av.AudioFrame(format="s16", layout="mono", samples=len(piece))
        frame.planes[0].update(piece.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield frame


def write_sound(sound: Sound, path: Path) -> None:
    """A track of its own, as MP3."""
    import av

    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 96_000
        encode_sound(container, stream, samples_of(sound))

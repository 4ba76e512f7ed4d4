"""Small real clips, sounds and pictures, made with PyAV and Pillow."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

RATE = 44_100

type Paint = Callable[[float], Image.Image]


def moving(width: int, height: int) -> Paint:
    """A light bar that moves over a grey gradient; seconds in, a picture out."""
    gradient = Image.linear_gradient("L").resize((width, height)).convert("RGB")

    def paint(seconds: float) -> Image.Image:
        image = gradient.copy()
        left = int(width * (0.2 * seconds % 0.8))
        ImageDraw.Draw(image).rectangle((left, 0, left + width // 5, height), fill=(230, 120, 40))
        return image

    return paint


def dark_until(instant: float, paint: Paint) -> Paint:
    """Black up to ``instant`` seconds."""

    def painted(seconds: float) -> Image.Image:
        image = paint(seconds)
        return Image.new("RGB", image.size) if seconds < instant else image

    return painted


def clip(
    path: Path,
    paint: Paint | None = None,
    *,
    seconds: float = 1,
    rate: int = 24,
    codec: str = "libx264",
    container: str = "mp4",
    sound: bool = False,
    sound_codec: str = "aac",
    pixels: str = "yuv420p",
    rotation: int = 0,
    stretch: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a clip of 160 by 90 unless ``paint`` says otherwise.

    A player turns it by ``rotation`` degrees counter-clockwise; ``stretch`` is the width of a pixel
    by its height.
    """
    paint = paint or moving(160, 90)
    first = paint(0)
    with av.open(str(path), "w", container, options=options or {}) as output:
        quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream = output.add_stream(codec, rate=rate, options=quiet)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, pixels
        if rotation:
            stream.set_display_rotation(rotation)
        if stretch:
            stream.codec_context.sample_aspect_ratio = stretch
        audio = output.add_stream(sound_codec, rate=RATE, layout="mono") if sound else None
        assert audio is None or isinstance(audio, AudioStream)
        for index in range(round(seconds * rate)):
            frame = _in_colour_space(_frame(paint(index / rate)))
            frame.pts, frame.time_base = index, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            for silent in silence(seconds, "fltp"):
                output.mux(audio.encode(silent))
            output.mux(audio.encode(None))
    return path


def _frame(image: Image.Image) -> VideoFrame:
    data = image.convert("RGBA").tobytes()
    return VideoFrame.from_bytes(data, image.width, image.height)


def _in_colour_space(frame: VideoFrame) -> VideoFrame:
    """The frame in the colour space that browsers assume for an untagged clip of this size."""
    space = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    return frame.reformat(format="yuv420p", dst_colorspace=space)


def silence(seconds: float, sample_format: str) -> Iterator[AudioFrame]:
    """Quiet mono frames of 1,024 samples."""
    for index in range(round(seconds * RATE / 1024)):
        frame = AudioFrame(format=sample_format, layout="mono", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = RATE, index * 1024, Fraction(1, RATE)
        yield frame


def sound(path: Path, *, codec: str, container: str, sample_format: str) -> Path:
    """Write a second of silence."""
    with av.open(str(path), "w", container) as output:
        stream = output.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, AudioStream)
        for frame in silence(1, sample_format):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path

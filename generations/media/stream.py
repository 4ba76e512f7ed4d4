"""Videos and sounds: what is in the container, and the pictures of a clip's first seconds."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av import VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from generations.media import still
from generations.media.facts import Facts, NotMedia, Reason
from generations.media.preview import RATE, SECONDS, Preview

UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
HIGH_DEFINITION = 720
POSTER_EDGE = 960  # a card of 480 CSS pixels on a screen of double density
POSTER_AT = 1.0
LIVELY = 8.0  # standard deviation of the lightness, 0 to 127; a black or plain frame is near 0


def look(path: Path, demuxer: str, outdir: Path) -> Facts:
    """The facts of a video, whose pictures it writes, or of a sound; raises NotMedia."""
    with opened(path, demuxer) as container:
        return _facts(container, path, outdir)


@contextmanager
def opened(path: Path, demuxer: str) -> Iterator[InputContainer]:
    """The container; what is damaged in it raises NotMedia."""
    # An exact demuxer and the file protocol alone: nothing else is opened, whatever is inside.
    options = {"protocol_whitelist": "file"}
    try:
        with av.open(str(path), format=demuxer, container_options=options) as container:
            yield container
    except av.error.MemoryError:
        raise
    except av.FFmpegError as error:
        raise NotMedia(Reason.DAMAGED) from error


def _facts(container: InputContainer, path: Path, outdir: Path) -> Facts:
    video = moving(container)
    # libav knows no decoder for a stream without a codec context.
    sounds = [stream for stream in container.streams.audio if stream.codec_context]
    if video is None and not sounds:
        raise NotMedia(Reason.NO_STREAM)
    stream = video or sounds[0]
    facts = Facts(
        part="video" if video else "audio",
        container=container.format.name.partition(",")[0],
        codec=stream.codec_context.name,
        bytes=path.stat().st_size,
        duration_ms=_duration_ms(container, stream),
        has_audio=bool(sounds),
    )
    return facts if video is None else _seen(facts, container, video, outdir)


def moving(container: InputContainer) -> VideoStream | None:
    """The first video stream that is no cover picture of a sound."""
    for stream in container.streams.video:
        if stream.codec_context and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _duration_ms(container: InputContainer, stream: VideoStream | AudioStream) -> int:
    if container.duration:
        milliseconds = container.duration // 1000
    else:
        milliseconds = int((stream.duration or 0) * float(stream.time_base or 0) * 1000)
    if milliseconds <= 0:
        raise NotMedia(Reason.NO_DURATION)
    return milliseconds


def _seen(facts: Facts, container: InputContainer, stream: VideoStream, outdir: Path) -> Facts:
    poster = _pictures(container, stream, outdir / "preview.mp4", facts.duration_ms / 1000)
    size = _fitting(poster.width, poster.height)
    image = image_of(poster.reformat(*size, "rgb24"), "RGB")
    return dataclasses.replace(
        facts,
        width=stream.width,
        height=stream.height,
        fps=round(float(stream.average_rate or stream.guessed_rate or 0), 3),
        placeholder=still.save(image, outdir),
    )


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The poster's size; scaled with its colours, which is quicker than after."""
    scale = min(1.0, POSTER_EDGE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _pictures(
    container: InputContainer, stream: VideoStream, preview_path: Path, duration: float
) -> VideoFrame:
    """Write the preview; the poster's frame, which is a little into the clip and not plain."""
    best, liveliness = None, -1.0
    with Preview(preview_path, stream.width, stream.height) as preview:
        for frame, elapsed in _first_seconds(container, stream):
            if not preview.add(frame, elapsed) or liveliness >= LIVELY:
                continue
            if best is None or elapsed >= min(POSTER_AT, duration / 3):
                found = _liveliness(frame)
                # The first frame only stands in until the clip has come to the poster's time.
                if elapsed == 0 or found > liveliness or best is None:
                    best, liveliness = frame, (found if elapsed else -1.0)
    if best is None:
        raise NotMedia(Reason.DAMAGED)
    return best


def _first_seconds(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[VideoFrame, float]]:
    """Frames with the seconds since the first one."""
    first: float | None = None
    for frame in _decoded(container, stream):
        first = (frame.time or 0.0) if first is None else first
        elapsed = max(0.0, (frame.time or 0.0) - first)
        if elapsed >= SECONDS:
            return
        yield as_seen(frame), elapsed


def as_seen(frame: VideoFrame) -> VideoFrame:
    """The same frame in the colours that browsers take it for where it does not say."""
    if frame.colorspace == UNSPECIFIED and frame.height >= HIGH_DEFINITION:
        frame.colorspace = Colorspace.ITU709
    return frame


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames up to the first one that is damaged; raises where that is the very first."""
    stream.codec_context.thread_count = 1
    if (stream.average_rate or 0) >= 2 * RATE:
        stream.codec_context.skip_frame = "NONREF"  # what no other frame needs, nor the preview
    seen = False
    try:
        for frame in container.decode(stream):
            yield frame
            seen = True
    except av.InvalidDataError:
        if not seen:
            raise


def _liveliness(frame: VideoFrame) -> float:
    small = image_of(frame.reformat(32, 32, "gray"), "L")
    return float(ImageStat.Stat(small).stddev[0])


def image_of(frame: VideoFrame, mode: str) -> Image.Image:
    """A packed frame as a picture; its lines may be padded."""
    plane = frame.planes[0]
    size = (frame.width, frame.height)
    return Image.frombytes(mode, size, bytes(plane), "raw", mode, plane.line_size, 1)

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

from .facts import Facts, NotMedia, RejectReason
from .images import write_poster
from .preview import RATE, SECONDS, PreviewWriter

UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
HIGH_DEFINITION = 720
POSTER_EDGE = 960  # a card of 480 CSS pixels on a screen of double density
POSTER_AT = 1.0
# Standard deviation of the lightness, 0 to 127; of a black or plain frame it is near 0.
HIGH_CONTRAST = 8.0


def inspect(path: Path, demuxer: str, outdir: Path) -> Facts:
    """The facts of a sound or a video; writes a video's pictures. Raises NotMedia."""
    with open_container(path, demuxer) as container:
        return _facts(container, path, outdir)


@contextmanager
def open_container(path: Path, demuxer: str) -> Iterator[InputContainer]:
    """The container; raises NotMedia if something in it is damaged."""
    # One demuxer and the file protocol only: some formats make libav open other files or URLs.
    options = {"protocol_whitelist": "file"}
    try:
        with av.open(str(path), format=demuxer, container_options=options) as container:
            yield container
    except av.error.MemoryError:
        raise
    except av.FFmpegError as error:
        raise NotMedia(RejectReason.DAMAGED) from error


def _facts(container: InputContainer, path: Path, outdir: Path) -> Facts:
    video = video_stream(container)
    # libav knows no decoder for a stream without a codec context.
    sounds = [stream for stream in container.streams.audio if stream.codec_context]
    if video is None and not sounds:
        raise NotMedia(RejectReason.NO_STREAM)
    stream = video or sounds[0]
    facts = Facts(
        media_type="video" if video else "audio",
        container=container.format.name.partition(",")[0],
        codec=stream.codec_context.name,
        bytes=path.stat().st_size,
        duration_ms=_duration_ms(container, stream),
        has_audio=bool(sounds),
    )
    return facts if video is None else _add_pictures(facts, container, video, outdir)


def video_stream(container: InputContainer) -> VideoStream | None:
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
        raise NotMedia(RejectReason.NO_DURATION)
    return milliseconds


def _add_pictures(
    facts: Facts, container: InputContainer, stream: VideoStream, outdir: Path
) -> Facts:
    poster = _write_preview(container, stream, outdir / "preview.mp4", facts.duration_ms / 1000)
    size = _poster_size(poster.width, poster.height)
    image = image_of(poster.reformat(*size, "rgb24"), "RGB")
    return dataclasses.replace(
        facts,
        width=stream.width,
        height=stream.height,
        fps=round(float(stream.average_rate or stream.guessed_rate or 0), 3),
        placeholder=write_poster(image, outdir),
    )


def _poster_size(width: int, height: int) -> tuple[int, int]:
    """The poster's width and height, not larger than the clip's."""
    scale = min(1.0, POSTER_EDGE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _write_preview(
    container: InputContainer, stream: VideoStream, preview_path: Path, duration: float
) -> VideoFrame:
    """Write the preview; return the poster's frame, a little into the clip and not plain."""
    best, contrast = None, -1.0
    with PreviewWriter(preview_path, stream.width, stream.height) as preview:
        for frame, elapsed in _first_seconds(container, stream):
            if not preview.add(frame, elapsed) or contrast >= HIGH_CONTRAST:
                continue
            if best is None or elapsed >= min(POSTER_AT, duration / 3):
                frame_contrast = _contrast(frame)
                # The first frame is used only if no later one is found.
                if elapsed == 0 or frame_contrast > contrast or best is None:
                    best, contrast = frame, (frame_contrast if elapsed else -1.0)
    if best is None:
        raise NotMedia(RejectReason.DAMAGED)
    return best


def _first_seconds(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[VideoFrame, float]]:
    """Frames with the seconds since the first one."""
    first: float | None = None
    for frame in _decode(container, stream):
        first = (frame.time or 0.0) if first is None else first
        elapsed = max(0.0, (frame.time or 0.0) - first)
        if elapsed >= SECONDS:
            return
        yield tag_colours(frame), elapsed


def tag_colours(frame: VideoFrame) -> VideoFrame:
    """Set the colour space of a frame without one to the one that browsers assume."""
    if frame.colorspace == UNSPECIFIED and frame.height >= HIGH_DEFINITION:
        frame.colorspace = Colorspace.ITU709
    return frame


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames up to the first one that is damaged; raises if that is the very first."""
    stream.codec_context.thread_count = 1
    if (stream.average_rate or 0) >= 2 * RATE:
        # Skip frames that no other frame needs: the preview has half the rate at most.
        stream.codec_context.skip_frame = "NONREF"
    has_frame = False
    try:
        for frame in container.decode(stream):
            yield frame
            has_frame = True
    except av.InvalidDataError:
        if not has_frame:
            raise


def _contrast(frame: VideoFrame) -> float:
    small = image_of(frame.reformat(32, 32, "gray"), "L")
    return float(ImageStat.Stat(small).stddev[0])


def image_of(frame: VideoFrame, mode: str) -> Image.Image:
    """A packed frame as a picture; its lines may be padded."""
    plane = frame.planes[0]
    size = (frame.width, frame.height)
    return Image.frombytes(mode, size, bytes(plane), "raw", mode, plane.line_size, 1)

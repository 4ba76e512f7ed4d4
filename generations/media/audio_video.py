"""Videos and sounds: what is in the container, poster and preview, and single frames of a clip."""

import dataclasses
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av import VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from .facts import Facts, NotMedia, RejectReason
from .headers import IMAGES, check_boxes, format_of
from .pictures import placeholder

UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
HIGH_DEFINITION = 720

POSTER_EDGE = 960  # a card of 480 CSS pixels on a screen of double density
POSTER_AT = 1.0
# Standard deviation of the lightness, 0 to 127; of a black or plain frame it is near 0.
HIGH_CONTRAST = 8.0

PREVIEW_SECONDS = 3
PREVIEW_RATE = 12
PREVIEW_EDGE = 426


def inspect(path: Path, demuxer: str, outdir: Path) -> Facts:
    """The facts of a sound or a video; writes a video's pictures. Raises NotMedia."""
    with _open_container(path, demuxer) as container:
        video = _video_stream(container)
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


def extract_frame(path: Path, *, last: bool) -> Image.Image:
    """The frame that a player shows first or last, exact to the frame; raises NotMedia."""
    format_name = format_of(path)
    if format_name in IMAGES:
        raise NotMedia(RejectReason.NO_STREAM)
    if format_name == "mov":
        check_boxes(path)
    with _open_container(path, format_name) as container:
        stream = _video_stream(container)
        if stream is None:
            raise NotMedia(RejectReason.NO_STREAM)
        stream.codec_context.thread_count = 1
        frame = _last(container, stream) if last else next(_frames(container, stream), None)
        if frame is None:
            raise NotMedia(RejectReason.DAMAGED)
        return _image_of(_tag_colours(frame).reformat(format="rgb24"), "RGB")


# ---- The container --------------------------------------------------------------------------


@contextmanager
def _open_container(path: Path, demuxer: str) -> Iterator[InputContainer]:
    """The container; raises NotMedia if something in it is damaged."""
    # One demuxer and the file protocol only: some formats make libav open other files or URLs.
    options = {"protocol_whitelist": "file"}
    try:
        with av.open(str(path), format=demuxer, container_options=options) as container:
            yield container
    except av.error.MemoryError:
        # The limit of this process, and no fault of the file: it is a crash, and tried again.
        raise
    except av.FFmpegError as error:
        raise NotMedia(RejectReason.DAMAGED) from error


def _video_stream(container: InputContainer) -> VideoStream | None:
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


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames before the first damaged one: what is damaged later on is still shown."""
    try:
        yield from container.decode(stream)
    except av.InvalidDataError:
        return


def _tag_colours(frame: VideoFrame) -> VideoFrame:
    """Set the colour space of a frame without one to the one that browsers assume."""
    if frame.colorspace == UNSPECIFIED and frame.height >= HIGH_DEFINITION:
        frame.colorspace = Colorspace.ITU709
    return frame


def _image_of(frame: VideoFrame, mode: str) -> Image.Image:
    """A packed frame as a picture; its lines may be padded."""
    plane = frame.planes[0]
    size = (frame.width, frame.height)
    return Image.frombytes(mode, size, bytes(plane), "raw", mode, plane.line_size, 1)


# ---- Poster and preview ---------------------------------------------------------------------


def _add_pictures(
    facts: Facts, container: InputContainer, stream: VideoStream, outdir: Path
) -> Facts:
    poster = _write_preview(container, stream, outdir / "preview.mp4", facts.duration_ms / 1000)
    size = _poster_size(poster.width, poster.height)
    image = _image_of(poster.reformat(*size, "rgb24"), "RGB")
    image.save(outdir / "poster.webp", quality=80, method=2)
    return dataclasses.replace(
        facts,
        width=stream.width,
        height=stream.height,
        fps=round(float(stream.average_rate or stream.guessed_rate or 0), 3),
        placeholder=placeholder(image),
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
    stream.codec_context.thread_count = 1
    if (stream.average_rate or 0) >= 2 * PREVIEW_RATE:
        # Skip frames that no other frame needs: the preview has half the rate at most.
        stream.codec_context.skip_frame = "NONREF"
    first: float | None = None
    for frame in _frames(container, stream):
        # A stream may begin at any time, not only at 0.
        first = (frame.time or 0.0) if first is None else first
        elapsed = max(0.0, (frame.time or 0.0) - first)
        if elapsed >= PREVIEW_SECONDS:
            return
        yield _tag_colours(frame), elapsed


def _contrast(frame: VideoFrame) -> float:
    small = _image_of(frame.reformat(32, 32, "gray"), "L")
    return float(ImageStat.Stat(small).stddev[0])


class PreviewWriter:
    """Writes ``preview.mp4``, which pages play when a card is hovered: the first seconds, muted.

    H.264, at most 426 pixels long, 12 frames per second, faststart.
    """

    def __init__(self, path: Path, width: int, height: int) -> None:
        scale = min(1, PREVIEW_EDGE / max(width, height))
        self._width, self._height = (_even(side * scale) for side in (width, height))
        # The index comes first, so that a browser starts to play before all is loaded.
        self._container = av.open(str(path), "w", "mp4", options={"movflags": "+faststart"})
        options = {"crf": "28", "preset": "veryfast"}
        self._stream = self._container.add_stream("libx264", rate=PREVIEW_RATE, options=options)
        self._stream.width, self._stream.height = self._width, self._height
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1
        self._next_tick = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._next_tick:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def add(self, frame: VideoFrame, elapsed: float) -> bool:
        """Write the frame at ``elapsed`` seconds if one is due; return whether it was."""
        # A time is a rounded fraction: one that falls just short of its tick belongs to it.
        tick = int(elapsed * PREVIEW_RATE + 0.001)
        if tick < self._next_tick:
            return False
        small = frame.reformat(self._width, self._height, "yuv420p")
        small.pts, small.time_base = tick, self._stream.codec_context.time_base
        if not self._next_tick:
            self._stream.codec_context.colorspace = frame.colorspace
        self._container.mux(self._stream.encode(small))
        self._next_tick = tick + 1
        return True


def _even(side: float) -> int:
    """An even number of pixels: in yuv420p two by two of them share a colour."""
    return max(2, round(side / 2) * 2)


# ---- The last frame -------------------------------------------------------------------------


def _last(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Decode from the last key frame, or from the start if the container cannot seek."""
    if stream.duration:
        start = stream.start_time or 0
        container.seek(start + stream.duration, stream=stream)
    if (frame := _newest(container, stream)) is None:
        container.seek(0)
        frame = _newest(container, stream)
    return frame


def _newest(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    return next(iter(deque(_frames(container, stream), maxlen=1)), None)

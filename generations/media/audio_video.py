"""Videos and sounds: what is in the container, poster and preview, and single frames of a clip."""

import dataclasses
import errno
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
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

from .containers import KINDS, Kind, plays_in_browsers, with_media_type
from .facts import Facts, MediaProblem, NotMedia, RejectReason
from .headers import format_of, is_cut, outline
from .pictures import placeholder
from .upright import Display, Upright, display_of, even

UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
HIGH_DEFINITION = 720

# What libav may take an unknown file for. Not among them are playlists, concatenations, devices and
# other formats that make it open further files or addresses.
SELF_CONTAINED = (
    "mov,matroska,mpegts,mpeg,avi,flv,asf,ogg,mxf,gxf,nut,rm,dv,ivf,obu,wtv,nsv,4xm,bink,smk,"
    "h264,hevc,vvc,m4v,mpegvideo,vc1,mjpeg,yuv4mpegpipe,mp3,wav,w64,aac,latm,flac,aiff,caf,amr,"
    "ac3,eac3,dts,truehd,tta,wv,ape,au,voc,oma,mpc,mpc8,tak"
)
NO_FAULT_OF_THE_FILE = {errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Who measures by the packets reads the whole file.
MEASURE_SECONDS = 15.0
MOST_MILLISECONDS = 30 * 24 * 3600 * 1000  # more is no duration but a damaged figure

POSTER_EDGE = 960  # a card of 480 CSS pixels on a screen of double density
POSTER_AT = 1.0
# Standard deviation of the lightness, 0 to 127; of a black or plain frame it is near 0.
HIGH_CONTRAST = 8.0

PREVIEW_SECONDS = 3
PREVIEW_RATE = 12
PREVIEW_EDGE = 426


def inspect(path: Path, known: Facts, outdir: Path) -> Facts:
    """The facts of a sound or a video; writes a video's pictures.

    What cannot be read is left as it is in ``known``, and named as the problem.
    """
    problem = MediaProblem.CUT if is_cut(path, known.container) else None
    facts = _inspect(path, dataclasses.replace(known, problem=problem), outdir)
    # A file may begin as another: AAC with the tag of an MP3. libav looks further than we do.
    if known.container and not (problem or facts.codec):
        probed = _inspect(path, dataclasses.replace(known, container=""), outdir)
        facts = probed if probed.codec else facts
    return dataclasses.replace(facts, plays_in_browsers=plays_in_browsers(facts))


def _inspect(path: Path, known: Facts, outdir: Path) -> Facts:
    facts = known
    try:
        with open_container(path, known.container) as container:
            facts = _read_streams(path, facts, container)
            if (stream := video_stream(container)) is not None:
                facts = _add_pictures(facts, container, stream, outdir)
    except NotMedia as error:
        found = MediaProblem.UNKNOWN if not known.container else MediaProblem(error.reason)
        facts = dataclasses.replace(facts, problem=known.problem or found)
    return facts


def describe(path: Path) -> Facts:
    """The facts of a video or a sound without its pictures; raises NotMedia."""
    facts = outline(path)
    with open_container(path, facts.container) as container:
        facts = _read_streams(path, facts, container)
        stream = video_stream(container)
        if stream and (frame := next(_frames(container, stream), None)):
            display = display_of(stream, frame)
            facts = dataclasses.replace(facts, width=display.width, height=display.height)
    return dataclasses.replace(facts, plays_in_browsers=plays_in_browsers(facts))


def first_frame(path: Path, demuxer: str) -> VideoFrame | None:
    """The first frame of the video; None where there is none. Raises NotMedia."""
    with open_container(path, demuxer) as container:
        stream = video_stream(container)
        return None if stream is None else next(_frames(container, stream), None)


def extract_frame(path: Path, *, last: bool) -> Image.Image:
    """The frame that a player shows first or last, exact to the frame; raises NotMedia."""
    format_name = format_of(path)
    if is_cut(path, format_name):
        raise NotMedia(RejectReason.DAMAGED)
    if format_name in KINDS and KINDS[format_name].media_type == "image":
        raise NotMedia(RejectReason.NO_STREAM)
    with open_container(path, format_name) as container:
        stream = video_stream(container)
        if stream is None:
            raise NotMedia(RejectReason.NO_STREAM)
        stream.codec_context.thread_count = 1
        frame = _last(container, stream) if last else next(_frames(container, stream), None)
        if frame is None:
            raise NotMedia(RejectReason.DAMAGED)
        image = _image_of(tag_colours(frame).reformat(format="rgb24"), "RGB")
        return display_of(stream, frame).turn(image)


# ---- The container --------------------------------------------------------------------------


@contextmanager
def open_container(path: Path, demuxer: str) -> Iterator[InputContainer]:
    """The container; raises NotMedia if something in it is damaged. ``demuxer`` may be ""."""
    # The file protocol only, and one demuxer or those that read no other file.
    options = {"protocol_whitelist": "file", "format_whitelist": demuxer or SELF_CONTAINED}
    try:
        with av.open(str(path), format=demuxer or None, container_options=options) as container:
            yield container
    except av.FFmpegError as error:
        # The limits of this process and of the disk are no faults of the file: it is a crash.
        if error.errno in NO_FAULT_OF_THE_FILE:
            raise
        raise NotMedia(RejectReason.DAMAGED) from error


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that is no cover picture of a sound."""
    for stream in container.streams.video:
        if stream.codec_context and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The first sound that can be decoded; a stream without a codec context has no decoder."""
    return next((stream for stream in container.streams.audio if stream.codec_context), None)


def _read_streams(path: Path, facts: Facts, container: InputContainer) -> Facts:
    """Add what the container says of its streams; raises NotMedia (NO_STREAM)."""
    name = container.format.name.partition(",")[0]
    if not facts.container:  # libav knows what we did not
        suffix = name if name in container.format.extensions else facts.suffix
        kind = KINDS.get(name, Kind(suffix, facts.content_type))
        facts = dataclasses.replace(facts, suffix=kind.suffix, content_type=kind.content_type)
    video, sound = video_stream(container), audio_stream(container)
    stream = video or sound
    facts = dataclasses.replace(facts, container=name, has_audio=_audio_presence(container))
    if stream is None:
        raise NotMedia(RejectReason.NO_STREAM)
    facts = dataclasses.replace(
        facts,
        codec=stream.codec_context.codec.canonical_name,
        audio_codec=sound.codec_context.codec.canonical_name if sound else "",
        duration_ms=_duration_ms(path, container, stream),
    )
    if video is not None:
        facts = dataclasses.replace(
            facts,
            width=video.width or None,
            height=video.height or None,
            fps=round(float(video.average_rate or video.guessed_rate or 0), 3) or None,
            pixel_format=video.codec_context.pix_fmt or "",
        )
    return with_media_type(facts, "video" if video else "audio")


def _audio_presence(container: InputContainer) -> bool | None:
    """Whether it has a sound; None where it has one that cannot be decoded here."""
    if audio_stream(container) is not None:
        return True
    return None if container.streams.audio else False


def _duration_ms(
    path: Path, container: InputContainer, stream: VideoStream | AudioStream
) -> int | None:
    milliseconds = 0
    if container.duration:
        milliseconds = container.duration // 1000
    elif stream.duration:
        milliseconds = int(stream.duration * float(stream.time_base or 0) * 1000)
    if not 0 < milliseconds < MOST_MILLISECONDS:
        milliseconds = _measure(path, container.format.name, stream.index)
    return milliseconds if 0 < milliseconds < MOST_MILLISECONDS else None


def _measure(path: Path, demuxer: str, index: int) -> int:
    """Milliseconds from the first to the last packet of a stream; 0 where that takes too long."""
    begin, end, started_at = None, 0.0, time.monotonic()
    with open_container(path, demuxer.partition(",")[0]) as container:
        for packet in container.demux(container.streams[index]):
            if packet.pts is None or packet.time_base is None:
                continue
            if time.monotonic() - started_at > MEASURE_SECONDS:
                return 0
            at = float(packet.pts * packet.time_base)
            length = float((packet.duration or 0) * packet.time_base)
            begin, end = at if begin is None else min(begin, at), max(end, at + length)
    return 0 if begin is None else round((end - begin) * 1000)


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames before the first damaged one: what is damaged later on is still shown."""
    try:
        yield from container.decode(stream)
    except av.InvalidDataError:
        return


def tag_colours(frame: VideoFrame) -> VideoFrame:
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
    """Write poster and preview; a video of which no frame decodes has neither."""
    frames = _first_seconds(container, stream)
    if (first := next(frames, None)) is None:
        return dataclasses.replace(facts, problem=facts.problem or MediaProblem.DAMAGED)
    display = display_of(stream, first[0])
    frames = chain([first], frames)
    poster = _write_preview(frames, display, outdir / "preview.mp4", facts.duration_ms)
    size = display.before_turn(*_poster_size(display.width, display.height))
    image = display.turn(_image_of(poster.reformat(*size, "rgb24"), "RGB"))
    image.save(outdir / "poster.part", "webp", quality=80, method=2)
    (outdir / "poster.part").replace(outdir / "poster.webp")
    return dataclasses.replace(
        facts, width=display.width, height=display.height, placeholder=placeholder(image)
    )


def _poster_size(width: int, height: int) -> tuple[int, int]:
    """The poster's width and height, not larger than the clip's."""
    scale = min(1.0, POSTER_EDGE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _write_preview(
    frames: Iterator[tuple[VideoFrame, float]],
    display: Display,
    preview_path: Path,
    duration_ms: int | None,
) -> VideoFrame:
    """Write the preview; return the poster's frame, a little into the clip and not plain."""
    best, contrast = None, -1.0
    earliest = POSTER_AT if duration_ms is None else min(POSTER_AT, duration_ms / 3000)
    part = preview_path.with_suffix(".part")
    with PreviewWriter(part, display) as preview:
        for frame, elapsed in frames:
            if not preview.add(frame, elapsed) or contrast >= HIGH_CONTRAST:
                continue
            if best is None or elapsed >= earliest:
                frame_contrast = _contrast(frame)
                # The first frame is used only if no later one is found.
                if elapsed == 0 or frame_contrast > contrast or best is None:
                    best, contrast = frame, (frame_contrast if elapsed else -1.0)
    if best is None:
        raise NotMedia(RejectReason.DAMAGED)
    part.replace(preview_path)  # so that a child that is killed leaves no half preview
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
        yield tag_colours(frame), elapsed


def _contrast(frame: VideoFrame) -> float:
    small = _image_of(frame.reformat(32, 32, "gray"), "L")
    return float(ImageStat.Stat(small).stddev[0])


class PreviewWriter:
    """Writes ``preview.mp4``, which pages play when a card is hovered: the first seconds, muted.

    H.264, at most 426 pixels long, 12 frames per second, faststart.
    """

    def __init__(self, path: Path, display: Display) -> None:
        scale = min(1, PREVIEW_EDGE / max(display.width, display.height))
        width, height = even(display.width * scale), even(display.height * scale)
        self._upright = Upright(display, width, height)
        # The index comes first, so that a browser starts to play before all is loaded.
        self._container = av.open(str(path), "w", "mp4", options={"movflags": "+faststart"})
        options = {"crf": "28", "preset": "veryfast"}
        self._stream = self._container.add_stream("libx264", rate=PREVIEW_RATE, options=options)
        self._stream.width, self._stream.height = width, height
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
        small = self._upright.convert(frame)
        small.pts, small.time_base = tick, self._stream.codec_context.time_base
        if not self._next_tick:
            self._stream.codec_context.colorspace = frame.colorspace
        self._container.mux(self._stream.encode(small))
        self._next_tick = tick + 1
        return True


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

"""The proxy of an original that browsers do not play: H.264 and AAC in an MP4, at its full length.

A stream that browsers play already is copied as it is: then only the container is at fault.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
from av import AudioFrame, Packet, VideoFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.video.stream import VideoStream

from .audio_video import (
    audio_stream,
    describe,
    first_frame,
    open_container,
    tag_colours,
    video_stream,
)
from .containers import AUDIO_CODECS, VIDEO_CODECS
from .facts import Facts, NotMedia, RejectReason
from .headers import format_of
from .upright import Upright, display_of, even

type AnyPacket = Packet[Any]

THREADS = min(4, os.cpu_count() or 1)
SHORT_SIDE = 1080
TICK = Fraction(1, 90_000)  # seconds; frames keep their times, also at a changing rate
USUAL_RATE = Fraction(25)
MOST_RATE = 120
OPTIONS = {"crf": "23", "preset": "veryfast"}
# For more pixels in all than two minutes of 1080p have: a copy that is a little larger, but ready.
QUICK_OPTIONS = {"crf": "23", "preset": "ultrafast"}
MANY_PIXELS = 6e9
KEY_FRAME_SECONDS = 2  # between two, so that a player finds any place at once
BIT_RATE_OF_A_CHANNEL = 96_000
SAMPLE_RATES = {44_100, 48_000}
# Of other containers the packets lack times or parameters that an MP4 must have.
COPIED_FROM = {"mov", "matroska", "mpegts", "flv"}


def make(path: Path, outdir: Path) -> Facts:
    """Write ``proxy.mp4`` and return its facts; raises NotMedia if there is nothing to show."""
    demuxer, part = format_of(path), outdir / "proxy.part"
    first = first_frame(path, demuxer)
    try:
        _convert(path, demuxer, part, first, may_copy=demuxer in COPIED_FROM)
    except (NotMedia, CannotCopy):
        _convert(path, demuxer, part, first, may_copy=False)
    part.replace(outdir / "proxy.mp4")
    return describe(outdir / "proxy.mp4")


class CannotCopy(Exception):
    """A packet lacks what an MP4 must have."""


class Track(Protocol):
    """One stream of the original on its way into the proxy."""

    def convert(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        """The packets of the proxy that follow from this one; an empty packet ends the stream."""


def _convert(
    path: Path, demuxer: str, target: Path, first: VideoFrame | None, *, may_copy: bool
) -> None:
    with open_container(path, demuxer) as source, _open_output(target) as output:
        start, length = (
            Fraction(each or 0, av.time_base) for each in (source.start_time, source.duration)
        )
        tracks: dict[int, Track] = {}  # by the index of their stream
        video, sound = video_stream(source), audio_stream(source)
        if video is not None and first is not None:
            if may_copy and _plays(video):
                tracks[video.index] = CopiedTrack(video, output, start)
            else:
                tracks[video.index] = VideoTrack(video, output, start, length, first)
        if sound is not None:
            if may_copy and _canonical_name(sound) in AUDIO_CODECS["mp4"]:
                tracks[sound.index] = CopiedTrack(sound, output, start)
            else:
                tracks[sound.index] = AudioTrack(sound, output, start)
        if not tracks:
            raise NotMedia(RejectReason.NO_STREAM)
        has_begun = False
        for packet in source.demux([source.streams[index] for index in tracks]):
            for converted in tracks[packet.stream.index].convert(packet):
                output.mux(converted)
                has_begun = True
        if not has_begun:
            raise NotMedia(RejectReason.DAMAGED)


@contextmanager
def _open_output(target: Path) -> Iterator[OutputContainer]:
    # The index comes first, so that a browser starts to play before all is loaded.
    with av.open(str(target), "w", "mp4", options={"movflags": "+faststart"}) as output:
        yield output


def _plays(stream: VideoStream) -> bool:
    codecs = VIDEO_CODECS["mp4"]
    return stream.codec_context.pix_fmt in codecs.get(_canonical_name(stream), ())


def _canonical_name(stream: VideoStream | AudioStream) -> str:
    return stream.codec_context.codec.canonical_name


class CopiedTrack:
    """Packets as they are; only their times begin at 0."""

    def __init__(
        self, stream: VideoStream | AudioStream, output: OutputContainer, start: Fraction
    ) -> None:
        # Opaque, or it would look for an encoder of the same name, which AV1 does not have.
        self._stream = output.add_stream_from_template(stream, opaque=True)
        self._offset = round(start / (stream.time_base or TICK))

    def convert(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        if not packet.size:
            return
        if packet.pts is None or packet.dts is None:
            raise CannotCopy
        packet.pts -= self._offset
        packet.dts -= self._offset
        packet.stream = self._stream
        yield packet


class VideoTrack:
    """H.264 with 8 bits, upright, with square pixels and a short side of at most 1080 pixels."""

    def __init__(
        self,
        stream: VideoStream,
        output: OutputContainer,
        start: Fraction,
        length: Fraction,
        first: VideoFrame,
    ) -> None:
        stream.codec_context.thread_count = THREADS
        stream.codec_context.thread_type = "AUTO"
        self._start = start
        self._rate = _rate(stream)
        self._last = -1
        display = display_of(stream, first)
        scale = min(1.0, SHORT_SIDE / min(display.width, display.height))
        width, height = even(display.width * scale), even(display.height * scale)
        self._upright = Upright(display, width, height)
        pixels = length * self._rate * stream.width * stream.height
        options = QUICK_OPTIONS if pixels > MANY_PIXELS else OPTIONS
        self._stream = output.add_stream("libx264", rate=self._rate, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        context = self._stream.codec_context
        context.time_base = TICK
        context.gop_size = max(1, round(self._rate * KEY_FRAME_SECONDS))
        context.thread_count = THREADS
        picture = self._upright.convert(tag_colours(first))
        context.colorspace, context.color_range = picture.colorspace, picture.color_range
        context.color_primaries, context.color_trc = picture.color_primaries, picture.color_trc

    def convert(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        for frame in _decode(packet):
            if isinstance(frame, VideoFrame):
                yield from self._encode(frame)
        if not packet.size:
            yield from self._stream.encode(None)

    def _encode(self, frame: VideoFrame) -> Iterator[AnyPacket]:
        tick = self._last + round(1 / self._rate / TICK)
        if frame.pts is not None and frame.time_base is not None:
            tick = round((frame.pts * frame.time_base - self._start) / TICK)
        if tick <= self._last:
            return
        picture = self._upright.convert(tag_colours(frame))
        picture.pts, picture.time_base, self._last = tick, TICK, tick
        yield from self._stream.encode(picture)


class AudioTrack:
    """AAC in mono or stereo."""

    def __init__(self, stream: AudioStream, output: OutputContainer, start: Fraction) -> None:
        context = stream.codec_context
        self._layout = "mono" if context.channels == 1 else "stereo"
        self._sample_rate = context.sample_rate if context.sample_rate in SAMPLE_RATES else 48_000
        self._stream = output.add_stream("aac", rate=self._sample_rate, layout=self._layout)
        self._stream.bit_rate = BIT_RATE_OF_A_CHANNEL * (1 if self._layout == "mono" else 2)
        self._start = start
        self._graph: Graph | None = None
        self._format: tuple[str, str, int] | None = None  # that the graph takes

    def convert(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        for frame in _decode(packet):
            if isinstance(frame, AudioFrame):
                yield from self._encode(frame)
        if not packet.size:
            yield from self._end_graph()
            yield from self._stream.encode(None)

    def _encode(self, frame: AudioFrame) -> Iterator[AnyPacket]:
        given = (frame.format.name, frame.layout.name, frame.sample_rate)
        if given != self._format:  # also in the middle of a stream
            yield from self._end_graph()
            self._graph, self._format = self._make_graph(frame, is_first=not self._format), given
        if frame.pts is not None and frame.time_base:
            frame.pts -= round(self._start / frame.time_base)
        if self._graph is not None:
            self._graph.push(frame)
            yield from self._encode_ready(self._graph)

    def _end_graph(self) -> Iterator[AnyPacket]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._encode_ready(self._graph)

    def _encode_ready(self, graph: Graph) -> Iterator[AnyPacket]:
        while True:
            try:
                frame = graph.pull()
            except (BlockingIOError, EOFError):
                return
            if isinstance(frame, AudioFrame):
                yield from self._stream.encode(frame)

    def _make_graph(self, frame: AudioFrame, *, is_first: bool) -> Graph:
        """Fills gaps with silence and counts samples: the times of many containers are coarse."""
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
        first = ":first_pts=0" if is_first else ""
        fill = graph.add("aresample", f"{self._sample_rate}:async=1{first}")
        convert = graph.add("aformat", f"sample_fmts=fltp:channel_layouts={self._layout}")
        graph.link_nodes(source, fill, convert, graph.add("abuffersink")).configure()
        return graph


def _rate(stream: VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate
    if rate is None or not 0 < rate <= MOST_RATE:
        return USUAL_RATE
    return Fraction(rate.numerator, rate.denominator).limit_denominator(1001)


def _decode(packet: AnyPacket) -> list[VideoFrame | AudioFrame]:
    """The frames of a packet; none of a damaged one, because the next may be well."""
    try:
        return [each for each in packet.decode() if isinstance(each, VideoFrame | AudioFrame)]
    except av.error.MemoryError:
        raise
    except av.FFmpegError:
        return []

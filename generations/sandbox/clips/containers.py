"""Clips in other containers, in other codecs, or with other tracks than the usual MP4.

PyAV is imported inside of the functions, so that the server starts at once.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AUDIO_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Form:
    """A container by its FFmpeg name, with codecs where those of the clip are not copied.

    `sounds` is how often the sound is in it, `share` how much of the clip is (only where tracks are
    copied), `tag` the name of the video codec in an MP4. The option `live` writes as a camera does:
    nothing in the head says how long the file is.
    """

    container: str
    english: str
    chinese: str
    video: str = ""
    audio: str = ""
    pixels: str = "yuv420p"
    sounds: int = 1
    options: dict[str, str] = field(default_factory=dict)
    codec_options: dict[str, str] = field(default_factory=dict)
    tag: str = ""
    share: float = 1.0


QUICK_VP9 = {"deadline": "realtime", "cpu-used": "8", "threads": "1"}
QUICK_HEVC = {"preset": "ultrafast", "x265-params": "log-level=error:pools=1", "threads": "1"}
QUICK_AV1 = {"preset": "12", "svtav1-params": "lp=1"}
QUICK_H264 = {"preset": "ultrafast", "threads": "1"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
FORMS: dict[str, Form] = {
    "webm": Form(
        "webm",
        "A WebM of VP9 and Opus",
        "VP9 与 Opus 的 WebM",
        "libvpx-vp9",
        "libopus",
        codec_options=QUICK_VP9,
    ),
    "webm live": Form(
        "webm",
        "A WebM without a duration",
        "没有时长的 WebM",
        "libvpx",
        "libopus",
        options={"live": "1"},
        codec_options=QUICK_VP9,
    ),
    "mov": Form("mov", "A QuickTime file named .mp4", "名为 .mp4 的 QuickTime 文件"),
    "mkv": Form("matroska", "A Matroska file", "Matroska 文件"),
    "mkv live": Form(
        "matroska",
        "A Matroska file without a duration",
        "没有时长的 Matroska 文件",
        options={"live": "1"},
    ),
    "hevc": Form(
        "mp4", "HEVC in an MP4", "MP4 中的 HEVC", "libx265", codec_options=QUICK_HEVC, tag="hvc1"
    ),
    "hevc untagged": Form(
        "mp4",
        "HEVC in an MP4 that no Apple program opens",
        "苹果软件打不开的 MP4 HEVC",
        "libx265",
        codec_options=QUICK_HEVC,
        tag="hev1",
    ),
    "av1": Form("mp4", "AV1 in an MP4", "MP4 中的 AV1", "libsvtav1", codec_options=QUICK_AV1),
    "vp9 mp4": Form("mp4", "VP9 in an MP4", "MP4 中的 VP9", "libvpx-vp9", codec_options=QUICK_VP9),
    "prores": Form(
        "mov",
        "ProRes in a QuickTime file",
        "QuickTime 中的 ProRes",
        "prores_ks",
        "pcm_s16le",
        "yuv422p10le",
    ),
    "mpeg4": Form("mp4", "MPEG-4 Part 2 in an MP4", "MP4 中的 MPEG-4 Part 2", "mpeg4"),
    "ten bits": Form(
        "mp4",
        "H.264 with ten bits",
        "十位色深的 H.264",
        "libx264",
        pixels="yuv420p10le",
        codec_options=QUICK_H264,
    ),
    "fragmented": Form("mp4", "A fragmented MP4", "分片的 MP4", options=FRAGMENTS),
    "index last": Form("mp4", "An MP4 with its index at the end", "索引在末尾的 MP4"),
    "mpegts": Form("mpegts", "An MPEG transport stream", "MPEG 传输流"),
    "avi": Form("avi", "An AVI file", "AVI 文件", "mpeg4", "libmp3lame"),
    "flv": Form("flv", "A Flash video", "Flash 视频"),
    "two sounds": Form("mp4", "An MP4 with two sound tracks", "有两条音轨的 MP4", sounds=2),
    "no sound": Form("mp4", "An MP4 without sound", "没有音轨的 MP4", sounds=0),
    "half": Form("mp4", "The first half of the clip", "视频的前半段", share=0.5),
    "opus": Form("mp4", "Opus in an MP4", "MP4 中的 Opus", audio="libopus"),
    "pcm": Form(
        "mov",
        "Uncompressed sound in a QuickTime file",
        "QuickTime 中的未压缩音频",
        audio="pcm_s16le",
    ),
}


def write_form(form: Form, clip: Path, path: Path) -> None:
    """Write the clip in another form; tracks are copied where the form names no codec."""
    import av

    os.environ.setdefault("SVT_LOG", "1")  # else the encoder of AV1 describes itself on stderr
    with (
        av.open(str(clip)) as source,
        av.open(str(path), "w", format=form.container, options=form.options) as target,
    ):
        tracks = [source.streams.video[0], *list(source.streams.audio) * form.sounds]
        # All of them first: the head of the file, which the first packet writes, names them.
        streams = [_add_stream(form, track, target) for track in tracks]
        for track, stream in zip(tracks, streams, strict=True):
            source.seek(0)
            for packet in _packets(form, source, track, stream):
                target.mux(packet)


def _add_stream(form: Form, track: Any, target: Any) -> Any:
    if track.type == "video" and form.video:
        rate = track.average_rate
        stream = target.add_stream(form.video, rate=rate, options=form.codec_options)
        stream.width, stream.height, stream.pix_fmt = track.width, track.height, form.pixels
        if form.tag:
            stream.codec_context.codec_tag = form.tag
        return stream
    if track.type == "audio" and form.audio:
        return target.add_stream(form.audio, rate=AUDIO_RATE, layout="mono")
    return target.add_stream_from_template(track)


def _packets(form: Form, source: Any, track: Any, stream: Any) -> Iterator[Any]:
    """The packets of one track, copied or encoded anew."""
    if form.video if track.type == "video" else form.audio:
        for frame in _frames(form, source, track, stream):
            yield from stream.encode(frame)
        yield from stream.encode(None)
        return
    length = track.duration * track.time_base
    for packet in source.demux(track):
        # The last packet of a file is empty and has no time.
        if packet.dts is not None and packet.dts * packet.time_base < form.share * length:
            packet.stream = stream
            yield packet


def _frames(form: Form, source: Any, track: Any, stream: Any) -> Iterator[Any]:
    """The frames of one track, as the new codec wants them."""
    import av

    if track.type == "video":
        yield from (frame.reformat(format=form.pixels) for frame in source.decode(track))
        return
    context = stream.codec_context
    resampler: Any = av.AudioResampler(format=context.format, layout="mono", rate=AUDIO_RATE)
    for frame in source.decode(track):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)

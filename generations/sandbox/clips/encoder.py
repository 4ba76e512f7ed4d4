"""Writes clips and films as MP4 (H.264, AAC), covers as JPEG and sounds as MP3.

PyAV is imported inside of the functions, so that the server starts at once.
"""

from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from .frames import FrameRenderer
from .sound import RATE, chord, mix, sound_samples
from .spec import ClipSpec, FilmSpec, SoundSpec

# Quick to make rather than small.
VIDEO_OPTIONS = {"preset": "ultrafast", "crf": "25", "threads": "1"}
MP4_OPTIONS = {"movflags": "faststart"}  # the index first: a browser plays before it has it all
COVER_MOMENT = 0.4
FRAME_SAMPLES = 1024  # samples of one frame of sound


def write_clip(spec: ClipSpec, path: Path) -> None:
    import av

    with av.open(str(path), "w", format="mp4", options=MP4_OPTIONS) as container:
        video = container.add_stream("libx264", rate=spec.frames_per_second, options=VIDEO_OPTIONS)
        video.width, video.height, video.pix_fmt = spec.width, spec.height, "yuv420p"
        video.codec_context.gop_size = spec.frames_per_second
        sound = container.add_stream("aac", rate=RATE, layout="mono") if spec.sound else None
        _encode_video(container, video, spec)
        if sound is not None:
            encode_sound(container, sound, chord(spec))


def write_cover(spec: ClipSpec, path: Path) -> None:
    FrameRenderer(spec).frame(COVER_MOMENT).to_image().save(path, "jpeg", quality=88)


def write_sound(spec: SoundSpec, path: Path) -> None:
    import av

    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 96_000
        encode_sound(container, stream, sound_samples(spec))


def write_film(spec: FilmSpec, takes: Sequence[Path], path: Path) -> None:
    """Join the takes under the sound; all takes are encoded alike, so their video is copied."""
    import av

    with av.open(str(path), "w", format="mp4", options=MP4_OPTIONS) as container:
        with av.open(str(takes[0])) as first:
            video = container.add_stream_from_template(first.streams.video[0])
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        begin = 0
        for take, take_spec in zip(takes, spec.takes, strict=True):
            _copy_video(container, video, take, begin)
            begin += take_spec.seconds
        samples = mix(sound_samples(spec.narration), sound_samples(spec.music), spec.seconds)
        encode_sound(container, sound, samples)


def _encode_video(container: Any, stream: Any, spec: ClipSpec) -> None:
    renderer = FrameRenderer(spec)
    count = spec.seconds * spec.frames_per_second
    for index in range(count):
        frame = renderer.frame(index / count)
        frame.pts, frame.time_base = index, Fraction(1, spec.frames_per_second)
        container.mux(stream.encode(frame))
    # The encoder holds frames back until it is told that none will follow.
    container.mux(stream.encode(None))


def _copy_video(container: Any, stream: Any, take: Path, begin: int) -> None:
    import av

    with av.open(str(take)) as source:
        for packet in source.demux(video=0):
            # The last packet of a file is empty and has no time.
            if packet.pts is None or packet.dts is None:
                continue
            offset = int(begin / packet.time_base)
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            packet.stream = stream
            container.mux(packet)


def encode_sound(container: Any, stream: Any, samples: "array[int]") -> None:
    for frame in _sound_frames(samples):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _sound_frames(samples: "array[int]") -> Iterable[Any]:
    import av

    for at in range(0, len(samples), FRAME_SAMPLES):
        chunk = samples[at : at + FRAME_SAMPLES]
        frame: Any = av.AudioFrame(format="s16", layout="mono", samples=len(chunk))
        frame.planes[0].update(chunk.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield frame

"""Every container that FFmpeg reads is kept with its true ending and type."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av import VideoFrame
from PIL import Image

from generations.media import inspect
from tests.cases import case
from tests.media.clips import clip, sound

type Options = Mapping[str, Any]

# What is written; its ending, type and codec; whether browsers play it.
VIDEOS: list[tuple[Options, str, str, str, bool]] = [
    ({"sound": True}, "mp4", "video/mp4", "h264", True),
    ({"options": {"movflags": "frag_keyframe+empty_moov"}}, "mp4", "video/mp4", "h264", True),
    ({"pixels": "yuv420p10le"}, "mp4", "video/mp4", "h264", False),
    ({"codec": "libx265", "sound": True}, "mp4", "video/mp4", "hevc", False),
    ({"container": "mov"}, "mov", "video/quicktime", "h264", False),
    (
        {"container": "mov", "codec": "prores_ks", "pixels": "yuv422p10le"},
        *("mov", "video/quicktime", "prores", False),
    ),
    ({"container": "3gp"}, "3gp", "video/3gpp", "h264", False),
    ({"container": "webm", "codec": "libvpx-vp9"}, "webm", "video/webm", "vp9", True),
    ({"container": "matroska", "sound": True}, "mkv", "video/x-matroska", "h264", False),
    ({"container": "mpegts", "sound": True}, "ts", "video/mp2t", "h264", False),
    ({"container": "avi", "codec": "mpeg4"}, "avi", "video/x-msvideo", "mpeg4", False),
    ({"container": "flv"}, "flv", "video/x-flv", "h264", False),
    ({"container": "asf", "codec": "wmv2"}, "wmv", "video/x-ms-wmv", "wmv2", False),
    (
        {"container": "mxf", "codec": "mpeg2video", "rate": 25},
        *("mxf", "application/mxf", "mpeg2video", False),
    ),
    ({"container": "nut"}, "nut", "application/octet-stream", "h264", False),  # not by signature
]


def test_a_video_of_any_container_is_described_and_shown(tmp_path: Path, outdir: Path) -> None:
    for options, suffix, content_type, codec, plays in VIDEOS:
        with case(dict(options)):
            facts = inspect(clip(tmp_path / "film", **{"rate": 10, **options}), outdir)
            assert (facts.media_type, facts.codec, facts.problem) == ("video", codec, None)
            assert (facts.suffix, facts.content_type) == (suffix, content_type)
            assert facts.plays_in_browsers is plays
            assert (facts.width, facts.height) == (160, 90)
            assert facts.duration_ms == pytest.approx(1000, abs=250)  # FLV counts what is skipped
            assert facts.has_audio is options.get("sound", False)
            assert {path.name for path in outdir.iterdir()} == {"poster.webp", "preview.mp4"}


SOUNDS = [  # codec, container, sample format; the ending, type, and whether browsers play it
    ("libmp3lame", "mp3", "s16p", "mp3", "audio/mpeg", True),
    ("pcm_s16le", "wav", "s16", "wav", "audio/wav", True),
    ("aac", "adts", "fltp", "aac", "audio/aac", True),
    ("aac", "ipod", "fltp", "m4a", "audio/mp4", True),
    ("aac", "mp4", "fltp", "m4a", "audio/mp4", True),
    ("flac", "flac", "s16", "flac", "audio/flac", True),
    ("flac", "ogg", "s16", "ogg", "audio/ogg", True),
    ("flac", "matroska", "s16", "mka", "audio/x-matroska", False),
    ("pcm_s16be", "aiff", "s16", "aiff", "audio/aiff", False),
]


def test_a_sound_of_any_container_has_its_true_ending(tmp_path: Path, outdir: Path) -> None:
    for codec, container, sample_format, suffix, content_type, plays in SOUNDS:
        with case((codec, container)):
            path = tmp_path / "sound"
            sound(path, codec=codec, container=container, sample_format=sample_format)
            facts = inspect(path, outdir)
            assert (facts.media_type, facts.suffix, facts.content_type) == (
                *("audio", suffix, content_type),
            )
            assert (facts.plays_in_browsers, facts.problem, facts.width) == (plays, None, None)
            assert facts.duration_ms == pytest.approx(1000, abs=150)


def test_a_file_that_begins_as_another_is_what_it_is(tmp_path: Path, outdir: Path) -> None:
    path = tmp_path / "file"
    tag = b"ID3\x04\0\0" + bytes(4)
    aac = sound(path, codec="aac", container="adts", sample_format="fltp").read_bytes()
    # In fragments no place is counted from the beginning of the file.
    fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    film = clip(path, options=fragments, seconds=0.3).read_bytes()
    box = b"\0\0\0\x20%s" + bytes(24)
    for content, suffix in (
        (tag + aac, "aac"),
        *((box % name + film, "mp4") for name in (b"free", b"uuid", b"emsg")),
    ):
        with case(content[:12]):
            path.write_bytes(content)
            facts = inspect(path, outdir)
            assert (facts.suffix, facts.problem, facts.plays_in_browsers) == (suffix, None, True)


IMAGES = {
    "jpeg": ("jpg", "image/jpeg", True),
    "png": ("png", "image/png", True),
    "webp": ("webp", "image/webp", True),
    "gif": ("gif", "image/gif", True),
    "avif": ("avif", "image/avif", True),
    "tiff": ("tiff", "image/tiff", False),
}


def test_an_image_has_its_true_ending(tmp_path: Path, outdir: Path) -> None:
    for format_name, shape in IMAGES.items():
        with case(format_name):
            Image.new("RGB", (64, 36)).save(tmp_path / "cover", format_name)
            facts = inspect(tmp_path / "cover", outdir)
            assert (facts.suffix, facts.content_type, facts.plays_in_browsers) == shape
            assert (facts.media_type, facts.width, facts.height) == ("image", 64, 36)


def test_a_video_without_a_duration_is_measured_by_its_packets(
    tmp_path: Path, outdir: Path
) -> None:
    path = tmp_path / "live"
    # As a browser or a stream records it: nobody went back to write how long it has become.
    options = {"live": "1"}
    clip(path, seconds=2, rate=10, codec="libvpx-vp9", container="webm", options=options)
    with av.open(str(path)) as opened:
        assert opened.duration is None
    facts = inspect(path, outdir)
    assert (facts.duration_ms, facts.suffix, facts.problem) == (2000, "webm", None)


def image_of(frame: VideoFrame) -> Image.Image:
    plane = frame.reformat(format="rgb24").planes[0]
    size = (frame.width, frame.height)
    return Image.frombytes("RGB", size, bytes(plane), "raw", "RGB", plane.line_size, 1)


def corner_of_red(image: Image.Image) -> str:
    """Which quarter of a picture is red."""
    width, height = image.size
    for name, place in {"left top": (1, 1), "right top": (3, 1), "left bottom": (1, 3)}.items():
        pixel = image.convert("RGB").getpixel((place[0] * width // 4, place[1] * height // 4))
        if isinstance(pixel, tuple) and pixel[0] > 150:
            return name
    return "right bottom"


def red_corner(_seconds: float) -> Image.Image:
    image = Image.new("RGB", (160, 90), "blue")
    image.paste("red", (0, 0, 80, 45))
    return image


@pytest.mark.parametrize(
    ("rotation", "corner"), [(90, "left bottom"), (180, "right bottom"), (-90, "right top")]
)
def test_a_film_that_lies_on_its_side_is_shown_upright(
    tmp_path: Path, outdir: Path, rotation: int, corner: str
) -> None:
    size = (160, 90) if rotation == 180 else (90, 160)
    facts = inspect(clip(tmp_path / "phone", red_corner, seconds=0.3, rotation=rotation), outdir)
    assert (facts.width, facts.height) == size
    with Image.open(outdir / "poster.webp") as poster, av.open(outdir / "preview.mp4") as preview:
        for picture in (poster, image_of(next(preview.decode(video=0)))):
            assert picture.size == size
            assert corner_of_red(picture) == corner


def test_pixels_that_are_not_square_count_as_they_are_displayed(
    tmp_path: Path, outdir: Path
) -> None:
    facts = inspect(clip(tmp_path / "film", seconds=0.3, stretch=Fraction(2)), outdir)
    assert (facts.width, facts.height) == (320, 90)
    with Image.open(outdir / "poster.webp") as poster:
        assert poster.size == (320, 90)

"""The copy that browsers play, made of originals that they do not play."""

from pathlib import Path

import av
import pytest

from generations.media import Crashed, NotMedia, RejectReason, inspect, make_proxy
from tests.cases import case
from tests.media.clips import clip, moving, sound

from .test_containers import Options, corner_of_red, image_of, red_corner


def is_faststart(path: Path) -> bool:
    content = path.read_bytes()
    return content.index(b"moov") < content.index(b"mdat")


def coded_pictures(path: Path) -> list[int]:
    """The sizes of the packets of the video."""
    with av.open(str(path)) as opened:
        return [packet.size for packet in opened.demux(opened.streams.video[0]) if packet.size]


PRORES: Options = {"codec": "prores_ks", "container": "mov", "pixels": "yuv422p10le"}
ENCODED: list[Options] = [
    {"codec": "libx265", "pixels": "yuv420p10le", "sound": True},
    {**PRORES, "sound": True},
    {"codec": "qtrle", "container": "mov", "pixels": "rgb24"},
    {"codec": "mpeg4", "container": "avi", "sound": True, "sound_codec": "libmp3lame"},
    {"container": "nut"},
]


def test_a_film_that_browsers_do_not_play_gets_a_proxy_as_long_as_it_is(
    tmp_path: Path, outdir: Path
) -> None:
    for options in ENCODED:
        with case(options):
            path = clip(tmp_path / "film", **{"seconds": 2, "rate": 10, **options})
            assert inspect(path, outdir).plays_in_browsers is False
            facts = make_proxy(path, outdir, timeout=60)
            assert (facts.codec, facts.pixel_format, facts.suffix) == ("h264", "yuv420p", "mp4")
            assert (facts.width, facts.height, facts.plays_in_browsers) == (160, 90, True)
            assert facts.audio_codec == ("aac" if "sound" in options else "")
            assert facts.duration_ms == pytest.approx(2000, abs=150)
            assert is_faststart(outdir / "proxy.mp4")
            assert len(coded_pictures(outdir / "proxy.mp4")) == 20


@pytest.mark.parametrize("container", ["matroska", "mpegts", "mov"])
def test_a_picture_that_browsers_play_is_copied_as_it_is(
    tmp_path: Path, outdir: Path, container: str
) -> None:
    sound_codec = "pcm_s16le" if container == "mov" else "aac"
    path = clip(
        tmp_path / "film",
        seconds=2,
        rate=10,
        container=container,
        sound=True,
        sound_codec=sound_codec,
    )
    facts = make_proxy(path, outdir, timeout=60)
    assert (facts.codec, facts.audio_codec, facts.plays_in_browsers) == ("h264", "aac", True)
    assert facts.duration_ms == pytest.approx(2000, abs=60)
    assert is_faststart(outdir / "proxy.mp4")
    sizes, copied = coded_pictures(path), coded_pictures(outdir / "proxy.mp4")
    # Only the framing of the pictures differs between the containers, by a few bytes.
    assert all(abs(one - other) < 100 for one, other in zip(sizes, copied, strict=True))
    with av.open(outdir / "proxy.mp4") as proxy:
        first = next(proxy.decode(video=0)).time
        assert first is not None
        assert first < 0.1  # though a transport stream begins at 1.4 s


def test_av1_is_copied_though_its_decoder_is_no_encoder(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "film", seconds=0.3, codec="libsvtav1", container="matroska")
    facts = make_proxy(path, outdir, timeout=60)
    assert (facts.codec, facts.suffix, facts.plays_in_browsers) == ("av1", "mp4", True)


def test_a_large_film_that_lies_on_its_side_becomes_upright_and_1080_pixels_wide(
    tmp_path: Path, outdir: Path
) -> None:
    path = clip(
        tmp_path / "film", moving(1920, 1440), seconds=0.2, rate=10, codec="libx265", rotation=90
    )
    facts = make_proxy(path, outdir, timeout=60)
    assert (facts.width, facts.height) == (1080, 1440)
    path = clip(tmp_path / "film", red_corner, seconds=0.2, codec="libx265", rotation=90)
    make_proxy(path, outdir, timeout=60)
    with av.open(outdir / "proxy.mp4") as proxy:
        assert corner_of_red(image_of(next(proxy.decode(video=0)))) == "left bottom"


def test_a_damaged_moment_does_not_end_the_proxy(tmp_path: Path, outdir: Path) -> None:
    path = clip(
        tmp_path / "film",
        seconds=2,
        rate=10,
        codec="prores_ks",
        pixels="yuv422p10le",
        container="mov",
    )
    content = bytearray(path.read_bytes())
    at = content.index(b"icpf", len(content) // 2)
    content[at : at + 400] = bytes(400)
    path.write_bytes(content)
    facts = make_proxy(path, outdir, timeout=60)
    assert facts.duration_ms == pytest.approx(2000, abs=150)


def test_a_sound_that_browsers_do_not_play_gets_a_proxy(tmp_path: Path, outdir: Path) -> None:
    path = sound(tmp_path / "sound", codec="pcm_s16be", container="aiff", sample_format="s16")
    facts = make_proxy(path, outdir, timeout=60)
    assert (facts.media_type, facts.codec, facts.plays_in_browsers) == ("audio", "aac", True)
    assert facts.duration_ms == pytest.approx(1000, abs=60)


def test_where_nothing_can_be_shown_there_is_no_proxy(
    tmp_path: Path, outdir: Path, plain_clip: Path
) -> None:
    path = tmp_path / "film"
    path.write_bytes(plain_clip.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(NotMedia) as caught:
        make_proxy(path, outdir, timeout=60)
    assert caught.value.reason in {RejectReason.NO_STREAM, RejectReason.DAMAGED}
    with pytest.raises(Crashed, match="took longer"):
        make_proxy(plain_clip, outdir, timeout=0.001)
    assert not (outdir / "proxy.mp4").exists()

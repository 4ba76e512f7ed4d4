"""Results of providers: what is described, what is no media, and the child that reads them."""

import base64
import io
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Pipe
from pathlib import Path

import av
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from generations import media
from generations.media import (
    ROOT,
    Crashed,
    Facts,
    Inspector,
    MediaProblem,
    NotMedia,
    RejectReason,
    inspect,
)
from generations.media.facts import InspectorRequest
from tests.bench.figures import with_descendants
from tests.cases import case
from tests.media.clips import clip, dark_until, moving, sound


def picture(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert("RGB")


def placeholder(facts: Facts) -> Image.Image:
    with Image.open(io.BytesIO(base64.b64decode(facts.placeholder))) as opened:
        assert opened.format == "WEBP"
        return opened.convert("RGB")


# ---- Videos ---------------------------------------------------------------------------------


def test_a_clip_is_described(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "any.name", seconds=2, sound=True)
    facts = inspect(path, outdir)
    shape = (facts.media_type, facts.container, facts.codec, facts.width, facts.height, facts.fps)
    assert shape == ("video", "mov", "h264", 160, 90, 24.0)
    assert facts.has_audio
    assert facts.bytes == path.stat().st_size
    assert facts.duration_ms == pytest.approx(2000, abs=60)


def test_a_clip_without_sound_says_so(plain_clip: Path, outdir: Path) -> None:
    assert inspect(plain_clip, outdir).has_audio is False


def test_the_preview_is_light_muted_and_starts_at_once(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", moving(480, 270), seconds=3.5, sound=True)
    inspect(path, outdir)
    written = (outdir / "preview.mp4").read_bytes()
    assert written.index(b"moov") < written.index(b"mdat")
    assert len(written) < path.stat().st_size
    with av.open(str(outdir / "preview.mp4")) as preview:
        assert not preview.streams.audio
        stream = preview.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 426, 240)
        assert (stream.frames, float(stream.average_rate or 0)) == (36, 12.0)


SHAPES = [  # of the clip, its poster, its preview
    ((1920, 1080), (960, 540), (426, 240)),
    ((1080, 1920), (540, 960), (240, 426)),
    ((162, 90), (162, 90), (162, 90)),
    ((1000, 20), (960, 19), (426, 8)),
]


def test_pictures_keep_the_clips_shape_and_never_grow(tmp_path: Path, outdir: Path) -> None:
    for size, poster, preview in SHAPES:
        facts = inspect(clip(tmp_path / "clip", moving(*size), seconds=2 / 24), outdir)
        assert picture(outdir / "poster.webp").size == poster
        with av.open(str(outdir / "preview.mp4")) as opened:
            stream = opened.streams.video[0]
            assert (stream.width, stream.height) == preview
        assert max(placeholder(facts).size) == 24
        assert len(facts.placeholder) < 400


def test_any_frame_rate_makes_a_preview_of_the_same_length(tmp_path: Path, outdir: Path) -> None:
    for rate in (1, 8, 60):
        facts = inspect(clip(tmp_path / "clip", seconds=2, rate=rate), outdir)
        assert facts.fps == rate
        with av.open(str(outdir / "preview.mp4")) as opened:
            assert opened.streams.video[0].frames == min(rate, 12) * 2


def test_the_poster_shows_the_clip_and_not_the_black_before_it(
    tmp_path: Path, outdir: Path
) -> None:
    inspect(clip(tmp_path / "clip", dark_until(1.5, moving(160, 90)), seconds=3), outdir)
    seen = picture(outdir / "poster.webp").convert("L")
    assert max(seen.tobytes()) > 100


def test_a_wholly_black_clip_still_has_a_poster(tmp_path: Path, outdir: Path) -> None:
    inspect(clip(tmp_path / "clip", dark_until(9, moving(160, 90))), outdir)
    assert picture(outdir / "poster.webp").size == (160, 90)


@pytest.mark.parametrize("size", [(160, 90), (1280, 720)])
def test_the_colours_of_poster_and_preview_are_the_clips(
    tmp_path: Path, outdir: Path, size: tuple[int, int]
) -> None:
    orange = (230, 120, 40)
    orange_clip = clip(tmp_path / "clip", lambda _: Image.new("RGB", size, orange), seconds=0.2)
    inspect(orange_clip, outdir)
    seen = picture(outdir / "poster.webp").getpixel((80, 45))
    assert isinstance(seen, tuple)
    assert all(abs(a - b) < 6 for a, b in zip(seen, orange, strict=True))
    with av.open(str(outdir / "preview.mp4")) as preview:
        space = preview.streams.video[0].codec_context.colorspace
    assert space == (Colorspace.ITU709 if size[1] >= 720 else 2)


def test_a_clip_of_one_frame_has_its_pictures(tmp_path: Path, outdir: Path) -> None:
    facts = inspect(clip(tmp_path / "clip", seconds=1 / 24), outdir)
    assert facts.duration_ms
    assert {path.name for path in outdir.iterdir()} == {"poster.webp", "preview.mp4"}


def test_a_large_free_box_at_the_end_costs_nothing(
    tmp_path: Path, outdir: Path, plain_clip: Path
) -> None:
    path = tmp_path / "clip"
    path.write_bytes(plain_clip.read_bytes())
    with path.open("r+b") as file:
        at = file.seek(0, os.SEEK_END)
        file.write((2**31).to_bytes(4) + b"free")
        file.truncate(at + 2**31)
    assert inspect(path, outdir).bytes == at + 2**31


# ---- Images and sounds ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_an_image_is_described_and_needs_no_poster(tmp_path: Path, outdir: Path, kind: str) -> None:
    path = tmp_path / "cover.mp4"
    moving(1280, 720)(0).save(path, kind)
    facts = inspect(path, outdir)
    assert (facts.media_type, facts.container, facts.width, facts.height) == (
        "image",
        kind,
        1280,
        720,
    )
    assert (facts.duration_ms, facts.placeholder) == (None, "")
    assert list(outdir.iterdir()) == []


# ---- What is no media -----------------------------------------------------------------------

NO_MEDIA = {
    RejectReason.EMPTY: [b""],
    RejectReason.PAGE: [
        b"<!DOCTYPE html><title>403</title>",
        b"\xef\xbb\xbf\r\n <?xml version='1.0'?><Error/>",
        b'{"code": "Expired"}',
        b"file '/etc/passwd'\n",
        b"For free use sign in",
        "链接已过期".encode(),
        "链接已过期".encode("gb18030"),
        "<html>403</html>".encode("utf-16"),
    ],
    RejectReason.PLAYLIST: [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    ],
}


@pytest.mark.parametrize("reason", NO_MEDIA)
def test_what_is_no_media_is_told_apart_by_its_content(
    tmp_path: Path, outdir: Path, reason: RejectReason
) -> None:
    for content in NO_MEDIA[reason]:
        assert rejection(tmp_path, outdir, content) == reason, content


def rejection(folder: Path, outdir: Path, content: bytes) -> RejectReason:
    """Why a file of these bytes is no media."""
    path = folder / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(NotMedia) as caught:
        inspect(path, outdir)
    return caught.value.reason


# ---- What cannot be read, and is kept -------------------------------------------------------

UNREADABLE = [  # the bytes, the problem, and what the first bytes tell
    (b"\x7fELF\x02\x01\x01", MediaProblem.UNKNOWN, "bin"),
    (b"\x00", MediaProblem.UNKNOWN, "bin"),
    (b"\xff", MediaProblem.UNKNOWN, "bin"),
    (b"\x00\x00\x00\x18ftypmp42", MediaProblem.CUT, "mp4"),  # its index is still to come
    (b"\x00\x00\x00\x14ftypqt  " + bytes(8) + b"\x00\x00\x09\x08mdat", MediaProblem.CUT, "mov"),
    (b"RIFF\x00\x00\x00\x00AVI LIST", MediaProblem.DAMAGED, "avi"),
    (b"OggS\x00\x02", MediaProblem.DAMAGED, "ogg"),
    (b"FLV\x01\x05", MediaProblem.DAMAGED, "flv"),
    (b"GIF89a", MediaProblem.DAMAGED, "gif"),
    (b"\x1aE\xdf\xa3" + bytes(600), MediaProblem.DAMAGED, "mkv"),
    (b"\xff\xd8\xff" + bytes(600), MediaProblem.DAMAGED, "jpg"),
    (b"\x89PNG\r\n\x1a\n", MediaProblem.DAMAGED, "png"),
    (b"RIFF\x00\x00\x00\x00WEBP", MediaProblem.DAMAGED, "webp"),
    (b"RIFF\x00\x00\x00\x00WAVE", MediaProblem.DAMAGED, "wav"),
    (b"ID3" + bytes(600), MediaProblem.DAMAGED, "mp3"),
]


def test_paid_bytes_that_cannot_be_read_are_kept_with_what_is_known(
    tmp_path: Path, outdir: Path
) -> None:
    for content, problem, suffix in UNREADABLE:
        with case(content[:20]):
            facts = described(tmp_path, outdir, content)
            assert (facts.problem, facts.suffix, facts.bytes) == (problem, suffix, len(content))
            assert (facts.width, facts.duration_ms) == (None, None)
    assert list(outdir.iterdir()) == []


def described(folder: Path, outdir: Path, content: bytes) -> Facts:
    """The facts of a file of these bytes."""
    path = folder / "clip.mp4"
    path.write_bytes(content)
    return inspect(path, outdir)


def test_a_clip_that_ends_early_is_cut(
    tmp_path: Path, outdir: Path, plain_clip: Path, faststart_clip: Path
) -> None:
    for path in (plain_clip, faststart_clip):
        content = path.read_bytes()
        for share in (0.2, 0.5, 0.99):
            with case((path.name, share)):
                beginning = content[: int(len(content) * share)]
                assert described(tmp_path, outdir, beginning).problem == MediaProblem.CUT


def test_a_file_of_any_container_that_names_its_end_is_cut_before_it(
    tmp_path: Path, outdir: Path
) -> None:
    path = tmp_path / "whole"
    whole = [
        clip(path, container=container, codec=codec).read_bytes()
        for container, codec in (("matroska", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4"))
    ]
    wav = sound(path, codec="pcm_s16le", container="wav", sample_format="s16").read_bytes()
    for content in (*whole, wav):
        with case(content[:12]):
            assert described(tmp_path, outdir, content).problem is None
            cut = described(tmp_path, outdir, content[: len(content) * 2 // 3])
            assert (cut.problem, cut.media_type) == (MediaProblem.CUT, cut.content_type[:5])
    unknown = wav[:4] + b"\xff" * 4 + wav[8:]  # as it is written by who cannot seek
    assert described(tmp_path, outdir, unknown).problem is None


def test_a_picture_that_ends_early_is_damaged(tmp_path: Path, outdir: Path) -> None:
    for kind in ("jpeg", "png", "webp", "gif"):
        moving(320, 180)(0).save(tmp_path / "cover", kind)
        content = (tmp_path / "cover").read_bytes()
        with case(kind):
            cut = described(tmp_path, outdir, content[: len(content) // 2])
            assert cut.problem == MediaProblem.DAMAGED


def test_noise_where_the_pictures_should_be_is_damaged(
    tmp_path: Path, outdir: Path, faststart_clip: Path
) -> None:
    content = faststart_clip.read_bytes()
    at = content.index(b"mdat") + 4
    facts = described(tmp_path, outdir, content[:at] + b"\xa5" * (len(content) - at))
    assert (facts.problem, facts.codec, facts.width) == (MediaProblem.DAMAGED, "h264", 160)
    assert facts.duration_ms == pytest.approx(2000, abs=60)
    assert list(outdir.iterdir()) == []


def test_a_sound_that_nobody_can_decode_is_not_known(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", sound=True)
    # Neither the sample entry nor the object type (ISO/IEC 14496-1 section 7.2.6.6) is known.
    content = path.read_bytes().replace(b"mp4a", b"zzzz").replace(b"\x40\x15", b"\xc5\x15")
    facts = described(tmp_path, outdir, content)
    assert (facts.media_type, facts.has_audio, facts.plays_in_browsers) == ("video", None, None)


def test_a_picture_that_nobody_can_decode_is_kept(
    tmp_path: Path, outdir: Path, plain_clip: Path
) -> None:
    facts = described(tmp_path, outdir, plain_clip.read_bytes().replace(b"avc1", b"zzzz"))
    assert facts.problem in {MediaProblem.NO_STREAM, MediaProblem.DAMAGED}
    assert (facts.suffix, facts.plays_in_browsers) == ("mp4", None)


def test_a_clip_that_is_damaged_later_on_is_still_shown(
    tmp_path: Path, outdir: Path, faststart_clip: Path
) -> None:
    content = faststart_clip.read_bytes()
    at = len(content) * 3 // 4
    path = tmp_path / "clip"
    path.write_bytes(content[:at] + b"\xa5" * (len(content) - at))
    assert inspect(path, outdir).duration_ms == pytest.approx(2000, abs=60)
    assert picture(outdir / "poster.webp").size == (160, 90)


def test_an_image_of_a_billion_pixels_is_not_decoded(tmp_path: Path, outdir: Path) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    checked = header + zlib.crc32(header).to_bytes(4)
    content = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + checked
    assert described(tmp_path, outdir, content).problem == MediaProblem.DAMAGED


# ---- The child ------------------------------------------------------------------------------

on_linux = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="no /proc here: run this test on Linux"
)


def test_a_file_whose_child_needs_too_long_is_kept(
    tmp_path: Path, outdir: Path, plain_clip: Path
) -> None:
    facts = inspect(plain_clip, outdir, timeout=0.001)
    assert (facts.problem, facts.suffix, facts.media_type) == (MediaProblem.CRASHED, "mp4", None)
    assert facts.bytes == plain_clip.stat().st_size


def test_a_child_that_finds_no_room_for_its_pictures_says_nothing_of_the_file(
    outdir: Path, plain_clip: Path
) -> None:
    (outdir / "preview.part").symlink_to("/dev/full")
    facts = inspect(plain_clip, outdir)
    assert facts.problem == MediaProblem.CRASHED
    assert not (outdir / "preview.mp4").exists()


class BlockedChild:
    """A child of an inspector that reads a pipe to which nobody writes."""

    def __init__(self, inspector: Inspector, pipe: Path, outdir: Path) -> None:
        os.mkfifo(pipe)
        inspector.ask(InspectorRequest("/dev/null", str(outdir), 60))  # starts the process
        inspector_pid = pid_of(inspector)
        request = InspectorRequest(str(pipe), str(outdir), 60)
        self.reply = ThreadPoolExecutor(1).submit(inspector.ask, request)
        self.pid = eventually(lambda: with_descendants(inspector_pid)[1:])[0]

    def kill(self, kill_signal: signal.Signals = signal.SIGKILL) -> str:
        """Kill it; how the inspector reported that."""
        os.kill(self.pid, kill_signal)
        return self.reply.result(20).crash


def pid_of(inspector: Inspector) -> int:
    assert inspector.process
    return inspector.process.pid


def eventually[T](probe: Callable[[], T]) -> T:
    deadline = time.monotonic() + 20
    while not (found := probe()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """An inspector of the test's own."""
    own = Inspector()
    yield own
    own.stop()


@on_linux
def test_a_child_that_is_killed_has_crashed_and_its_inspector_goes_on(
    inspector: Inspector, tmp_path: Path, outdir: Path, plain_clip: Path
) -> None:
    pids = set()
    for kill_signal in (signal.SIGKILL, signal.SIGSEGV):
        child = BlockedChild(inspector, tmp_path / kill_signal.name, outdir)
        assert f"ended with -{kill_signal.value}" in child.kill(kill_signal)
        assert inspector.ask(InspectorRequest(str(plain_clip), str(outdir), 60)).facts
        pids.add(pid_of(inspector))
    assert len(pids) == 1


@on_linux
def test_nobody_is_left_when_the_process_that_asked_is_killed(tmp_path: Path, outdir: Path) -> None:
    os.mkfifo(tmp_path / "clip")
    code = "import sys; from generations.media import Inspector; "
    code += "from generations.media.facts import InspectorRequest; "
    code += "Inspector().ask(InspectorRequest(sys.argv[1], sys.argv[2], 60))"
    command = [sys.executable, "-c", code, str(tmp_path / "clip"), str(outdir)]
    with subprocess.Popen(command, cwd=ROOT) as asking:
        eventually(lambda: len(with_descendants(asking.pid)) == 3)
        others = with_descendants(asking.pid)[1:]
        asking.kill()
    eventually(lambda: not any(is_alive(each) for each in others))


@on_linux
def test_the_child_knows_no_secret_and_has_no_way_to_the_next_reply(
    inspector: Inspector, tmp_path: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    child = BlockedChild(inspector, tmp_path / "pipe", outdir)
    environment = Path(f"/proc/{child.pid}/environ").read_text()
    links = Path(f"/proc/{child.pid}/fd")
    found = eventually(lambda: sorted(links.iterdir()) if len(list(links.iterdir())) < 4 else [])
    assert [link.name for link in found] == ["0", "1", "2"]
    assert os.readlink(links / "0") == "/dev/null"
    child.kill()
    assert "PATH=" in environment
    assert "hush" not in environment


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # other tests may have left threads
def test_one_inspector_serves_many_files_a_fork_starts_its_own_and_a_dead_one_is_replaced(
    inspector: Inspector, plain_clip: Path, outdir: Path
) -> None:
    request = InspectorRequest(str(plain_clip), str(outdir), 60)
    pids = []
    for _ in range(3):
        assert inspector.ask(request).facts
        pids.append(pid_of(inspector))
    assert len(set(pids)) == 1
    if not (forked := os.fork()):
        answered = inspector.ask(request).facts and pid_of(inspector) != pids[0]
        inspector.stop()
        os._exit(0 if answered else 1)
    assert os.waitpid(forked, 0)[1] == 0
    assert inspector.ask(request).facts
    assert pid_of(inspector) == pids[0]
    os.kill(pids[0], signal.SIGKILL)
    assert inspector.ask(request).facts
    assert pid_of(inspector) != pids[0]


def test_an_inspector_that_cannot_live_has_crashed(
    tmp_path: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "COMMAND", [sys.executable, "-c", "raise SystemExit"])
    with pytest.raises(Crashed, match="died twice"):
        Inspector().ask(InspectorRequest(str(tmp_path / "clip"), str(outdir), 60))


def test_an_inspector_without_work_ends_by_itself() -> None:
    code = "import generations.media.__main__ as m; m.IDLE_SECONDS = 0.2; m.main()"
    ours, theirs = Pipe()
    with ours, theirs:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=theirs.fileno(), cwd=ROOT, check=False, timeout=60
        )
    assert done.returncode == 0


def test_a_file_that_is_gone_is_an_error_of_the_disk(tmp_path: Path, outdir: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inspect(tmp_path / "nothing", outdir)


def within_limits(statement: str) -> subprocess.CompletedProcess[str]:
    limits = "from generations.media.__main__ import limit_resources; limit_resources(1)"
    code = f"{limits}; {statement}"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_the_child_may_not_use_more_than_its_time() -> None:
    assert within_limits("exec('while True: pass')").returncode == -signal.SIGXCPU


def test_the_child_may_not_use_more_than_its_memory() -> None:
    assert "MemoryError" in within_limits("bytearray(4 * 1024**3)").stderr


def test_the_child_may_not_fill_the_disk(tmp_path: Path) -> None:
    done = within_limits(f"open({str(tmp_path / 'large')!r}, 'wb').write(bytes(10**8))")
    assert "File too large" in done.stderr

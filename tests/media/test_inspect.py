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

from generations.media import Crashed, Facts, NotMedia, Reason, inspect
from generations.media import zygote as zygotes
from generations.media.facts import Question
from generations.media.zygote import ROOT, Zygote
from tests.bench.figures import with_descendants
from tests.media.clips import clip, dark_until, moving, sound


@pytest.fixture
def outdir(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


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
    said = (facts.part, facts.container, facts.codec, facts.width, facts.height, facts.fps)
    assert said == ("video", "mov", "h264", 160, 90, 24.0)
    assert facts.has_audio
    assert facts.bytes == path.stat().st_size
    assert abs(facts.duration_ms - 2000) < 60


def test_a_clip_without_sound_says_so(tmp_path: Path, outdir: Path) -> None:
    assert not inspect(clip(tmp_path / "clip"), outdir).has_audio


def test_a_webm_is_a_video(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", codec="libvpx-vp9", container="webm")
    facts = inspect(path, outdir)
    assert (facts.part, facts.container, facts.codec) == ("video", "matroska", "vp9")


def test_the_preview_is_light_muted_and_starts_at_once(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", moving(640, 360), seconds=5, sound=True)
    inspect(path, outdir)
    written = (outdir / "preview.mp4").read_bytes()
    assert written.index(b"moov") < written.index(b"mdat")
    assert len(written) < path.stat().st_size
    with av.open(str(outdir / "preview.mp4")) as preview:
        assert not preview.streams.audio
        stream = preview.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 426, 240)
        assert (stream.frames, float(stream.average_rate or 0)) == (36, 12.0)


@pytest.mark.parametrize(
    ("size", "poster", "preview"),
    [
        ((1920, 1080), (960, 540), (426, 240)),
        ((1080, 1920), (540, 960), (240, 426)),
        ((162, 90), (162, 90), (162, 90)),
        ((1000, 20), (960, 19), (426, 8)),
    ],
)
def test_pictures_keep_the_clips_shape_and_never_grow(
    tmp_path: Path,
    outdir: Path,
    size: tuple[int, int],
    poster: tuple[int, int],
    preview: tuple[int, int],
) -> None:
    facts = inspect(clip(tmp_path / "clip", moving(*size), seconds=0.2), outdir)
    assert picture(outdir / "poster.webp").size == poster
    with av.open(str(outdir / "preview.mp4")) as opened:
        stream = opened.streams.video[0]
        assert (stream.width, stream.height) == preview
    assert max(placeholder(facts).size) == 24
    assert len(facts.placeholder) < 400


@pytest.mark.parametrize("rate", [1, 8, 60])
def test_any_frame_rate_makes_a_preview_of_the_same_length(
    tmp_path: Path, outdir: Path, rate: int
) -> None:
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
    inspect(clip(tmp_path / "clip", lambda _: Image.new("RGB", size, orange)), outdir)
    seen = picture(outdir / "poster.webp").getpixel((80, 45))
    assert isinstance(seen, tuple)
    assert all(abs(a - b) < 6 for a, b in zip(seen, orange, strict=True))
    with av.open(str(outdir / "preview.mp4")) as preview:
        space = preview.streams.video[0].codec_context.colorspace
    assert space == (Colorspace.ITU709 if size[1] >= 720 else 2)


def test_a_clip_of_one_frame_has_its_pictures(tmp_path: Path, outdir: Path) -> None:
    facts = inspect(clip(tmp_path / "clip", seconds=1 / 24), outdir)
    assert facts.duration_ms > 0
    assert {path.name for path in outdir.iterdir()} == {"poster.webp", "preview.mp4"}


def test_a_large_free_box_at_the_end_costs_nothing(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip")
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
    assert (facts.part, facts.container, facts.width, facts.height) == ("image", kind, 1280, 720)
    assert (facts.duration_ms, facts.placeholder) == (0, "")
    assert list(outdir.iterdir()) == []


SOUNDS = [
    ("libmp3lame", "mp3", "s16p", "mp3"),
    ("pcm_s16le", "wav", "s16", "wav"),
    ("aac", "adts", "fltp", "aac"),
    ("aac", "ipod", "fltp", "mov"),
]


@pytest.mark.parametrize(("codec", "container", "sample_format", "named"), SOUNDS)
def test_a_sound_is_described(
    tmp_path: Path, outdir: Path, codec: str, container: str, sample_format: str, named: str
) -> None:
    path = sound(
        tmp_path / "narration.mp4", codec=codec, container=container, sample_format=sample_format
    )
    facts = inspect(path, outdir)
    assert (facts.part, facts.container, facts.has_audio) == ("audio", named, True)
    assert 800 < facts.duration_ms < 1200
    assert list(outdir.iterdir()) == []


# ---- What is no media -----------------------------------------------------------------------

NO_MEDIA = {
    Reason.EMPTY: [b""],
    Reason.PAGE: [
        b"<!DOCTYPE html><title>403</title>",
        b"\xef\xbb\xbf\r\n <?xml version='1.0'?><Error/>",
        b'{"code": "Expired"}',
    ],
    Reason.PLAYLIST: [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    ],
    Reason.UNKNOWN: [
        b"file '/etc/passwd'\n",
        b"\x7fELF\x02\x01\x01",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"OggS\x00\x02",
        b"FLV\x01\x05",
        b"\x00",
        b"\xff",
        b"GIF89a",
    ],
    Reason.DAMAGED: [
        b"\x00\x00\x00\x18ftypmp42",
        b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42" + b"\x00\x00\x00\x08mdat",
        b"\x1aE\xdf\xa3" + b"\x00" * 600,
        b"\xff\xd8\xff" + b"\x00" * 600,
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"ID3" + b"\x00" * 600,
    ],
}


@pytest.mark.parametrize(
    ("reason", "content"), [(reason, one) for reason, all_ in NO_MEDIA.items() for one in all_]
)
def test_what_is_no_media_is_told_apart_by_its_content(
    tmp_path: Path, outdir: Path, reason: Reason, content: bytes
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(NotMedia) as caught:
        inspect(path, outdir)
    assert caught.value.reason == reason


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
@pytest.mark.parametrize("index_first", [True, False])
def test_a_clip_that_ends_early_is_damaged(
    tmp_path: Path, outdir: Path, share: float, index_first: bool
) -> None:
    options = {"movflags": "+faststart"} if index_first else {}
    path = clip(tmp_path / "clip", options=options)
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(NotMedia) as caught:
        inspect(path, outdir)
    assert caught.value.reason == Reason.DAMAGED


def test_noise_where_the_pictures_should_be_is_damaged(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", options={"movflags": "+faststart"})
    content = path.read_bytes()
    at = content.index(b"mdat") + 4
    path.write_bytes(content[:at] + b"\xa5" * (len(content) - at))
    with pytest.raises(NotMedia) as caught:
        inspect(path, outdir)
    assert caught.value.reason == Reason.DAMAGED


def test_a_sound_that_nobody_can_decode_is_no_sound(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", sound=True)
    # Neither the sample entry nor the object type (ISO/IEC 14496-1 section 7.2.6.6) is known.
    content = path.read_bytes().replace(b"mp4a", b"zzzz").replace(b"\x40\x15", b"\xc5\x15")
    path.write_bytes(content)
    facts = inspect(path, outdir)
    assert (facts.part, facts.has_audio) == ("video", False)


def test_a_picture_that_nobody_can_decode_is_no_video(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(NotMedia) as caught:
        inspect(path, outdir)
    assert caught.value.reason in {Reason.NO_STREAM, Reason.DAMAGED}


def test_a_clip_that_is_damaged_later_on_is_still_shown(tmp_path: Path, outdir: Path) -> None:
    path = clip(tmp_path / "clip", seconds=2, options={"movflags": "+faststart"})
    content = path.read_bytes()
    at = len(content) * 3 // 4
    path.write_bytes(content[:at] + b"\xa5" * (len(content) - at))
    assert abs(inspect(path, outdir).duration_ms - 2000) < 60
    assert picture(outdir / "poster.webp").size == (160, 90)


def test_an_image_of_a_billion_pixels_is_damaged(tmp_path: Path, outdir: Path) -> None:
    path = tmp_path / "bomb.png"
    header = b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    checked = header + zlib.crc32(header).to_bytes(4)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + checked)
    with pytest.raises(NotMedia) as caught:
        inspect(path, outdir)
    assert caught.value.reason == Reason.DAMAGED


# ---- The child ------------------------------------------------------------------------------

on_linux = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="no /proc here: run this test on Linux"
)


def test_a_child_that_needs_too_long_has_crashed(tmp_path: Path, outdir: Path) -> None:
    path = tmp_path / "clip"
    os.mkfifo(path)  # opening it waits for a writer that never comes
    with pytest.raises(Crashed, match="took longer"):
        inspect(path, outdir, timeout=0.5)


class Waiting:
    """A zygote whose child looks into a pipe that nobody writes to."""

    def __init__(self, path: Path, outdir: Path) -> None:
        os.mkfifo(path)
        self.zygote = Zygote()
        self.zygote.ask(Question("/dev/null", str(outdir), 60))
        assert self.zygote.process
        self.pid = self.zygote.process.pid
        question = Question(str(path), str(outdir), 60)
        self.reply = ThreadPoolExecutor(1).submit(self.zygote.ask, question)
        self.child = eventually(lambda: with_descendants(self.pid)[1:])[0]

    def end(self) -> str:
        """Kill the child; what was answered."""
        if not self.reply.done():
            os.kill(self.child, signal.SIGKILL)
        said = self.reply.result(20).crash
        self.zygote.end()
        return said


def eventually[T](look: Callable[[], T]) -> T:
    deadline = time.monotonic() + 20
    while not (found := look()):
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
def waiting(tmp_path: Path, outdir: Path) -> Iterator[Waiting]:
    found = Waiting(tmp_path / "clip", outdir)
    yield found
    found.end()


@on_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_is_killed_has_crashed_and_its_zygote_goes_on(
    waiting: Waiting, tmp_path: Path, outdir: Path, number: signal.Signals
) -> None:
    os.kill(waiting.child, number)
    assert f"ended with -{number.value}" in waiting.reply.result(20).crash
    reply = waiting.zygote.ask(Question(str(clip(tmp_path / "next")), str(outdir), 60))
    assert reply.facts
    assert waiting.zygote.process
    assert waiting.zygote.process.pid == waiting.pid


@on_linux
def test_nobody_is_left_when_the_process_that_asked_is_killed(tmp_path: Path, outdir: Path) -> None:
    os.mkfifo(tmp_path / "clip")
    code = "import sys; from pathlib import Path; from generations.media import inspect"
    code += "; inspect(Path(sys.argv[1]), Path(sys.argv[2]))"
    command = [sys.executable, "-c", code, str(tmp_path / "clip"), str(outdir)]
    with subprocess.Popen(command, cwd=ROOT) as asking:
        eventually(lambda: len(with_descendants(asking.pid)) == 3)
        others = with_descendants(asking.pid)[1:]
        asking.kill()
    eventually(lambda: not any(is_alive(each) for each in others))


@on_linux
def test_the_child_knows_no_secret(
    tmp_path: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    waiting = Waiting(tmp_path / "clip", outdir)
    environment = Path(f"/proc/{waiting.child}/environ").read_text()
    waiting.end()
    assert "PATH=" in environment
    assert "hush" not in environment


@on_linux
def test_the_child_has_no_way_to_the_next_reply(waiting: Waiting) -> None:
    links = Path(f"/proc/{waiting.child}/fd")
    found = eventually(lambda: sorted(links.iterdir()) if len(list(links.iterdir())) < 4 else [])
    assert [link.name for link in found] == ["0", "1", "2"]
    assert os.readlink(links / "0") == "/dev/null"


def test_one_zygote_answers_for_many_files_and_a_dead_one_is_replaced(
    tmp_path: Path, outdir: Path
) -> None:
    zygote, question = Zygote(), Question(str(clip(tmp_path / "clip")), str(outdir), 60)
    pids = []
    for _ in range(3):
        assert zygote.ask(question).facts
        assert zygote.process
        pids.append(zygote.process.pid)
    os.kill(pids[0], signal.SIGKILL)
    assert zygote.ask(question).facts
    assert zygote.process
    assert zygote.process.pid != pids[0]
    assert len(set(pids)) == 1
    zygote.end()


def test_a_zygote_that_cannot_live_has_crashed(
    tmp_path: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygotes, "COMMAND", [sys.executable, "-c", "raise SystemExit"])
    with pytest.raises(Crashed, match="died twice"):
        Zygote().ask(Question(str(tmp_path / "clip"), str(outdir), 60))


def test_a_zygote_without_work_ends_by_itself() -> None:
    code = "import generations.media.__main__ as m; m.IDLE_SECONDS = 0.2; m.main()"
    ours, theirs = Pipe()
    with ours, theirs:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=theirs.fileno(), cwd=ROOT, check=False, timeout=60
        )
    assert done.returncode == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # other tests may have left threads
def test_a_forked_process_has_a_zygote_of_its_own(tmp_path: Path, outdir: Path) -> None:
    zygote, question = Zygote(), Question(str(clip(tmp_path / "clip")), str(outdir), 60)
    assert zygote.ask(question).facts
    assert zygote.process
    first = zygote.process.pid
    if not (forked := os.fork()):
        answered = zygote.ask(question).facts and zygote.process.pid != first
        zygote.end()
        os._exit(0 if answered else 1)
    assert os.waitpid(forked, 0)[1] == 0
    assert zygote.ask(question).facts
    assert zygote.process.pid == first
    zygote.end()


def test_a_file_that_is_gone_has_crashed_the_child_and_says_why(
    tmp_path: Path, outdir: Path
) -> None:
    with pytest.raises(Crashed, match="FileNotFoundError"):
        inspect(tmp_path / "nothing", outdir)


def within_limits(statement: str) -> subprocess.CompletedProcess[str]:
    code = f"from generations.media.look import limit; limit(1); {statement}"
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

"""A cut that nobody composed, as it is seen and heard: no black between shots, sound in step."""

import io
from pathlib import Path

import pytest
from django.core.files import File as Content
from django.core.files.storage import default_storage
from PIL import Image, ImageColor
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from generations import clock, films
from generations.models import File, Film
from generations.models.files import FileState
from generations.models.films import SegmentKind
from tests.factories import make_member
from tests.films.stage import again, finish, make_film, read, usual
from tests.media import clips

from .studio import sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
type Colour = tuple[int, int, int]

SHOT = 2  # seconds
COLOURS = ("#d84a2f", "#2fae5a", "#3567e0")
DRIFT = 0.08  # seconds
PLAYER = "document.getElementById('film-player').player"
# What each sound is off from the clock, every 20 ms until the cut is over.
MEASURE = """async () => {
  const {player} = document.getElementById("film-player");
  const off = [];
  player.play();
  while (player.wantsPlay) {
    for (const sound of player.sounds)
      if (player.clock.isRunning && !sound.paused && !sound.ended)
        off.push([player.clock.now, sound.currentTime - player.clock.now]);
    await new Promise(done => setTimeout(done, 20));
  }
  return off;
}"""


@pytest.fixture
def board(screen: Page, live_server: LiveServer, tmp_path: Path) -> Page:
    """The board of a film of three shots, each of one colour, all of it stored."""
    member = make_member()
    film = make_film(membership=member)
    read(film, usual(shots=len(COLOURS)))
    store(film, tmp_path)
    sign_in(screen, live_server.url, member.user)
    screen.goto(f"{live_server.url}/t/{film.team.slug}/films/{film.pk}/")
    expect(screen.locator(".timeline-shot[data-src]")).to_have_count(len(COLOURS))
    return screen


def store(film: Film, folder: Path) -> None:
    """Real files for what the tree has."""
    whole = SHOT * len(COLOURS)
    files = {file.remote_id: file for file in File.objects.filter(task=film.task)}
    for shot, colour in enumerate(COLOURS, start=100):
        path = clips.clip(folder / f"{shot}.mp4", plain(colour), seconds=SHOT)
        keep(files[str(shot)], path, SHOT)
    for number, kind in (("200", "m4a"), ("300", "m4a"), ("900", "mp4")):
        path = clips.clip(folder / f"{number}.{kind}", seconds=whole, sound=True)
        keep(files[number], path, whole)


def plain(colour: str) -> clips.Paint:
    picture = Image.new("RGB", (320, 180), colour)
    return lambda _seconds: picture


def keep(file: File, path: Path, seconds: int) -> None:
    """As if it had been fetched."""
    with path.open("rb") as content:
        file.name = default_storage.save(f"{file.pk}/{path.name}", Content(content))
    file.state, file.stored_at, file.sha256 = FileState.STORED, clock.now(), path.stem.zfill(64)
    file.duration_ms, file.size = seconds * 1000, path.stat().st_size
    file.save()


def seen(page: Page) -> Colour:
    """The colour in the middle of the player now."""
    box = page.locator(".film-player-screen").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    taken = page.screenshot(clip={"x": x, "y": y, "width": 8, "height": 8}, type="png")
    red, green, blue = Image.open(io.BytesIO(taken)).convert("RGB").resize((1, 1)).tobytes()
    return red, green, blue


def nearest(colour: Colour) -> str:
    """Which of the shots it is; black is none of them."""
    off = {name: apart(ImageColor.getrgb(name), colour) for name in COLOURS}
    best = min(off, key=lambda name: off[name])
    assert off[best] < 60, f"{colour} is no shot"
    return best


def apart(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(left - right) for left, right in zip(one, other, strict=True))


@pytest.mark.timeout(120)
def test_no_black_frame_is_seen_where_one_shot_follows_another(board: Page) -> None:
    until(board, f"{PLAYER}.front.readyState > 1")
    assert nearest(seen(board)) == COLOURS[0]
    for shot in range(1, len(COLOURS)):
        board.evaluate(f"{PLAYER}.seek({SHOT * shot - 0.4})")
        until(board, f"!{PLAYER}.isLoading && !{PLAYER}.front.seeking")
        board.evaluate(f"{PLAYER}.play()")
        found = []
        while board.evaluate(f"{PLAYER}.time") < SHOT * shot + 0.5:
            found.append(nearest(seen(board)))
        board.evaluate(f"{PLAYER}.pause()")
        assert found == sorted(found, key=COLOURS.index)
        assert COLOURS[shot] in found


@pytest.mark.timeout(120)
def test_scrubbing_across_shots_shows_the_shot_that_is_there(board: Page) -> None:
    for share, colour in ((900, COLOURS[2]), (500, COLOURS[1]), (100, COLOURS[0])):
        board.locator("#film-player .scrub").fill(str(share))
        until(board, f"!{PLAYER}.isLoading && !{PLAYER}.front.seeking")
        board.wait_for_timeout(100)
        assert nearest(seen(board)) == colour
        for sound in board.evaluate(f"{PLAYER}.sounds.map(one => one.currentTime)"):
            assert sound == pytest.approx(share / 1000 * SHOT * 3, abs=0.05)


@pytest.mark.timeout(120)
def test_voice_and_music_stay_in_step_with_the_cut(board: Page) -> None:
    until(board, f"[{PLAYER}.front, ...{PLAYER}.sounds].every(one => one.readyState > 2)")
    off = board.evaluate(MEASURE)
    assert len(off) > 100
    assert max(time for time, _ in off) > SHOT * 3 - 0.5
    assert max(abs(drift) for _, drift in off) < DRIFT


@pytest.mark.timeout(120)
def test_levels_of_voice_and_music_are_set_apart_and_kept(board: Page) -> None:
    board.click(".film-player-levels summary")
    board.locator("[data-level=music]").fill("20")
    levels = f"{PLAYER}.sounds.map(one => Math.round(one.volume * 100))"
    assert board.evaluate(levels) == [100, 20]
    board.reload()
    until(board, f"{PLAYER}")
    assert board.evaluate(levels) == [100, 20]


@pytest.mark.timeout(120)
def test_the_playhead_crosses_the_rows_where_the_cut_is(board: Page) -> None:
    board.evaluate(f"{PLAYER}.seek({SHOT * 1.5})")
    shot = board.locator("#shot-2").bounding_box()
    line = board.locator("#playhead line").bounding_box()
    assert shot
    assert line
    assert line["x"] + line["width"] / 2 == pytest.approx(shot["x"] + shot["width"] / 2, abs=2)
    until(board, "document.querySelector('#sound-music .wave path').getAttribute('d') !== null")


def test_a_shot_whose_take_is_not_here_is_passed_over_and_said_so(board: Page) -> None:
    told = board.locator(".film-player-status")
    expect(told).to_have_text("")
    File.objects.filter(remote_id="101").update(state=FileState.FETCHING)
    board.reload()
    expect(told).to_be_visible()
    assert board.evaluate(f"{PLAYER}.clips.length") == len(COLOURS) - 1


def test_all_takes_of_a_shot_play_in_step_until_one_of_them_is_auditioned(
    board: Page, tmp_path: Path
) -> None:
    step = board.locator("#play-in-sync")
    expect(step).to_be_hidden()  # there is nothing to compare yet
    film = again(Film.objects.get())
    member = film.team.memberships.get()
    for number in (71, 72):
        (made,) = films.order_takes(
            member,
            film,
            SegmentKind.SHOT,
            shot=0,
            prompt="At dusk",
            accepts_unknown=True,
            form_token=str(number),
        )
        assert made.task
        finish(made.task, number=number)
        path = clips.clip(tmp_path / f"{number}.mp4", plain(COLOURS[1]), seconds=SHOT)
        keep(File.objects.get(task=made.task), path, SHOT)
    board.reload()
    step.click()
    videos = "[...document.querySelectorAll('.take-sync video')]"
    until(board, f"{videos}.length === 3 && {videos}.every(one => one.currentTime > 0.5)")
    times = board.evaluate(f"{videos}.map(one => one.currentTime)")
    assert max(times) - min(times) < 0.15
    until(board, f"{videos}.every(one => one.currentTime < 0.5)")  # over, and from the start again
    board.locator("[data-audition]").first.click()
    expect(board.locator(".take-sync video")).to_have_count(0)
    expect(step).to_have_attribute("aria-pressed", "false")

"""An ad film through the whole house: its parts, new takes, and cuts that are made of them."""

import pytest

from generations import films
from generations.billing import ledger
from generations.films import FilmRefused
from generations.lifecycle import actions, sweep
from generations.models.films import SegmentKind
from generations.models.tasks import TaskState
from tests.cases import case

from .conftest import World, snapshot
from .films import (
    board_of,
    check_kept,
    choose,
    cut_again,
    kept_film,
    ordered_film,
    read_film,
    retake,
    segments,
    sent,
    task_of,
)

SHOT, NARRATION, MUSIC = SegmentKind


def test_a_film_comes_with_all_of_its_parts_and_each_of_them_is_kept(world: World) -> None:
    board = board_of(kept_film(world))
    assert [len(shot.takes) for shot in board.shots] == [1, 1]
    assert all(segment.chosen for segment in segments(board))
    assert [(cut.number, cut.state, cut.is_newest) for cut in board.cuts] == [
        (1, TaskState.SUCCEEDED, True)
    ]
    check_kept(board)
    assert (board.stale, board.obstacles) == ((), ())
    assert board.film.due_at is None
    spent = 100_000 - world.credits_left()
    assert board.cost.spent == spent > 0


TREES = {
    "[two takes]": [2, 1],
    "[two takes] [all takes]": [2, 1],
    "[shuffle records] [two takes]": [2, 1],
    "[one take] [unknown records]": [1, 1],
    "[one take] [right types] [right spelling]": [1, 1],
    "[one take] [drop shot 1]": [1, 0],
    "[one take] [detail 500 before]": [1, 1],
    "[one take] [detail garbled]": [1, 1],
    "[one take] [detail drop after]": [1, 1],
}


def test_a_tree_is_read_whatever_shape_it_comes_in(world: World) -> None:
    for words, takes in TREES.items():
        with case(words):
            film = read_film(world, words)
            board = board_of(film)
            assert [len(shot.takes) for shot in board.shots] == takes
            assert board.film.alarm == ""
            before = snapshot()
            films.sync_soon(film)
            world.cluster.work()
            assert snapshot() == before


def test_a_shot_that_failed_is_seen_and_not_chosen(world: World) -> None:
    board = board_of(read_film(world, "[one take] [fail shot 1 CreationPolicyViolation]"))
    (take,) = board.shots[1].takes
    assert (take.state, take.code, take.is_chosen) == (
        TaskState.FAILED,
        "CreationPolicyViolation",
        False,
    )
    assert ("take_required", 1) in [
        (each.code, each.values.get("shot")) for each in board.obstacles
    ]


# ---- New takes and cuts ---------------------------------------------------------------------


def test_a_shot_is_made_again_chosen_and_composed(world: World) -> None:
    film = kept_film(world)
    first, second = retake(world, film, SHOT, "A walk at dusk", count=2)
    (voice,) = retake(world, film, NARRATION, "Salt, and then amber.")
    (song,) = retake(world, film, MUSIC, "Slow strings")
    world.finish()
    board = board_of(film)
    assert [take.state for take in board.shots[1].takes] == [TaskState.SUCCEEDED] * 3
    assert [take.is_chosen for take in board.shots[1].takes] == [True, False, False]
    assert board.stale == ()
    for made in (second, voice, song):
        choose(world, made)
    assert [(each.kind, each.shot) for each in board_of(film).stale] == [
        ("shot", 1),
        ("narration", 0),
        ("music", 0),
    ]
    cut = cut_again(world, film)
    world.finish()
    board = board_of(film)
    check_kept(board)
    assert board.stale == ()
    assert [(cut.number, cut.state) for cut in board.cuts] == [
        (1, TaskState.SUCCEEDED),
        (2, TaskState.SUCCEEDED),
    ]
    assert not any(take.alarm for segment in segments(board) for take in segment.takes)
    first.refresh_from_db()
    cut.refresh_from_db()
    assert (first.alarm, cut.alarm) == ("", "")
    assert board.cost.spent == 100_000 - world.credits_left()
    assert board.cost.held == 0
    assert board.cost.discarded > 0
    assert not list(ledger.verify())


def test_what_is_sent_names_the_film_the_shot_and_the_takes(world: World) -> None:
    film = kept_film(world)
    (made,) = retake(world, film, SHOT, "A walk at dusk")
    world.finish()
    choose(world, made)
    cut = cut_again(world, film)
    world.cluster.work()
    remote_id = film.task.attempts.get().remote_id
    (edit,) = sent(world, "/edit")
    assert edit == {
        "ad_one_click_task_id": remote_id,
        "type": "generate_video",
        "storyboard_video_index": 1,
        "prompt": "A walk at dusk",
        "payload": world.attempt(task_of(made)).reference,
        "callback_url": edit["callback_url"],
    }
    (compose,) = sent(world, "/compose")
    board = board_of(film)
    assert compose["video_task_ids"] == [
        shot.chosen.remote_id for shot in board.shots if shot.chosen
    ]
    assert board.narration
    assert board.narration.chosen
    assert compose["narration_task_id"] == board.narration.chosen.remote_id
    assert compose["payload"] == world.attempt(task_of(cut)).reference


def test_a_callback_ends_a_new_take_without_the_poller(public_world: World) -> None:
    film = read_film(public_world)
    (made,) = retake(public_world, film, SHOT, "A walk at dusk")
    public_world.cluster.work()
    public_world.cluster.lost.add("poll")
    for _ in range(60):
        public_world.frozen_clock.advance(1)
        public_world.sandbox.advance(1)
        public_world.cluster.work()
        if task_of(made).state == TaskState.SUCCEEDED:
            break
    made.refresh_from_db()
    assert task_of(made).state == TaskState.SUCCEEDED
    assert made.remote_id
    assert made.file


@pytest.mark.parametrize("word", ["drop after", "500 after", "garbled"])
@pytest.mark.parametrize("kind", [SHOT, NARRATION, MUSIC])
def test_a_take_whose_answer_was_lost_is_found_by_the_reference_that_it_echoes(
    world: World, word: str, kind: SegmentKind
) -> None:
    film = read_film(world, f"[one take] [edit {word}]")
    (made,) = retake(world, film, kind, "A walk at dusk")
    world.cluster.work()
    world.run(lambda: task_of(made).state == TaskState.SUCCEEDED)
    made.refresh_from_db()
    assert made.remote_id == world.attempt(task_of(made)).remote_id != ""
    board = board_of(film)
    place = {SHOT: board.shots[1], NARRATION: board.narration, MUSIC: board.music}[kind]
    assert place
    assert [take.number for take in place.takes] == [1, 2]
    assert len(sent(world, "/edit")) == 1


def test_a_cut_whose_answer_was_lost_is_found_by_the_reference_that_it_echoes(
    world: World,
) -> None:
    film = kept_film(world, "[one take] [compose drop after]")
    cut = cut_again(world, film)
    world.run(lambda: task_of(cut).state == TaskState.SUCCEEDED)
    cut.refresh_from_db()
    assert cut.alarm == ""
    board = board_of(film)
    assert [cut.number for cut in board.cuts] == [1, 2]
    assert board.cuts[1].pieces == board.cuts[0].pieces
    assert len(sent(world, "/compose")) == 1


@pytest.mark.parametrize("kind", [SHOT, NARRATION, MUSIC])
def test_a_take_that_the_providers_list_does_not_show_is_found_in_the_tree(
    world: World, kind: SegmentKind
) -> None:
    film = read_film(world)
    (made,) = retake(world, film, kind, "[drop after] [list missing] A walk at dusk")
    world.cluster.work()
    assert not [each for each in world.sandbox.requests if each.path == "/ent/v2/tasks"]
    world.run(lambda: task_of(made).state == TaskState.SUCCEEDED)
    made.refresh_from_db()
    assert made.remote_id


def test_a_cut_that_the_providers_list_does_not_show_is_found_in_the_tree(world: World) -> None:
    film = kept_film(world, "[one take] [compose drop after] [compose list missing]")
    cut = cut_again(world, film)
    world.run(lambda: task_of(cut).state == TaskState.SUCCEEDED)
    assert board_of(film).cuts[1].remote_id


def test_a_take_that_may_not_have_arrived_waits_for_a_person(world: World) -> None:
    film = read_film(world, "[one take] [edit drop before]")
    (made,) = retake(world, film, SHOT, "A walk at dusk")
    for _ in range(5):
        world.wait(600)
        sweep.sweep(0)
    assert task_of(made).state == TaskState.UNCLEAR
    assert len(sent(world, "/edit")) == 1
    assert board_of(film).shots[1].takes[1].state == TaskState.UNCLEAR
    actions.release(task_of(made), world.membership.user, send_again=True)
    world.run(lambda: task_of(made).state == TaskState.SUCCEEDED)
    assert len(sent(world, "/edit")) == 2
    made.refresh_from_db()
    assert made.remote_id


def test_a_new_take_that_fails_costs_nothing_and_is_seen(world: World) -> None:
    film = read_film(world, "[one take] [edit fail CreationPolicyViolation]")
    (made,) = retake(world, film, SHOT, "A walk at dusk")
    world.run(lambda: task_of(made).state == TaskState.FAILED)
    world.cluster.work()
    board = board_of(film)
    take = board.shots[1].takes[1]
    assert (take.state, take.code, take.cost) == (TaskState.FAILED, "CreationPolicyViolation", 0)
    assert take.alarm == ""
    with pytest.raises(FilmRefused):
        choose(world, made)


def test_a_cut_that_the_provider_refuses_fails_and_its_credits_come_back(world: World) -> None:
    film = kept_film(world, "[one take] [compose refuse FieldInvalid]")
    cut = cut_again(world, film)
    world.cluster.work()
    task = task_of(cut)
    assert (task.state, task.code) == (TaskState.FAILED, "FieldInvalid")
    board = board_of(film)
    assert board.newest_cut
    assert board.newest_cut.number == 1
    assert board.cost.held == 0
    assert not list(ledger.verify())


# ---- A brief whose answer was lost ----------------------------------------------------------


def id_at_provider(world: World) -> str:
    """The film that the provider took, though nobody here was told its id."""
    return next(key for key, task in world.sandbox.tasks.items() if "images" in task.order)


def test_a_brief_whose_answer_was_lost_is_found_by_a_callback_on_its_token(
    public_world: World,
) -> None:
    film = ordered_film(public_world, "[one take] [drop after]")
    assert film.task.state == TaskState.UNCLEAR
    public_world.cluster.lost.add("fetch")
    public_world.run(lambda: board_of(film).cuts != ())
    assert len(sent(public_world, "")) == 1
    assert board_of(film).cost.spent == 100_000 - public_world.credits_left()


def test_a_brief_whose_answer_was_lost_is_never_guessed_from_the_providers_list(
    world: World,
) -> None:
    """It echoes no reference, so nothing in the list could prove that a row is ours."""
    film = ordered_film(world, "[one take] [drop after]")
    for _ in range(5):
        world.wait(600)
        sweep.sweep(0)
    assert board_of(film).film.task.state == TaskState.UNCLEAR
    assert not [each for each in world.sandbox.requests if each.path == "/ent/v2/tasks"]
    assert len(sent(world, "")) == 1


def test_a_person_gives_the_id_of_a_brief_whose_answer_was_lost(world: World) -> None:
    film = ordered_film(world, "[one take] [drop after]")
    actions.accept_found_id(film.task, id_at_provider(world), world.membership.user)
    world.cluster.lost.add("fetch")
    world.run(lambda: board_of(film).cuts != ())
    assert board_of(film).obstacles[0].code == "take_not_stored"


def test_a_person_releases_a_brief_that_never_arrived(world: World) -> None:
    film = ordered_film(world, "[one take] [drop before]")
    actions.release(film.task, world.membership.user, send_again=False)
    assert board_of(film).film.task.state == TaskState.FAILED
    with pytest.raises(FilmRefused, match="not_finished"):
        retake(world, film, MUSIC, "Slow strings")
    assert board_of(film).cost == films.Cost(brief=0, chosen=0, discarded=0, cuts=0, held=0)

"""What is in the next cut is what people chose, and how that differs from the last one."""

from uuid import uuid4

import pytest

from generations.films import (
    Difference,
    FilmRefused,
    choose_take,
    compare,
    load_board,
    order_cut,
    order_takes,
    rename_film,
)
from generations.models import AuditEvent, Cut, Film, Role, Take
from generations.models.files import FileState
from generations.models.films import SegmentKind
from generations.models.tasks import TaskState
from tests.factories import make_member

from .stage import (
    FAILED,
    again,
    chosen,
    cut,
    finish,
    make_film,
    make_read_film,
    read,
    take,
    told,
    tree,
)

pytestmark = pytest.mark.django_db


def retake(film: Film, number: int, kind: SegmentKind = SegmentKind.SHOT, shot: int = 1) -> Take:
    """A take that was ordered, made and kept."""
    who = make_member(team=film.team)
    (made,) = order_takes(
        who, film, kind, shot=shot, prompt="Again", accepts_unknown=True, form_token=uuid4().hex
    )
    assert made.task
    finish(made.task, number=number)
    return take(film, number)


def differences(film: Film) -> list[tuple[str, int]]:
    return [(each.kind, each.shot) for each in load_board(again(film)).stale]


def test_a_chosen_take_takes_the_place_of_the_one_that_was() -> None:
    film = make_read_film()
    made = retake(film, 77)
    assert chosen(film)["shot 1"] == "101"
    before = again(film).version
    choose_take(make_member(team=film.team), made)
    assert chosen(film)["shot 1"] == "77"
    assert again(film).version > before
    event = AuditEvent.objects.get(verb="take.chosen")
    assert event.team == film.team


def test_choosing_what_is_chosen_changes_nothing() -> None:
    film = make_read_film()
    before = again(film).version
    choose_take(make_member(team=film.team), take(film, 101))
    assert again(film).version == before
    assert not AuditEvent.objects.filter(verb="take.chosen").exists()


def test_a_take_can_be_chosen_again_after_another() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    choose_take(who, retake(film, 77))
    choose_take(who, take(film, 101))
    assert chosen(film)["shot 1"] == "101"
    assert differences(film) == []


def test_only_a_take_that_is_here_can_be_chosen() -> None:
    film = make_film()
    read(film, tree({0: [told(11), told(12), told(13, FAILED)]}))
    for number in (12, 13):
        with pytest.raises(FilmRefused, match="take_not_stored"):
            choose_take(make_member(team=film.team), take(film, number))
    film.task.files.filter(remote_id="12").update(state=FileState.STORED)
    choose_take(make_member(team=film.team), take(film, 12))
    assert chosen(film)["shot 0"] == "12"


def test_a_viewer_and_a_stranger_choose_nothing() -> None:
    film = make_read_film()
    made = retake(film, 77)
    for who in (make_member(team=film.team, role=Role.VIEWER), make_member()):
        with pytest.raises(PermissionError):
            choose_take(who, made)
        with pytest.raises(PermissionError):
            rename_film(who, film, "Mine")
    assert chosen(film)["shot 1"] == "101"


def test_a_film_may_be_called_something() -> None:
    film = make_read_film()
    rename_film(make_member(team=film.team), film, " Aurel, autumn ")
    assert str(again(film)) == "Aurel, autumn"


def test_a_film_is_not_stale_when_it_first_comes() -> None:
    assert differences(make_read_film()) == []


def test_a_cut_is_stale_where_it_is_not_what_is_chosen() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    choose_take(who, retake(film, 77))
    choose_take(who, retake(film, 78, SegmentKind.NARRATION))
    assert load_board(again(film)).stale == (
        Difference("shot", 1, ("101",), ("77",)),
        Difference("narration", 0, ("200",), ("78",)),
    )


def test_a_cut_that_is_being_made_is_the_newest_unless_it_fails() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    choose_take(who, retake(film, 77))
    cut = order_cut(who, again(film), accepts_unknown=True, form_token="press")
    assert cut.task
    assert differences(film) == []
    finish(cut.task, number=901, state=FAILED, kept=False)
    assert differences(film) == [("shot", 1)]
    second = order_cut(who, again(film), accepts_unknown=True, form_token="another")
    assert second.task
    finish(second.task, number=902)
    assert differences(film) == []
    assert [cut.number for cut in load_board(again(film)).cuts] == [1, 2, 3]


def test_two_cuts_tell_in_which_segments_they_differ() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    choose_take(who, retake(film, 77, shot=0))
    choose_take(who, retake(film, 78, SegmentKind.MUSIC))
    order_cut(who, again(film), accepts_unknown=True, form_token="press")
    first, second = Cut.objects.filter(film=film).order_by("ordinal")
    assert compare(film, first, second) == (
        Difference("shot", 0, ("100",), ("77",)),
        Difference("music", 0, ("300",), ("78",)),
    )
    assert compare(film, second, second) == ()


def test_the_example_with_two_takes_of_a_shot_in_one_cut_differs_in_that_shot() -> None:
    film = make_film()
    shots = {0: [told(11), told(12)], 1: [told(13)]}
    read(film, tree(shots, [told(21)], [told(31)], [cut(91, [11, 12, 13], 21, 31)]))
    assert load_board(again(film)).stale == (Difference("shot", 0, ("11", "12"), ("11",)),)


def test_a_failed_task_is_no_chosen_take() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    (made,) = order_takes(
        who,
        film,
        SegmentKind.SHOT,
        shot=1,
        prompt="Again",
        accepts_unknown=True,
        form_token="press",
    )
    assert made.task
    finish(made.task, number=77, state=FAILED, kept=False)
    with pytest.raises(FilmRefused, match="take_not_stored"):
        choose_take(who, take(film, 77))
    assert take(film, 77).status == TaskState.FAILED

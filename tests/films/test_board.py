"""What a board and a list of films show, to the credit, in a constant number of queries."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.billing import ledger
from generations.films import (
    Cost,
    board_version,
    choose_take,
    last_price,
    list_films,
    load_board,
    order_cut,
    order_takes,
)
from generations.models import Cut, File, Film, Task
from generations.models.films import PARTS, SegmentKind
from generations.models.tasks import TaskState
from tests.factories import make_member

from .stage import (
    FAILED,
    again,
    cut,
    finish,
    keep,
    make_film,
    make_read_film,
    read,
    take,
    told,
    tree,
)

pytestmark = pytest.mark.django_db


def large_film() -> Film:
    """Four shots with three takes each, two of them ordered here, and three cuts."""
    film = make_film()
    shots = {n: [told(1000 + n)] for n in range(4)}
    cuts = [cut(900 + n, range(1000, 1004), 200, 300) for n in range(3)]
    read(film, tree(shots, [told(200)], [told(300)], cuts))
    keep(*File.objects.filter(task=film.task))
    who = make_member(team=film.team)
    for shot in range(4):
        made = order_takes(
            who, again(film), SegmentKind.SHOT, shot=shot, prompt="Again", count=2,
            accepts_unknown=True, form_token=uuid4().hex,
        )  # fmt: skip
        for place, one in enumerate(made):
            assert one.task
            finish(one.task, number=f"7{shot:02}{place}", cost=80)
    return again(film)


def queries(film: Film) -> int:
    with CaptureQueriesContext(connection) as captured:
        shown = load_board(film)
        assert all(shot.chosen and shot.chosen.may_be_chosen for shot in shown.shots)
        assert all(one.task is None or one.task.created_by.email for one in shown.shots[0].takes)
    return len(captured)


def test_a_board_asks_as_many_queries_for_a_large_film_as_for_a_small_one() -> None:
    small, large = make_read_film(shots=1), large_film()
    assert len(load_board(large).shots) == 4
    assert {len(shot.takes) for shot in load_board(large).shots} == {3}
    assert len(load_board(large).cuts) == 3
    assert queries(small) == queries(large) < 16


def test_a_list_of_films_asks_as_many_queries_for_many_as_for_few() -> None:
    counts = []
    for _ in range(2):
        make_read_film()
        films = list(Film.objects.for_board().newest_first())
        with CaptureQueriesContext(connection) as captured:
            cards = list_films(films)
        counts.append(len(captured))
        assert [card.shots for card in cards] == [3] * len(films)
    assert counts == [6, 6]


def test_a_board_shows_shots_takes_sound_and_cuts() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    (made,) = order_takes(
        who,
        film,
        SegmentKind.SHOT,
        shot=1,
        prompt="At dusk",
        accepts_unknown=True,
        form_token="press",
    )
    shown = load_board(again(film))
    assert [(shot.shot, len(shot.takes)) for shot in shown.shots] == [(0, 1), (1, 2), (2, 1)]
    first, second = shown.shots[1].takes
    assert (first.number, first.remote_id, first.is_chosen, first.cuts) == (1, "101", True, (1,))
    assert (second.number, second.remote_id, second.is_chosen, second.cuts) == (2, "", False, ())
    assert (second.prompt, second.state, second.task) == ("At dusk", TaskState.WAITING, made.task)
    assert shown.narration
    assert shown.music
    assert shown.narration.chosen
    assert shown.narration.chosen.remote_id == "200"
    (only,) = shown.cuts
    assert (only.number, only.remote_id, only.is_newest) == (1, "900", True)
    assert only.pieces["shot", 1] == ["101"]
    assert shown.milliseconds == 9000
    found = shown.take("101")
    assert found
    assert found.milliseconds == 3000
    assert shown.obstacles == ()


def test_a_board_of_a_film_that_is_under_way_is_empty() -> None:
    film = make_film()
    Task.objects.filter(pk=film.task_id).update(state=TaskState.RUNNING, progress=40)
    shown = load_board(again(film))
    assert (shown.shots, shown.narration, shown.cuts, shown.newest_cut) == ((), None, (), None)
    assert shown.film.task.progress == 40


def test_what_a_film_cost_is_told_to_the_credit() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    takes = [
        *order_takes(
            who,
            film,
            SegmentKind.SHOT,
            shot=1,
            prompt="a",
            count=3,
            accepts_unknown=True,
            form_token="one",
        ),
        *order_takes(
            who, film, SegmentKind.NARRATION, prompt="b", accepts_unknown=True, form_token="two"
        ),
        *order_takes(
            who, film, SegmentKind.MUSIC, prompt="c", accepts_unknown=True, form_token="three"
        ),
    ]
    for number, (made, cost) in enumerate(zip(takes, [80, 90, 70, 15, 5], strict=True), start=70):
        assert made.task
        failed = FAILED if number == 72 else None
        finish(made.task, number=number, cost=cost, **{"state": failed} if failed else {})  # type: ignore[arg-type]
    choose_take(who, take(film, 71))
    choose_take(who, take(film, 73))
    cut = order_cut(who, again(film), accepts_unknown=True, form_token="four")
    assert cut.task
    finish(cut.task, number=901, cost=400)
    (last,) = order_takes(
        who,
        again(film),
        SegmentKind.SHOT,
        shot=0,
        prompt="d",
        accepts_unknown=True,
        form_token="five",
    )
    shown = load_board(again(film))
    assert shown.cost == Cost(brief=400, chosen=105, discarded=85, cuts=400, held=90)
    assert shown.cost.spent == 990
    shot = shown.shots[1]
    assert (shot.spent_on_chosen, shot.spent_on_discarded, shot.held) == (90, 80, 0)
    assert shown.shots[0].held == 90
    (balance,) = ledger.balances(film.team)
    assert (balance.spent, balance.held) == (shown.cost.spent, shown.cost.held)
    assert last.task
    assert [card.spent for card in list_films([again(film)])] == [990]


def test_prices_are_what_the_last_of_a_kind_cost_and_else_unknown() -> None:
    film = make_read_film()
    assert load_board(film).prices == dict.fromkeys(PARTS)
    who = make_member(team=film.team)
    for number, cost in ((71, 80), (72, 95)):
        (made,) = order_takes(
            who,
            film,
            SegmentKind.SHOT,
            shot=1,
            prompt="a",
            accepts_unknown=True,
            form_token=f"press {number}",
        )
        assert made.task
        finish(made.task, number=number, cost=cost)
    other = make_read_film()
    assert load_board(again(film)).prices["shot_take"] == 95
    assert load_board(other).prices["shot_take"] is None
    assert last_price(film.task.credential, "film", duration=15) == 400
    assert last_price(film.task.credential, "film", duration=20) is None


def test_a_board_knows_its_last_change_whoever_made_it() -> None:
    film = make_read_film()
    who = make_member(team=film.team)
    (made,) = order_takes(
        who, film, SegmentKind.SHOT, shot=1, prompt="a", accepts_unknown=True, form_token="press"
    )
    versions = [board_version(film)]
    assert made.task
    finish(made.task, number=71)
    versions.append(board_version(film))
    choose_take(who, take(film, 71))
    versions.append(board_version(film))
    read(film, tree({0: []}, [], [], []))
    versions.append(board_version(film))
    assert versions == sorted({*versions})
    assert load_board(again(film)).version == board_version(film)


def test_a_list_shows_the_newest_cut_that_is_here_else_the_first_shot() -> None:
    film = make_read_film()
    first = Cut.objects.get(film=film)
    (card,) = list_films([again(film)])
    assert (card.still, card.shots, card.cuts) == (first.file, 3, 1)
    second = order_cut(make_member(team=film.team), film, accepts_unknown=True, form_token="press")
    (card,) = list_films([again(film)])
    assert (card.still, card.cuts) == (first.file, 2)
    assert second.task
    finish(second.task, number=901)
    (card,) = list_films([again(film)])
    assert card.still == File.objects.get(task=second.task)
    File.objects.filter(remote_id="900").update(state="lost")
    File.objects.filter(task=second.task).update(state="lost")
    (card,) = list_films([again(film)])
    assert card.still == take(film, 100).file

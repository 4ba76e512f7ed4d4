"""A film's tree: read in any order and any number of times, it stays right."""

from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.models import Cut, CutPiece, File, Film, Segment, Take
from generations.models.files import FileState
from generations.models.films import SegmentKind
from generations.models.tasks import TaskState
from generations.providers.contract import FilmReport

from .stage import (
    FAILED,
    RUNNING,
    SUCCEEDED,
    chosen,
    cut,
    make_film,
    read,
    takes,
    told,
    tree,
    usual,
)

pytestmark = pytest.mark.django_db


def rows(film: Film) -> list[object]:
    """All that a tree is, but for when it was read."""
    return [
        list(Segment.objects.filter(film=film).order_by("pk").values()),
        list(Take.objects.filter(film=film).order_by("pk").values_list("pk", "remote_id", "state")),
        list(Take.objects.filter(film=film).order_by("pk").values_list("alarm", "missing_at")),
        list(Cut.objects.filter(film=film).values_list("pk", "remote_id", "state", "ordinal")),
        list(CutPiece.objects.filter(cut__film=film).order_by("pk").values()),
        list(File.objects.filter(task=film.task).order_by("pk").values_list("pk", "remote_id")),
    ]


def version(film: Film) -> int:
    return Film.objects.values_list("version", flat=True).get(pk=film.pk)


def test_a_first_reading_makes_segments_takes_and_the_cut() -> None:
    film = make_film()
    assert read(film, usual()) is False
    assert chosen(film) == {
        "music 0": "300",
        "narration 0": "200",
        "shot 0": "100",
        "shot 1": "101",
        "shot 2": "102",
    }
    cut = Cut.objects.get(film=film)
    pieces = cut.pieces.order_by("kind", "ordinal")
    assert [(piece.kind, piece.ordinal, piece.remote_id) for piece in pieces] == [
        ("music", 0, "300"),
        ("narration", 0, "200"),
        ("shot", 0, "100"),
        ("shot", 1, "101"),
        ("shot", 2, "102"),
    ]
    assert all(piece.take and piece.take.remote_id == piece.remote_id for piece in pieces)


def test_every_part_is_to_be_fetched_as_a_file_of_the_film() -> None:
    film = make_film()
    read(film, usual())
    files = File.objects.filter(task=film.task, state=FileState.REMOTE).order_by("remote_id")
    assert [(file.remote_id, file.role, file.url) for file in files] == [
        ("100", "video", "https://cdn.example/100"),
        ("101", "video", "https://cdn.example/101"),
        ("102", "video", "https://cdn.example/102"),
        ("200", "audio", "https://cdn.example/200"),
        ("300", "audio", "https://cdn.example/300"),
        ("900", "video", "https://cdn.example/900"),
    ]
    assert len({file.ordinal for file in files}) == 6
    for part in (*Take.objects.filter(film=film), *Cut.objects.filter(film=film)):
        assert part.file
        assert part.file.remote_id == part.remote_id


def test_a_second_reading_of_the_same_changes_nothing_that_shows() -> None:
    film = make_film()
    read(film, usual())
    before, at = rows(film), version(film)
    read(film, usual())
    assert rows(film) == before
    assert version(film) == at


def test_the_order_within_a_reply_means_nothing() -> None:
    records = [told(11), told(12), told(9)]
    found = []
    for order in permutations(records):
        film = make_film()
        read(film, tree({0: order}))
        found.append([take.number for take in takes(film)])
    assert found == [["9", "11", "12"]] * 6


def test_numbers_grow_in_length_too() -> None:
    film = make_film()
    read(film, tree({0: [told(10), told(9)]}))
    assert [take.number for take in takes(film)] == ["9", "10"]


def test_a_film_chooses_what_its_own_cut_was_made_of() -> None:
    film = make_film()
    report = tree({0: [told(11), told(12)]}, [told(21), told(22)], [], [cut(91, [12], 22)])
    read(film, report)
    assert chosen(film) == {"music 0": "", "narration 0": "22", "shot 0": "12"}


def test_without_a_cut_the_first_take_that_did_not_fail_is_chosen() -> None:
    film = make_film()
    read(film, tree({0: [told(11, FAILED), told(12, RUNNING), told(13)], 1: [told(14, FAILED)]}))
    assert chosen(film)["shot 0"] == "12"
    assert chosen(film)["shot 1"] == ""


def test_a_new_take_never_chooses_itself() -> None:
    film = make_film()
    read(film, tree({0: [told(11)], 1: [told(12, FAILED)]}))
    later = tree(
        {0: [told(11), told(13)], 1: [told(12, FAILED), told(14)]}, [], [], [cut(91, [13])]
    )
    read(film, later)
    assert (chosen(film)["shot 0"], chosen(film)["shot 1"]) == ("11", "")


def test_a_shot_that_comes_later_chooses_its_first_take() -> None:
    film = make_film()
    read(film, tree({0: [told(11)]}))
    read(film, usual())
    assert chosen(film)["shot 1"] == "101"
    assert chosen(film)["shot 0"] == "11"


def test_states_go_forward_only() -> None:
    film = make_film()
    for state in (RUNNING, None, SUCCEEDED, RUNNING, None):
        read(film, tree({0: [told(11, state)]}))
    assert takes(film)[0].state == TaskState.SUCCEEDED
    assert takes(film)[0].alarm == ""


def test_a_record_that_turns_failed_after_success_raises_an_alarm_and_changes_nothing() -> None:
    film = make_film()
    read(film, usual())
    at = version(film)
    read(film, tree({0: [told(100, FAILED)], 1: [told(101)], 2: [told(102)]}))
    (take,) = takes(film)
    assert (take.state, take.alarm) == (TaskState.SUCCEEDED, "turned_failed")
    assert chosen(film)["shot 0"] == "100"
    assert version(film) > at


def test_a_record_that_turns_good_after_it_failed_raises_an_alarm_and_changes_nothing() -> None:
    film = make_film()
    read(film, tree({0: [told(11, FAILED)]}))
    read(film, tree({0: [told(11)]}))
    (take,) = takes(film)
    assert (take.state, take.alarm) == (TaskState.FAILED, "turned_succeeded")
    assert not File.objects.filter(task=film.task).exists()


def test_a_record_that_is_gone_is_marked_and_may_come_back() -> None:
    film = make_film()
    read(film, usual())
    File.objects.update(state=FileState.STORED)
    read(film, tree({0: [], 1: [told(101)]}, [told(200)], [told(300)]))
    (take,) = takes(film)
    assert (take.is_missing, take.alarm) == (True, "")
    assert takes(film, SegmentKind.SHOT, 2)[0].is_missing
    assert chosen(film)["shot 0"] == "100"
    read(film, usual())
    assert not takes(film)[0].is_missing


def test_a_record_that_is_gone_before_it_was_kept_raises_an_alarm_where_it_is_needed() -> None:
    film = make_film()
    read(film, tree({0: [told(11), told(12), told(13)]}, [], [], [cut(91, [12])]))
    Segment.objects.filter(film=film, kind="shot").update(chosen=Take.objects.get(remote_id="13"))
    read(film, tree({0: []}, [], [], [cut(91, [12])]))
    assert [(take.number, take.alarm) for take in takes(film)] == [
        ("11", ""),
        ("12", "removed"),
        ("13", "removed"),
    ]
    read(film, tree({0: [told(12)]}))
    assert [take.alarm for take in takes(film)] == ["", "", "removed"]


def test_a_take_that_came_later_than_the_cut_it_is_in_is_needed_too() -> None:
    film = make_film()
    read(film, tree({0: [told(11)]}, [], [], [cut(900, [10])]))
    read(film, tree({0: [told(10), told(11)]}))
    read(film, tree({0: [told(11)]}))
    assert Take.objects.get(film=film, remote_id="10").alarm == "removed"


def test_the_newest_cut_that_is_gone_before_it_was_kept_raises_an_alarm() -> None:
    film = make_film()
    read(film, tree({0: [told(11)]}, [], [], [cut(91, [11]), cut(92, [11])]))
    read(film, tree({0: [told(11)]}))
    alarms = Cut.objects.filter(film=film).order_by("ordinal").values_list("alarm")
    assert [alarm for (alarm,) in alarms] == ["", "removed"]


def test_an_unknown_record_becomes_a_take_of_its_segment() -> None:
    film = make_film()
    read(film, usual())
    read(
        film, tree({0: [told(100), told(555)], 7: [told(556)]}, [told(200), told(557)], [told(300)])
    )
    assert [take.number for take in takes(film)] == ["100", "555"]
    assert [take.number for take in takes(film, SegmentKind.SHOT, 7)] == ["556"]
    assert [take.number for take in takes(film, SegmentKind.NARRATION)] == ["200", "557"]


def test_a_record_that_moves_to_another_shot_raises_an_alarm_and_stays() -> None:
    film = make_film()
    read(film, tree({0: [told(11)], 1: [told(12)]}))
    read(film, tree({0: [told(12)], 1: [told(11)]}))
    assert [(take.number, take.alarm) for take in takes(film)] == [("11", "moved shot 1")]
    assert chosen(film)["shot 0"] == "11"


def test_a_reply_with_unreadable_records_raises_an_alarm() -> None:
    film = make_film()
    read(film, tree({0: [told(11)]}, unread=2))
    assert Film.objects.get(pk=film.pk).alarm == "unread 2"


def test_a_film_whose_tree_says_it_failed_raises_an_alarm() -> None:
    film = make_film()
    read(film, tree({0: [told(11)]}, state=FAILED))
    assert Film.objects.get(pk=film.pk).alarm == "turned_failed"
    assert chosen(film)["shot 0"] == "11"


def test_the_example_of_the_documents_with_more_takes_than_shots_is_kept_as_it_is() -> None:
    film = make_film()
    report = tree({0: [told(11), told(12)], 1: [told(13)]}, [], [], [cut(91, [11, 12, 13])])
    read(film, report)
    pieces = CutPiece.objects.filter(cut__film=film).order_by("ordinal")
    assert [piece.remote_id for piece in pieces] == ["11", "12", "13"]
    assert chosen(film)["shot 0"] == "11"


def test_a_cut_that_names_other_ingredients_later_raises_an_alarm_and_keeps_the_first() -> None:
    film = make_film()
    read(film, tree({0: [told(11), told(12)]}, [], [], [cut(91, [11])]))
    read(film, tree({0: [told(11), told(12)]}, [], [], [cut(91, [12])]))
    differing = Cut.objects.get(film=film)
    assert differing.alarm == "differs shot"
    assert [piece.remote_id for piece in differing.pieces.all()] == ["11"]


def test_a_cut_learns_its_ingredients_and_their_takes_as_they_come() -> None:
    film = make_film()
    read(film, tree({0: []}, [], [], [cut(91, state=RUNNING)]))
    read(film, tree({0: []}, [], [], [cut(91, [11], 21)]))
    pieces = CutPiece.objects.filter(cut__film=film).order_by("kind")
    assert [(piece.remote_id, piece.take) for piece in pieces] == [("21", None), ("11", None)]
    read(film, tree({0: [told(11)]}, [told(21)], [], [cut(91, [11], 21)]))
    assert [piece.take.remote_id for piece in pieces.all() if piece.take] == ["21", "11"]
    assert Cut.objects.get(film=film).alarm == ""


def test_a_link_is_renewed_until_its_file_is_kept() -> None:
    film = make_film()
    read(film, tree({0: [told(11, url="https://cdn.example/old")]}))
    file = File.objects.get(task=film.task)
    File.objects.update(not_before=file.seen_at)
    read(film, tree({0: [told(11, url="https://cdn.example/new")]}))
    file.refresh_from_db()
    assert (file.url, file.not_before) == ("https://cdn.example/new", None)
    File.objects.update(state=FileState.STORED)
    read(film, tree({0: [told(11, url="https://cdn.example/newer")]}))
    file.refresh_from_db()
    assert file.url == "https://cdn.example/new"


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (tree({0: [told(11, RUNNING)]}), True),
        (tree({0: [told(11, None)]}), True),
        (tree({}), True),
        (tree({0: [told(11), told(12, FAILED)]}), False),
        (tree({0: [told(11)]}, [], [], [cut(91, state=RUNNING)]), True),
    ],
)
def test_more_is_expected_while_something_is_under_way(report: FilmReport, expected: bool) -> None:
    assert read(make_film(), report) is expected


def test_reading_again_asks_as_many_queries_of_a_large_film_as_of_a_small_one() -> None:
    small, large = make_film(), make_film()
    shots = {n: [told(1000 * (n + 1) + k) for k in range(5)] for n in range(12)}
    replies = {
        small: usual(shots=1),
        large: tree(shots, [told(200)], [told(300)], [cut(900, [1000], 200, 300)]),
    }
    asked = []
    for film, reply in replies.items():
        read(film, reply)
        File.objects.update(state=FileState.STORED)
        with CaptureQueriesContext(connection) as queries:
            read(film, reply)
        asked.append(len(queries))
    assert asked[0] == asked[1] < 20

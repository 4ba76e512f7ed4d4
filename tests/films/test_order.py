"""A film and its parts are ordered; what the film does not allow is refused before that."""

from uuid import uuid4

import pytest

from generations.billing import ledger
from generations.films import CutSelection, FilmRefused, order_cut, order_film, order_takes
from generations.lifecycle import order as orders
from generations.lifecycle import transitions
from generations.models import Cut, Film, Membership, Role, Segment, Take, Task
from generations.models.files import FileState
from generations.models.films import SegmentKind
from generations.models.tasks import TaskState
from generations.providers.contract import FilmEdit, Order, Picture, Reason
from generations.uploads import NamedUpload
from tests.factories import make_credential, make_member, make_upload

from .stage import FAILED, again, finish, make_film, make_read_film, read, take, told, tree, usual

pytestmark = pytest.mark.django_db
SHOT, NARRATION, MUSIC = SegmentKind.SHOT, SegmentKind.NARRATION, SegmentKind.MUSIC
PICTURE = Picture(800, 600, 90_000)


def member(film: Film, role: Role = Role.PRODUCER) -> Membership:
    return make_member(team=film.team, role=role)


def retake(
    film: Film, kind: SegmentKind = SHOT, shot: int | None = 1, **wanted: object
) -> list[Take]:
    said = {"prompt": "An evening walk", "form_token": uuid4().hex, **wanted}
    return order_takes(member(film), film, kind, shot=shot, accepts_unknown=True, **said)  # type: ignore[arg-type]


def cut_again(film: Film, pieces: CutSelection | None = None) -> Cut:
    return order_cut(member(film), film, pieces, accepts_unknown=True, form_token=uuid4().hex)


def refusal(film: Film, **wanted: object) -> tuple[str, dict[str, object]]:
    """The first reason why nothing is ordered; and nothing is."""
    before = Task.objects.count()
    with pytest.raises(FilmRefused) as refused:
        retake(film, **wanted)  # type: ignore[arg-type]
    assert Task.objects.count() == before
    return refused.value.code, dict(refused.value.obstacles[0].values)


def obstacles(film: Film, pieces: CutSelection | None = None) -> list[tuple[str, object]]:
    """All reasons why no cut is ordered, each with its shot; and none is."""
    before = Task.objects.count()
    with pytest.raises(FilmRefused) as refused:
        cut_again(film, pieces)
    assert Task.objects.count() == before
    return [(each.code, each.values.get("shot")) for each in refused.value.obstacles]


# ---- A film ---------------------------------------------------------------------------------


def test_a_brief_makes_a_task_and_a_film_of_one_press() -> None:
    membership = make_member()
    credential = make_credential(team=membership.team)
    brief = Order("film", "one-click", "", images=[PICTURE], options={"language": "en"})
    films = {
        order_film(membership, credential, brief, accepts_unknown=True, form_token="press")
        for _ in range(2)
    }
    (film,) = films
    assert (film.task.kind, film.task.state) == ("film", TaskState.WAITING)
    assert film.task.settings == {"language": "en"}
    assert Task.objects.count() == Film.objects.count() == 1


def test_a_brief_keeps_its_pictures_in_their_order_and_takes_no_other_teams() -> None:
    membership = make_member()
    credential = make_credential(team=membership.team)
    pictures = [NamedUpload(make_upload(team=membership.team)) for _ in range(2)]
    brief = Order("film", "one-click", "")
    film = order_film(
        membership, credential, brief, pictures=pictures, accepts_unknown=True, form_token="press"
    )
    kept = film.task.pictures.order_by("ordinal").values_list("upload", flat=True)
    assert list(kept) == [picture.upload.pk for picture in pictures]
    theirs = [NamedUpload(make_upload(team=make_member().team))]
    with pytest.raises(PermissionError):
        order_film(
            membership,
            credential,
            brief,
            pictures=theirs,
            accepts_unknown=True,
            form_token="another",
        )


def test_a_brief_that_cannot_be_expressed_makes_no_film() -> None:
    membership = make_member()
    credential = make_credential(team=membership.team)
    with pytest.raises(orders.Invalid):
        order_film(
            membership,
            credential,
            Order("film", "one-click", ""),
            accepts_unknown=True,
            form_token="press",
        )
    assert not Film.objects.exists()


def test_a_film_holds_what_the_last_one_of_its_length_on_this_key_cost() -> None:
    membership = make_member()
    earlier = make_film(membership=membership, cost=640)
    credential = earlier.task.credential
    costs = []
    for duration in (15, 20):
        brief = Order("film", "one-click", "", duration, images=[PICTURE])
        film = order_film(
            membership, credential, brief, accepts_unknown=True, form_token=f"press {duration}"
        )
        costs.append(film.task.attempts.get().estimate)
    assert costs == [640, None]


# ---- A segment's next takes -------------------------------------------------------------------


def test_a_retake_is_a_task_of_its_own_with_attempt_hold_and_place() -> None:
    film = make_read_film()
    first, second = retake(film, count=2)
    for place, made in enumerate((first, second), start=1):
        assert made.task
        assert (made.task.kind, made.task.model, made.task.prompt) == (
            "shot_take",
            "footage",
            "An evening walk",
        )
        assert (made.ordinal, made.remote_id, made.status) == (place, "", TaskState.WAITING)
        assert made.task.attempts.get().entries.get().kind == "hold"
        assert made.prompt == "An evening walk"
    assert first.segment.chosen != first
    assert not list(ledger.verify())


@pytest.mark.parametrize(
    ("kind", "task_kind", "shot"),
    [(SHOT, "shot_take", 1), (NARRATION, "narration_take", None), (MUSIC, "music_take", None)],
)
def test_a_part_names_its_film_and_only_a_footage_its_shot(
    kind: SegmentKind, task_kind: str, shot: int | None
) -> None:
    film = make_read_film()
    (made,) = retake(film, kind, shot=1)
    assert made.task
    assert made.task.kind == task_kind
    number = film.task.attempts.get().remote_id
    assert FilmEdit(**made.task.settings["film_edit"]) == FilmEdit(
        number,
        shot_index=shot,
        take_remote_ids=[],  # type: ignore[arg-type]
    )


def test_the_same_press_makes_the_same_takes_once() -> None:
    film = make_read_film()
    for _ in range(2):
        made = retake(film, count=3, form_token="press")
    assert [each.ordinal for each in made] == [1, 2, 3]
    assert Take.objects.filter(segment=made[0].segment).count() == 4


def test_the_next_retake_holds_what_the_last_one_on_this_key_cost() -> None:
    film = make_read_film()
    (first,) = retake(film)
    assert first.task
    finish(first.task, number=555, cost=80)
    (second,) = retake(film, shot=2)
    (voice,) = retake(film, NARRATION)
    assert second.task
    assert voice.task
    assert second.task.attempts.get().estimate == 80
    assert voice.task.attempts.get().estimate is None


@pytest.mark.parametrize(
    ("wanted", "code", "values"),
    [
        ({"shot": None}, "shot_required", {}),
        ({"shot": 3}, "shot_unknown", {"shot": 3}),
        ({"shot": -1}, "shot_unknown", {"shot": -1}),
        ({"prompt": " \n"}, "prompt_required", {}),
        ({"prompt": "x" * 2001}, "prompt_too_long", {"limit": 2000, "length": 2001}),
    ],
)
def test_a_retake_that_cannot_be_expressed_is_refused_unsent(
    wanted: dict[str, object], code: str, values: dict[str, object]
) -> None:
    assert refusal(make_read_film(), **wanted) == (code, values)


@pytest.mark.parametrize("state", [TaskState.RUNNING, TaskState.FAILED, TaskState.UNCLEAR])
def test_a_film_that_is_not_finished_cannot_be_changed(state: TaskState) -> None:
    film = make_read_film()
    Task.objects.filter(pk=film.task_id).update(state=state)
    assert refusal(again(film)) == ("not_finished", {})
    assert obstacles(again(film)) == [("not_finished", None)]


def test_a_film_whose_tree_was_never_read_cannot_be_changed() -> None:
    assert refusal(again(make_film())) == ("not_finished", {})


@pytest.mark.parametrize("count", [0, 21])
def test_takes_are_ordered_in_sensible_numbers(count: int) -> None:
    with pytest.raises(orders.Invalid):
        retake(make_read_film(), count=count)


def test_a_viewer_and_a_stranger_change_nothing() -> None:
    film = make_read_film()
    for who in (member(film, Role.VIEWER), make_member()):
        with pytest.raises(PermissionError):
            order_takes(
                who, film, MUSIC, prompt="Strings", accepts_unknown=True, form_token="press"
            )
        with pytest.raises(PermissionError):
            order_cut(who, film, accepts_unknown=True, form_token="press")
    assert Task.objects.count() == 1


def test_a_paused_key_and_an_empty_purse_are_told() -> None:
    film = make_read_film()
    (first,) = retake(film)
    assert first.task
    finish(first.task, number=555, cost=80)
    credential = film.task.credential
    type(credential).objects.filter(pk=credential.pk).update(balance=10)
    with pytest.raises(orders.NotEnough) as short:
        retake(film, shot=2)
    assert short.value.needed == 80
    transitions.pause_credential(credential, Reason.KEY_REFUSED)
    with pytest.raises(orders.Paused):
        retake(film, shot=2)
    assert Take.objects.filter(task__isnull=False).count() == 1
    assert not list(ledger.verify())


# ---- A cut ----------------------------------------------------------------------------------


def test_a_cut_is_made_of_what_is_chosen_in_the_order_of_the_film() -> None:
    film = make_read_film()
    (made,) = retake(film)
    assert made.task
    finish(made.task, number=77)
    Segment.objects.filter(pk=made.segment_id).update(chosen=made)
    cut = cut_again(film)
    assert cut.task
    number = film.task.attempts.get().remote_id
    assert cut.task.settings["film_edit"] == {
        "film_remote_id": number,
        "shot_index": None,
        "take_remote_ids": ["100", "77", "102"],
        "narration_remote_id": "200",
        "music_remote_id": "300",
    }
    pieces = cut.pieces.order_by("kind", "ordinal").values_list("remote_id", "take")
    assert list(pieces)[2:] == [
        ("100", take(film, 100).pk),
        ("77", made.pk),
        ("102", take(film, 102).pk),
    ]
    assert (cut.ordinal, cut.status) == (1, TaskState.WAITING)


def test_a_cut_may_name_its_takes_itself() -> None:
    film = make_read_film()
    named = CutSelection(("100", "101", "102"), "200", "300")
    cut_again(film, named)
    assert Cut.objects.filter(film=film).count() == 2


def test_the_same_press_makes_one_cut() -> None:
    film = make_read_film()
    who = member(film)
    assert order_cut(who, film, accepts_unknown=True, form_token="press") == order_cut(
        who, film, accepts_unknown=True, form_token="press"
    )


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        (CutSelection(("100", "101"), "200", "300"), [("takes_count", None)]),
        (CutSelection(("100", "101", "102", "101"), "200", "300"), [("takes_count", None)]),
        (
            CutSelection(("101", "100", "102"), "200", "300"),
            [("take_misplaced", 0), ("take_misplaced", 1)],
        ),
        (CutSelection(("100", "", "102"), "200", "300"), [("take_required", 1)]),
        (CutSelection(("100", "9", "102"), "200", "300"), [("take_unknown", 1)]),
        (CutSelection(("100", "101", "102"), "", "300"), [("narration_required", 0)]),
        (CutSelection(("100", "101", "102"), "200"), [("music_required", 0)]),
        (CutSelection(("100", "101", "102"), "300", "200"), [("take_misplaced", 0)] * 2),
    ],
)
def test_a_cut_of_the_wrong_takes_is_refused_unsent(
    pieces: CutSelection, found: list[tuple[str, object]]
) -> None:
    assert obstacles(make_read_film(), pieces) == found


def test_a_cut_with_a_take_of_another_film_is_refused_unsent() -> None:
    other, film = make_read_film(), make_read_film(shots=2)
    theirs = take(other, 102)
    assert obstacles(film, CutSelection(("100", theirs.remote_id), "200", "300")) == [
        ("take_unknown", 1)
    ]


def test_all_that_is_missing_or_not_kept_is_told_at_once() -> None:
    film = make_film()
    read(film, tree({0: [told(1)], 1: [told(2, FAILED)]}, [], [told(300)]))
    assert obstacles(again(film)) == [
        ("take_not_stored", 0),
        ("take_required", 1),
        ("narration_required", 0),
        ("take_not_stored", 0),
    ]


@pytest.mark.parametrize("state", [FileState.FETCHING, FileState.LOST])
def test_a_cut_with_a_take_that_is_not_kept_is_refused_unsent(state: FileState) -> None:
    film = make_read_film()
    film.task.files.filter(remote_id="101").update(state=state)
    assert obstacles(film) == [("take_not_stored", 1)]


def test_a_film_without_shots_makes_no_cut() -> None:
    film = make_film()
    read(film, tree({}, [told(200)], [told(300)]))
    assert ("takes_count", None) in obstacles(again(film))


def test_a_retake_that_the_tree_showed_before_its_order_was_clear_is_one_take() -> None:
    """Its answer was lost; the tree named it first, and then its number was found."""
    film = make_read_film()
    (made,) = retake(film)
    assert made.task
    report = usual()
    shots = {shot.index: list(shot.records) for shot in report.shots}
    shots[1].append(told(555))
    read(film, tree(shots, report.narrations, report.musics, report.cuts))
    assert Take.objects.filter(segment=made.segment).count() == 3
    finish(made.task, number=555)
    (_first, second) = Take.objects.filter(segment=made.segment).order_by("ordinal")
    assert (second.remote_id, second.task, second.status) == ("555", made.task, TaskState.SUCCEEDED)

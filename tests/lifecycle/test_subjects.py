"""Subjects that the provider keeps: ordered once, found by their name, and used in later clips."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest

from generations import crash
from generations.lifecycle import actions, send, sweep
from generations.lifecycle import order as ordering
from generations.models import Credential, File, Task, TaskPicture, Upload
from generations.models.tasks import AttemptState, TaskState
from generations.providers.catalogue import Problem
from generations.providers.contract import Order, Reason, TaskKind
from generations.sandbox.http import Request
from generations.uploads import NamedUpload
from tests.cases import case
from tests.factories import make_credential, make_member, make_upload

from .conftest import World
from .test_pictures import data_uri

ADDRESS = "/ent/v2/subjects"
CREDITS = 5


def picture(world: World) -> Upload:
    return make_upload(team=world.membership.team)


def keep(
    world: World,
    name: str = "bottle",
    *,
    key: Credential | None = None,
    count: int = 1,
    press: str = "",
) -> Task:
    """The order of a subject, before anything is sent."""
    (task,) = ordering.order(
        world.membership,
        key or world.credential,
        Order(TaskKind.SUBJECT, "subject", name),
        pictures=[NamedUpload(picture(world)) for _ in range(count)],
        form_token=press or uuid4().hex,
    )
    return task


def kept(world: World, name: str = "bottle") -> Task:
    """A subject that the provider keeps."""
    task = keep(world, name)
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    return task


def clip_of(
    world: World, pictures: Sequence[NamedUpload], prompt: str, key: Credential | None = None
) -> Task:
    """The order of a clip that shows subjects."""
    order = Order(
        TaskKind.REFERENCES_TO_VIDEO, "viduq2", prompt, duration=5, resolution="720p", seed=7
    )
    (task,) = ordering.order(
        world.membership,
        key or world.credential,
        order,
        pictures=pictures,
        form_token=uuid4().hex,
    )
    return task


def keep_elsewhere(world: World, name: str = "bottle") -> None:
    """Let the account keep a subject that was not ordered here."""
    body = {"name": name, "images": [data_uri(picture(world))]}
    headers = {"Authorization": f"Token {world.key}"}
    made = httpx.post(world.sandbox.url + ADDRESS, json=body, headers=headers, trust_env=False)
    assert made.status_code == 200


def requests(world: World, method: str, path: str = ADDRESS) -> list[Request]:
    return [each for each in world.sandbox.requests if (each.method, each.path) == (method, path)]


def questions_for_tasks(world: World) -> list[str]:
    """What was asked as if a subject were a task."""
    return [each.path for each in world.sandbox.requests if each.path.startswith("/ent/v2/tasks")]


def problems(world: World, *args: Any, **values: Any) -> Sequence[Problem]:
    """Why a subject's name or a clip's pictures are refused; nothing is made and nothing held."""
    before = Task.objects.count()
    with pytest.raises(ordering.Invalid) as refused:
        clip_of(world, *args, **values) if args else keep(world, **values)
    assert Task.objects.count() == before
    return refused.value.problems


# ---- One order --------------------------------------------------------------------------------


def test_a_subject_is_kept_by_the_answer_to_its_one_order(world: World) -> None:
    task = keep(world, count=2)
    assert world.attempt(task).estimate == CREDITS
    world.check_books(spent=0, held=CREDITS)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.title, task.model) == (TaskState.SUCCEEDED, "bottle", "subject")
    (post,) = requests(world, "POST")
    (at_provider,) = world.sandbox.tasks.values()
    attempt = world.attempt(task)
    assert (attempt.state, attempt.remote_id) == (AttemptState.ACCEPTED, at_provider.id)
    assert attempt.booked == CREDITS
    assert json.loads(post.body) == {
        "name": "bottle",
        "images": [data_uri(row.upload) for row in task.pictures.order_by("ordinal")],
    }
    with case("before it the list was asked for, once"):
        assert [each.method for each in world.sandbox.requests if each.path == ADDRESS] == [
            "GET",
            "POST",
        ]
    with case("there is no file, no alarm, and no question ever after"):
        for _ in range(6):
            world.wait(3600)
            sweep.sweep(0)
        task.refresh_from_db()
        assert (task.state, task.alarm, task.misses) == (TaskState.SUCCEEDED, "", 0)
        assert not File.objects.exists()
        assert not questions_for_tasks(world)
        assert len(requests(world, "GET")) == 1
    world.check_books(spent=CREDITS)


def test_a_name_that_the_account_keeps_is_refused_before_anything_leaves(world: World) -> None:
    keep_elsewhere(world)
    task = keep(world)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.reason) == (TaskState.FAILED, Reason.NAME_TAKEN)
    assert world.attempt(task).sent_at is None
    assert len(requests(world, "POST")) == 1, "the one from elsewhere"
    world.check_books(spent=0)
    with case("another account is free to keep one of this name"):
        other = make_credential(
            team=world.membership.team, base_url=world.sandbox.url, name="Another account"
        )
        task = keep(world, key=other)
        world.cluster.work()
        task.refresh_from_db()
        assert task.state == TaskState.SUCCEEDED


@pytest.mark.parametrize("fault", ["[500 before]", "[drop before]", "[not JSON]"])
def test_where_the_list_has_no_answer_the_order_waits_and_is_sent_later(
    world: World, fault: str
) -> None:
    world.sandbox.set_fault(world.key, fault, on="query", times=1)
    task = keep(world)
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.WAITING
    assert not requests(world, "POST")
    world.check_books(spent=0, held=CREDITS)
    world.end()
    task.refresh_from_db()
    assert (task.state, task.alarm) == (TaskState.SUCCEEDED, "")
    assert len(requests(world, "POST")) == 1
    world.check_books(spent=CREDITS)


def test_one_refused_question_for_the_list_is_no_proof_against_the_key(world: World) -> None:
    world.sandbox.set_fault(world.key, "[refuse Unauthorized]", on="query", times=1)
    task = keep(world)
    world.cluster.work()
    task.refresh_from_db()
    world.credential.refresh_from_db()
    assert (task.state, world.credential.is_paused) == (TaskState.WAITING, False)
    assert not requests(world, "POST")
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    world.check_books(spent=CREDITS)


def test_the_question_for_the_list_is_counted_in_the_budget_of_the_key(world: World) -> None:
    Credential.objects.filter(pk=world.credential.pk).update(requests_per_minute=6)
    tasks = [keep(world, f"bottle {number}") for number in range(5)]
    world.run(lambda: not Task.objects.exclude(state=TaskState.SUCCEEDED).exists(), most=300)
    at = [each.at for each in world.sandbox.requests if each.path == ADDRESS]
    assert len(at) == 2 * len(tasks)
    assert max(sum(start <= moment < start + 60 for moment in at) for start in at) <= 6


# ---- An answer that was lost ------------------------------------------------------------------


LOST = {
    "[500 after]": True,
    "[drop after]": True,
    "[garbled]": True,
    "[500 before]": False,
    "[drop before]": False,
}


@pytest.mark.parametrize("words", LOST)
def test_a_subject_whose_answer_was_lost_is_found_by_its_name_or_stays_unclear(
    world: World, words: str
) -> None:
    task = keep(world, f"bottle {words}")
    world.cluster.lost.add("recover")
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    world.check_books(spent=0, held=CREDITS)
    world.cluster.lost.clear()
    for _ in range(4):
        world.wait(400)
        sweep.sweep(0)
        world.cluster.work()
    task.refresh_from_db()
    assert len(requests(world, "POST")) == 1
    if LOST[words]:
        (at_provider,) = world.sandbox.tasks.values()
        assert (task.state, task.alarm, task.code) == (TaskState.SUCCEEDED, "", "")
        assert world.attempt(task).remote_id == at_provider.id
        world.check_books(spent=CREDITS)
    else:
        assert task.state == TaskState.UNCLEAR
        world.check_books(spent=0, held=CREDITS)
    assert not questions_for_tasks(world)


def test_a_subject_of_another_name_or_another_order_is_never_taken_for_ours(world: World) -> None:
    """Two keys may be of one account, which keeps subjects for both of them."""
    twin = make_credential(
        team=world.membership.team, base_url=world.sandbox.url, key=world.key, name="Twin"
    )
    world.sandbox.set_fault(world.key, "[500 before]", on="create", times=1)
    lost = keep(world)
    world.cluster.work()
    keep_elsewhere(world, "bottles")
    keep_elsewhere(world, "Bottle")
    theirs = keep(world, key=twin)
    world.cluster.work()
    theirs.refresh_from_db()
    assert theirs.state == TaskState.SUCCEEDED
    world.cluster.deliver("recover", world.attempt(lost).pk)
    lost.refresh_from_db()
    assert lost.state == TaskState.UNCLEAR, "it never arrived, and the other order has paid"


class Killed(BaseException):
    """A process that ends here, as by SIGKILL."""


DEATHS = {"send.claimed": 1, "send.marked": 0, "send.posted": 1, "take in": 1}


@pytest.mark.parametrize("point", DEATHS)
def test_a_sender_that_dies_never_makes_a_second_subject(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def die(name: object, *_: object) -> None:
        if point in {name, "take in"}:
            raise Killed

    task = keep(world)
    target, name = (send, "_take_in") if point == "take in" else (crash, "point")
    with monkeypatch.context() as patch:
        patch.setattr(target, name, die)
        with pytest.raises(Killed):
            world.cluster.work()
    task.refresh_from_db()
    assert task.state == (TaskState.QUEUED if point == "take in" else TaskState.SENDING)
    for _ in range(4):
        world.wait(120)
        sweep.sweep(0)
        world.cluster.work()
    task.refresh_from_db()
    assert len(requests(world, "POST")) == DEATHS[point]
    if point == "send.marked":
        assert task.state == TaskState.UNCLEAR, "nobody can tell whether it left"
        return world.check_books(spent=0, held=CREDITS)
    assert (task.state, task.alarm, task.misses) == (TaskState.SUCCEEDED, "", 0)
    asked = [each.values("subject_ids") for each in requests(world, "GET")]
    assert ([world.attempt(task).remote_id] in asked) == (point in {"send.posted", "take in"})
    assert not questions_for_tasks(world)
    return world.check_books(spent=CREDITS)


def test_a_subject_that_is_sent_again_although_it_arrived_is_not_paid_twice(world: World) -> None:
    task = keep(world, "bottle [500 after]")
    world.cluster.lost.add("recover")
    world.cluster.work()
    task.refresh_from_db()
    actions.release(task, world.membership.user, send_again=True)
    world.end()
    task.refresh_from_db()
    assert (task.state, task.reason) == (TaskState.FAILED, Reason.NAME_TAKEN)
    assert len(requests(world, "POST")) == 1
    world.check_books(spent=0)


def test_a_person_gives_the_id_of_an_unclear_subject(world: World) -> None:
    task = keep(world, "bottle [500 after]")
    world.cluster.lost.add("recover")
    world.cluster.work()
    (at_provider,) = world.sandbox.tasks.values()
    with pytest.raises(actions.NotFound) as refused:
        actions.accept_found_id(task, "404404", world.membership.user)
    assert refused.value.code == Reason.NOT_FOUND
    actions.accept_found_id(task, at_provider.id, world.membership.user)
    task.refresh_from_db()
    assert (task.state, task.alarm) == (TaskState.SUCCEEDED, "")
    world.check_books(spent=CREDITS)


# ---- The name ---------------------------------------------------------------------------------


def test_a_name_that_this_key_has_is_refused_when_it_is_ordered(world: World) -> None:
    taken = {
        TaskState.UNCLEAR: keep(world, "vase [500 before]"),
        TaskState.SUCCEEDED: keep(world),
    }
    world.cluster.work()
    taken[TaskState.WAITING] = keep(world, "jar")
    for state, task in taken.items():
        task.refresh_from_db()
        with case(state):
            assert task.state == state
            found = problems(world, name=task.prompt)
            assert found == (Problem("prompt", "taken", {"name": task.prompt}),)
    with case("what failed has no name"):
        actions.release(taken[TaskState.UNCLEAR], world.membership.user, send_again=False)
        assert keep(world, taken[TaskState.UNCLEAR].prompt).state == TaskState.WAITING
    with case("another key has names of its own"):
        other = make_credential(team=world.membership.team, base_url=world.sandbox.url, name="B")
        assert keep(world, key=other).state == TaskState.WAITING


def test_a_double_press_keeps_one_subject(world: World) -> None:
    first, again = (keep(world, press="one-press") for _ in range(2))
    assert first == again
    world.cluster.work()
    assert keep(world, press="one-press") == first
    assert len(requests(world, "POST")) == 1
    world.check_books(spent=CREDITS)


@pytest.mark.parametrize(
    ("name", "count", "problem"),
    [
        ("", 1, ("prompt", "required")),
        ("x" * 41, 1, ("prompt", "too_long")),
        ("bottle", 0, ("images", "count")),
        ("bottle", 4, ("images", "count")),
    ],
)
def test_a_subject_has_a_name_and_one_to_three_pictures(
    world: World, name: str, count: int, problem: tuple[str, str]
) -> None:
    (found,) = problems(world, name=name, count=count)
    assert (found.field, found.code) == problem


# ---- In a clip --------------------------------------------------------------------------------


def test_a_clip_names_a_kept_subject_by_its_id_beside_new_pictures(world: World) -> None:
    subject = kept(world)
    shown, vase = picture(world), picture(world)
    pictures = [NamedUpload(shown, "flask", subject), NamedUpload(vase, "vase")]
    task = clip_of(world, pictures, "@flask beside @vase")
    assert list(TaskPicture.objects.filter(task=task).values_list("name", "subject")) == [
        ("flask", subject.pk),
        ("vase", None),
    ]
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    (post,) = requests(world, "POST", "/ent/v2/reference2video")
    body = json.loads(post.body)
    assert "images" not in body
    assert body["subjects"] == [
        {"name": "flask", "server_id": world.attempt(subject).remote_id},
        {"name": "vase", "images": [data_uri(vase)]},
    ]


def test_a_kept_subject_needs_a_name_of_its_own_on_its_own_key(world: World) -> None:
    subject = kept(world)
    bottle = NamedUpload(picture(world), "bottle", subject)
    other = make_credential(team=world.membership.team, base_url=world.sandbox.url, name="B")
    with case("its name is another picture's too"):
        found = problems(world, [bottle, NamedUpload(picture(world), "bottle")], "@bottle turns")
        assert found == (Problem("images", "kept", {"name": "bottle"}),)
    with case("another key's account keeps it"):
        found = problems(world, [bottle], "@bottle turns", key=other)
        assert found == (Problem("images", "elsewhere", {"name": "bottle"}),)
    stranger = make_member()
    (theirs,) = ordering.order(
        stranger,
        make_credential(team=stranger.team, base_url=world.sandbox.url),
        Order(TaskKind.SUBJECT, "subject", "bottle"),
        pictures=[NamedUpload(make_upload(team=stranger.team))],
        form_token="theirs",
    )
    with case("another team's"), pytest.raises(PermissionError):
        clip_of(world, [NamedUpload(picture(world), "bottle", theirs)], "@bottle turns")
    assert not requests(world, "POST", "/ent/v2/reference2video")


def test_a_kept_subject_without_a_name_never_leaves_as_an_empty_picture(world: World) -> None:
    """It may be refused, or go as the picture that it is."""
    shown = NamedUpload(picture(world), "", kept(world))
    with suppress(ordering.Invalid):
        clip_of(world, [shown], "It turns")
    world.cluster.work()
    for post in requests(world, "POST", "/ent/v2/reference2video"):
        assert json.loads(post.body)["images"] == [data_uri(shown.upload)]

"""Orders with pictures: judged, written down, and sent byte for byte."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from generations import clock, uploads
from generations.lifecycle import order as ordering
from generations.models import Attempt, Entry, Task, TaskPicture, Upload
from generations.models.tasks import AttemptState, TaskState
from generations.providers.catalogue import Catalogue, Problem, catalogue
from generations.providers.contract import Order, Refused
from generations.storage import store
from generations.uploads import NamedUpload
from tests.factories import make_credential, make_member, make_tasks, make_upload

from .conftest import World

# Uploads with the names that the prompt has for them.
type Named = Sequence[tuple[Upload, str]]
FROM_ONE = Order("image_to_video", "viduq2-pro", "The bottle turns", duration=5, resolution="720p")
FROM_TWO = Order("frames_to_video", "viduq2-pro", "It pours", duration=5, resolution="720p")
REFERENCES = Order(
    *("references_to_video", "viduq2", "@bottle in @sand"),
    duration=5,
    resolution="720p",
    aspect_ratio="16:9",
)


def give(world: World, count: int = 1, size: tuple[int, int] = (640, 480)) -> list[Upload]:
    return [make_upload(team=world.membership.team, size=size) for _ in range(count)]


def order(world: World, wanted: Order, pictures: Named, *, count: int = 1) -> list[Task]:
    return ordering.order(
        world.membership,
        world.credential,
        wanted,
        count=count,
        form_token="press",
        pictures=[NamedUpload(*each) for each in pictures],
    )


def problems(world: World, wanted: Order, pictures: Named) -> Sequence[Problem]:
    """Why an order is refused; nothing is made and nothing is held."""
    with pytest.raises(ordering.Invalid) as refused:
        order(world, wanted, pictures)
    assert not Task.objects.exists()
    assert not TaskPicture.objects.exists()
    assert not Entry.objects.exclude(kind="adjust").exists()
    return refused.value.problems


def limit_inline(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let orders carry so many bytes of pictures."""

    def limited(kind: str) -> Catalogue:
        return replace(catalogue(kind), inline_limit=most)

    monkeypatch.setattr(uploads, "catalogue", limited)


def sent(world: World, kind: str) -> dict[str, object]:
    """The body of the one order that left."""
    (request,) = [one for one in world.sandbox.requests if one.path == f"/ent/v2/{kind}"]
    body: dict[str, object] = json.loads(request.body)
    return body


def data_uri(upload: Upload) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(store.read(upload.stored)).decode()


# ---- Ordering -------------------------------------------------------------------------------


def test_pictures_are_written_down_in_their_order_for_each_clip(world: World) -> None:
    first, last = give(world, 2)
    with clock.frozen(clock.now()) as frozen_clock:
        frozen_clock.advance(60)
        tasks = order(world, FROM_TWO, [(first, ""), (last, "")], count=2)
        for task in tasks:
            rows = task.pictures.order_by("ordinal")
            assert [(row.ordinal, row.upload, row.name) for row in rows] == [
                (0, first, ""),
                (1, last, ""),
            ]
        first.refresh_from_db()
        assert first.used_at == clock.now()


def test_a_double_press_writes_its_pictures_once(world: World) -> None:
    (picture,) = give(world)
    first, again = (order(world, FROM_ONE, [(picture, "")]) for _ in range(2))
    assert [task.pk for task in first] == [task.pk for task in again]
    assert TaskPicture.objects.count() == 1


def test_an_order_is_judged_with_its_pictures(world: World) -> None:
    assert problems(world, FROM_ONE, []) == (
        Problem("images", "count", {"low": 1, "high": 1, "count": 0}),
    )
    wide = give(world, size=(1000, 100))[0]
    (problem,) = problems(world, FROM_ONE, [(wide, "")])
    assert (problem.code, problem.values["place"]) == ("ratio", 1)
    two = give(world, 2)
    assert problems(world, FROM_ONE, [(one, "") for one in two])[0].code == "count"
    (small,) = give(world, size=(64, 64))
    (problem,) = problems(world, replace(REFERENCES, prompt="Rain"), [(two[0], ""), (small, "")])
    assert (problem.code, problem.values) == ("small", {"place": 2, "side": 128})
    (half,) = give(world, size=(320, 240))
    assert problems(world, FROM_TWO, [(two[0], ""), (half, "")])[0].code == "pair"


def test_an_order_is_judged_with_the_names_of_its_pictures(world: World) -> None:
    one, two = give(world, 2)
    unknown = problems(world, REFERENCES, [(one, "bottle")])
    assert [(problem.field, problem.code) for problem in unknown] == [("prompt", "name")]
    half = problems(world, REFERENCES, [(one, "bottle"), (two, "")])
    assert half[0] == Problem("images", "names", {"allowed": True})
    mix = replace(REFERENCES, model="viduq3-mix", prompt="Rain")
    assert problems(world, mix, [(one, "bottle")])[0].values == {"allowed": False}


def test_nobody_orders_with_another_teams_pictures(world: World) -> None:
    theirs = make_upload(team=make_member().team)
    with pytest.raises(PermissionError):
        order(world, FROM_ONE, [(theirs, "")])
    assert not Task.objects.exists()


def test_an_order_without_pictures_asks_nothing_about_them(world: World) -> None:
    with CaptureQueriesContext(connection) as captured:
        make_tasks(membership=world.membership, credential=world.credential)
    said = [query["sql"] for query in captured.captured_queries]
    assert not [sql for sql in said if "upload" in sql or "taskpicture" in sql]


# ---- The way to the provider ----------------------------------------------------------------


@pytest.fixture
def apart(world: World, settings: Settings) -> World:
    """A provider that cannot reach us."""
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    credential = make_credential(
        team=world.membership.team, base_url="https://api.vidu.com", name="Far away"
    )
    return replace(world, credential=credential)


def test_pictures_that_an_order_cannot_carry_need_a_way_to_us(
    apart: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [(one, "") for one in give(apart, 2)]
    together = sum(upload.size for upload, _ in pictures)
    limit_inline(monkeypatch, together - 1)
    assert problems(apart, FROM_TWO, pictures) == (
        Problem("images", "body", {"limit": together - 1}),
    )
    limit_inline(monkeypatch, 0)
    assert problems(apart, FROM_TWO, pictures) == (Problem("images", "unreachable"),)
    limit_inline(monkeypatch, together)
    assert len(order(apart, FROM_TWO, pictures)) == 1


def test_who_can_reach_us_fetches_what_an_order_cannot_carry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_inline(monkeypatch, 0)
    assert len(order(world, FROM_ONE, [(give(world)[0], "")])) == 1


# ---- Sending --------------------------------------------------------------------------------


def test_pictures_leave_in_the_order_itself_byte_for_byte(world: World) -> None:
    first, last = give(world, 2)
    (task,) = order(world, FROM_TWO, [(first, ""), (last, "")])
    world.cluster.work()
    attempt = world.attempt(task)
    assert sent(world, "start-end2video") == {
        "model": "viduq2-pro",
        "images": [data_uri(first), data_uri(last)],
        "prompt": "It pours",
        "duration": 5,
        "resolution": "720p",
        "payload": attempt.reference,
        "callback_url": f"http://callbacks.invalid/callbacks/vidu/{attempt.token}",
    }
    assert attempt.state == AttemptState.ACCEPTED


def test_named_pictures_leave_as_subjects(world: World) -> None:
    front, back, sand = give(world, 3)
    order(world, REFERENCES, [(front, "bottle"), (sand, "sand"), (back, "bottle")])
    world.cluster.work()
    body = sent(world, "reference2video")
    assert body["subjects"] == [
        {"name": "bottle", "images": [data_uri(front), data_uri(back)]},
        {"name": "sand", "images": [data_uri(sand)]},
    ]
    assert "images" not in body


def test_a_clip_is_made_from_pictures_that_the_provider_fetches_from_here(
    public_world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    limit_inline(monkeypatch, 0)
    (picture,) = give(public_world)
    (task,) = order(public_world, FROM_ONE, [(picture, "")])
    public_world.cluster.work()
    images = sent(public_world, "img2video")["images"]
    assert isinstance(images, list)
    address = str(images[0])
    assert address.startswith(f"{settings.PUBLIC_URL}/pictures/")
    assert uploads.find_by_token(address.split("/")[-2]) == picture
    public_world.finish()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED


def test_each_attempt_is_given_the_pictures_anew(world: World) -> None:
    world.sandbox.set_fault(world.key, "[429 TooManyRequests]", on="create", times=1)
    (picture,) = give(world)
    (task,) = order(world, FROM_ONE, [(picture, "")])
    world.end()
    bodies = [
        json.loads(one.body)["images"]
        for one in world.sandbox.requests
        if one.path == "/ent/v2/img2video"
    ]
    assert bodies == [[data_uri(picture)]] * 2
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED


@pytest.mark.parametrize("cause", ["picture_gone", "pictures_unreachable"])
def test_an_order_whose_pictures_cannot_be_sent_fails_unsent_and_the_hold_comes_back(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings, cause: str
) -> None:
    (picture,) = give(world)
    (task,) = order(world, FROM_ONE, [(picture, "")])
    if cause == "picture_gone":
        default_storage.delete(picture.stored)
    else:
        limit_inline(monkeypatch, 0)
        settings.SANDBOX, settings.PUBLIC_URL = False, "http://127.0.0.1:8000"
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, cause)
    assert Attempt.objects.get().sent_at is None
    assert not [one for one in world.sandbox.requests if one.method == "POST"]
    assert set(Entry.objects.values_list("kind", flat=True)) >= {"hold", "release"}
    with pytest.raises(Refused):
        uploads.pictures_of(task)

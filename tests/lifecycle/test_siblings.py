"""What is made beside clips: an upscale, a speech, a lip-sync, a picture, from order to file."""

import json
from uuid import uuid4

import httpx
import pytest

from generations import sources, uploads
from generations.billing import ledger
from generations.lifecycle import order as ordering
from generations.lifecycle.imports import import_tasks
from generations.models import File, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState
from generations.providers.contract import Order, TaskKind
from generations.sources import NO_SOURCES, Sources
from tests.cases import case

from .conftest import World, alarm_codes


def make(world: World, order: Order, made_of: Sources = NO_SOURCES) -> Task:
    """Order it, and let time pass until it is here."""
    (task,) = ordering.order(
        world.membership,
        world.credential,
        order,
        accepts_unknown=True,
        made_of=made_of,
        form_token=uuid4().hex,
    )
    world.finish()
    return Task.objects.get(pk=task.pk)


def clip(world: World) -> Task:
    (task,) = world.order("A lighthouse at dusk")
    world.finish()
    return Task.objects.get(pk=task.pk)


def only_file(task: Task) -> File:
    """The one file of a task beside its cover."""
    file: File = task.files.exclude(role="cover").get()
    assert file.state == FileState.STORED
    return file


def sent(world: World, path: str) -> dict[str, object]:
    """The body of the one order at an address."""
    (post,) = [each for each in world.sandbox.requests if each.path == path]
    body: dict[str, object] = json.loads(post.body)
    return body


def test_a_clip_is_upscaled_by_its_own_id_and_paid_by_its_second(world: World) -> None:
    origin = clip(world)
    film = sources.film_of(origin)
    assert film
    made = make(world, Order(TaskKind.UPSCALE, "upscale", "", resolution="2K"), Sources(film))
    assert (made.state, made.title) == (TaskState.SUCCEEDED, "A lighthouse at dusk")
    body = sent(world, "/ent/v2/upscale-new")
    assert body["video_creation_id"] == film.remote_id
    assert "video_url" not in body
    assert world.attempt(made).estimate == 20  # one begun second at 2K
    assert only_file(made).role == "video"
    assert not list(ledger.verify())


def test_a_speech_is_here_with_the_answer_to_its_order(world: World) -> None:
    order = Order(TaskKind.TEXT_TO_SPEECH, "audio-tts", "The sea is calm. [only in reply]")
    made = make(world, order)
    assert made.state == TaskState.SUCCEEDED
    assert only_file(made).role == "audio"
    assert (world.attempt(made).estimate, world.attempt(made).booked) == (10, 10)
    with case("the provider knows nothing of it afterwards, and nobody is told that it is lost"):
        assert not alarm_codes()
    with case("one that is not ready yet is asked for"):
        later = make(world, Order(TaskKind.TEXT_TO_SPEECH, "audio-tts", "The tide. [queueing]"))
        assert only_file(later).role == "audio"


def test_a_picture_becomes_the_start_of_a_clip(world: World) -> None:
    order = Order(TaskKind.REFERENCES_TO_IMAGE, "viduq2", "A green bottle", resolution="1080p")
    made = make(world, order)
    picture = only_file(made)
    assert (picture.role, picture.is_picture) == ("image", True)
    assert world.attempt(made).booked == 6
    upload = uploads.add_frame(picture, world.membership.user, "first")
    assert (upload.width, upload.height) == (picture.width, picture.height)
    assert uploads.add_frame(picture, world.membership.user, "first") == upload


def test_the_lips_of_a_clip_follow_a_sound_or_a_text(public_world: World) -> None:
    world = public_world
    film = sources.film_of(clip(world))
    speech = make(world, Order(TaskKind.TEXT_TO_SPEECH, "audio-tts", "The sea is calm tonight."))
    sound = sources.sound_of(speech)
    made = make(world, Order(TaskKind.LIP_SYNC, "lip-sync", ""), Sources(film, sound))
    assert (made.state, made.code) == (TaskState.SUCCEEDED, "")
    assert only_file(made).role == "video"
    assert "text" not in sent(world, "/ent/v2/lip-sync")
    assert world.attempt(made).estimate == world.attempt(made).booked
    assert not list(ledger.verify())


def test_what_a_lip_sync_of_a_text_costs_is_not_known_before(public_world: World) -> None:
    world = public_world
    film = sources.film_of(clip(world))
    made = make(world, Order(TaskKind.LIP_SYNC, "lip-sync", "The sea is calm."), Sources(film))
    assert made.state == TaskState.SUCCEEDED
    assert world.attempt(made).estimate is None
    assert world.attempt(made).booked
    with case("nor is it that of the last one"):
        again = make(world, Order(TaskKind.LIP_SYNC, "lip-sync", "The tide is."), Sources(film))
        assert world.attempt(again).estimate is None


def test_what_it_is_made_of_must_be_here_and_within_reach(world: World) -> None:
    upscale = Order(TaskKind.UPSCALE, "upscale", "", resolution="1080p")
    with case("no clip"), pytest.raises(ordering.Invalid) as refused:
        make(world, upscale)
    assert [problem.field for problem in refused.value.problems] == ["source"]
    origin = clip(world)
    film = sources.film_of(origin)
    (task,) = ordering.order(
        world.membership, world.credential, upscale, made_of=Sources(film), form_token="gone"
    )
    with case("gone before it was sent: nothing was sent, nothing is held"):
        File.objects.filter(task=origin).update(state=FileState.DELETED)
        world.cluster.work()
        task.refresh_from_db()
        assert (task.state, task.reason) == (TaskState.FAILED, "source_gone")
        assert not [each for each in world.sandbox.requests if each.path.endswith("upscale-new")]


@pytest.mark.parametrize(
    ("kind", "content"),
    [("mv", "video/"), ("template", "video/"), ("multiframe", "video/"), ("text2audio", "audio/")],
)
def test_what_else_the_provider_makes_is_imported_by_its_id(
    world: World, kind: str, content: str
) -> None:
    order = {"kind": kind, "key": world.key, "prompt": "Made there"}
    made = httpx.post(f"{world.sandbox.url}/control/made", json=order)
    (imported,) = import_tasks(world.membership, world.credential, [made.json()["id"]])
    world.finish()
    assert imported.task
    assert only_file(imported.task).content_type.startswith(content)
    assert not alarm_codes()

"""What was ordered elsewhere is imported by its id: asked for, kept and booked, never paid."""

import base64
import io
from collections import Counter
from collections.abc import Iterable
from functools import partial

import httpx
import pytest
from PIL import Image

from generations.billing import ledger
from generations.lifecycle import imports, sweep, transitions
from generations.lifecycle.imports import Imported, Outcome
from generations.models import Attempt, AuditEvent, CapUse, Entry, File, Film, Role, Task
from generations.models.files import FileState
from generations.models.films import FILM
from generations.models.ledger import EntryKind
from generations.models.tasks import IMPORTED, AttemptState, TaskState
from generations.providers.contract import Reason
from generations.teams import credentials
from tests.factories import make_credential, make_member
from tests.threads import at_once

from .conftest import World
from .test_providers import MODELS, assert_done, creates, enter

CREATES = {
    "vidu": "/ent/v2/text2video",
    "relay": "/ent/v2/text2video",
    "vivienne": "/open/aigw/gateway/generations",
    "apixo": "/api/v1/generateTask/vidu-q3",
}
SCHEMES = {"vidu": "Token"}


def body(kind: str, prompt: str) -> dict[str, object]:
    shape = {"prompt": prompt, "resolution": "720p", "duration": 5, "aspect_ratio": "16:9"}
    if kind == "vivienne":
        return {"model": "viduq2_text2video", **shape}
    if kind == "apixo":
        return {"request_type": "async", "input": {"mode": "text-to-video", **shape}}
    return {"model": MODELS[kind], **shape}


def make_elsewhere(world: World, prompt: str = "A ferry at night") -> str:
    """Another tool orders on the same key; returns the id that the provider gave it."""
    credential = world.credential
    kind, known = credential.kind, set(world.sandbox.tasks)
    httpx.post(
        credential.base_url + CREATES[kind],
        json=body(kind, prompt),
        headers={"Authorization": f"{SCHEMES.get(kind, 'Bearer')} {world.key}"},
    ).raise_for_status()
    (remote_id,) = set(world.sandbox.tasks) - known
    return remote_id


def import_here(world: World, ids: Iterable[str], *, films: bool = False) -> list[Imported]:
    return imports.import_tasks(world.membership, world.credential, ids, films=films)


def only(results: list[Imported]) -> Task:
    (result,) = results
    assert result.task
    return result.task


@pytest.mark.parametrize("kind", CREATES)
def test_a_clip_made_elsewhere_is_kept_here_and_nothing_is_posted(world: World, kind: str) -> None:
    if kind != "vidu":
        enter(world, kind)
    remote_id = make_elsewhere(world)
    before = creates(world)
    task = only(import_here(world, [remote_id]))
    world.finish()
    assert_done(world, task)
    assert creates(world) == before == 1
    attempt = world.attempt(task)
    assert (attempt.remote_id, attempt.estimate, attempt.sent_at) == (remote_id, None, None)
    told = {"vidu": "viduq2", "vivienne": "viduq2_text2video"}
    task.refresh_from_db()
    assert (task.kind, task.is_imported) == (IMPORTED, True)
    assert kind not in told or task.model == told[kind]
    assert AuditEvent.objects.get(verb="task.imported").detail == {"remote_id": remote_id}


@pytest.mark.parametrize("balance_first", [True, False])
def test_what_it_cost_is_booked_from_outside_and_the_balance_stays_the_providers(
    world: World, balance_first: bool
) -> None:
    remote_id = make_elsewhere(world)
    if balance_first:
        credentials.read_balance(world.credential)
    task = only(import_here(world, [remote_id]))
    world.finish()
    world.credential.refresh_from_db()
    credentials.read_balance(world.credential)
    (balance,) = ledger.balances(task.team)
    assert (balance.available, balance.held) == (world.credits_left(), 0)
    entry = Entry.objects.get(kind=EntryKind.IMPORT)
    assert (entry.amount, balance.spent, entry.person) == (35, 35, world.membership.user)
    assert not Entry.objects.filter(kind__in=[EntryKind.HOLD, EntryKind.SETTLE]).exists()
    assert not CapUse.objects.exists(), "a cap is for what is ordered here"
    assert not list(ledger.verify())


def test_an_id_stands_once_however_often_it_is_imported(world: World) -> None:
    ours = world.order()[0]
    world.finish()
    remote_id = make_elsewhere(world)
    task = only(import_here(world, [remote_id]))
    world.finish()
    again = import_here(world, [remote_id, world.attempt(ours).remote_id, "9" * 256])
    assert [(each.outcome, each.task) for each in again] == [
        (Outcome.KNOWN, task),
        (Outcome.KNOWN, ours),
        (Outcome.UNREADABLE, None),
    ]
    assert Entry.objects.filter(kind=EntryKind.IMPORT).count() == 1
    assert File.objects.filter(task=task, role="video").count() == 1


def test_two_who_import_the_same_id_at_once_make_one_task(world: World) -> None:
    remote_id = make_elsewhere(world)
    results = at_once([partial(import_here, world, [remote_id])] * 2)
    outcomes = Counter(one.outcome for (one,) in results)
    assert outcomes == {Outcome.IMPORTED: 1, Outcome.KNOWN: 1}
    assert Task.objects.count() == Attempt.objects.count() == 1


def test_the_same_id_on_another_teams_key_is_no_matter(world: World) -> None:
    remote_id = make_elsewhere(world)
    import_here(world, [remote_id])
    other = make_member()
    credential = make_credential(team=other.team, base_url=world.sandbox.url)
    (result,) = imports.import_tasks(other, credential, [remote_id])
    assert result.outcome == Outcome.IMPORTED


@pytest.mark.parametrize("kind", CREATES)
def test_an_id_that_the_provider_does_not_know_fails_with_the_reason_and_is_free_again(
    world: World, kind: str
) -> None:
    if kind != "vidu":
        enter(world, kind)
    task = only(import_here(world, ["911026047460327424"]))
    world.run(lambda: Task.objects.get(pk=task.pk).state == TaskState.FAILED)
    task.refresh_from_db()
    assert (task.reason, task.alarm) == (Reason.IMPORT_NOT_FOUND, "")
    assert task.message.startswith("911026047460327424: ")
    assert Attempt.objects.get().state == AttemptState.REFUSED
    assert not Entry.objects.exists()
    assert not creates(world)
    assert import_here(world, ["911026047460327424"])[0].outcome == Outcome.IMPORTED


def test_a_provider_that_forgets_a_task_for_a_moment_does_not_end_it(world: World) -> None:
    remote_id = make_elsewhere(world)
    world.sandbox.set_fault(world.key, "[refuse TaskNotFound]", on="query")
    task = only(import_here(world, [remote_id]))
    world.cluster.work()
    world.wait(10)
    world.sandbox.set_fault(world.key, "")
    world.finish()
    assert_done(world, task)


def test_a_clip_that_had_failed_elsewhere_is_shown_so_and_costs_nothing(world: World) -> None:
    remote_id = make_elsewhere(world, "[fail CreationPolicyViolation] A storm")
    task = only(import_here(world, [remote_id]))
    world.end()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "CreationPolicyViolation")
    assert Entry.objects.get(kind=EntryKind.IMPORT).amount == 0
    assert not list(ledger.verify())


def test_what_was_imported_and_lost_sight_of_is_never_sent(world: World) -> None:
    remote_id = make_elsewhere(world, "[stuck] A storm")
    task = only(import_here(world, [remote_id]))
    world.wait(30)
    world.frozen_clock.advance(49 * 3600)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert not transitions.release_unclear(world.attempt(task), send_again=True)
    assert transitions.release_unclear(world.attempt(task), send_again=False)
    world.cluster.work()
    assert creates(world) == 1
    assert not list(ledger.verify())


def test_many_ids_leave_half_of_the_keys_budget_and_all_slots_to_others(world: World) -> None:
    enter(world, "apixo")
    import_here(world, [f"task_{index}" for index in range(30)])
    due = list(Task.objects.order_by("pk").values_list("check_at", flat=True))
    assert due[-1]
    assert due[0]
    assert (due[-1] - due[0]).total_seconds() == 29 * 2
    assert not Task.objects.in_slots().exists()


def test_a_film_made_elsewhere_comes_with_its_tree(world: World) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(buffer, "png")
    picture = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    known = set(world.sandbox.tasks)
    sent = {"images": [picture], "prompt": "A bottle", "duration": 10, "aspect_ratio": "16:9"}
    answer = httpx.post(
        f"{world.sandbox.url}/ent/v2/ad-one-click",
        json=sent | {"language": "en"},
        headers={"Authorization": f"Token {world.key}"},
    )
    assert answer.status_code == 200, answer.text
    (remote_id,) = set(world.sandbox.tasks) - known
    before = creates(world)
    task = only(import_here(world, [remote_id], films=True))
    world.end()
    world.cluster.lost.add("fetch")
    world.run(lambda: Film.objects.get(task=task).read_at is not None)
    assert task.kind == FILM
    assert Film.objects.get(task=task).segments.count() >= 3
    assert creates(world) == before


def test_who_may_only_look_imports_nothing(world: World) -> None:
    viewer = make_member(team=world.membership.team, role=Role.VIEWER)
    with pytest.raises(PermissionError):
        imports.import_tasks(viewer, world.credential, ["911"])


@pytest.mark.parametrize(
    "text", ["911,912 913", "911\n912\n\n913\n", " 911; 912、913，911 ", "911\t912\r\n913"]
)
def test_ids_are_read_however_they_are_pasted(text: str) -> None:
    assert imports.ids_in(text) == ["911", "912", "913"]


def test_an_id_has_any_letters_that_can_be_seen_and_loses_what_stands_around_it() -> None:
    text = '"911" \u200b912\ufeff\n“a,b c”,vidu2.0:1762241017-Tmbjx；任务/7'
    assert imports.ids_in(text) == ["911", "912", "a,b c", "vidu2.0:1762241017-Tmbjx", "任务/7"]


def test_a_file_of_it_is_stored_only_once_it_is_whole(world: World) -> None:
    task = only(import_here(world, [make_elsewhere(world, "[truncated] A ferry")]))
    world.finish()
    assert {file.state for file in task.files.all()} == {FileState.STORED}

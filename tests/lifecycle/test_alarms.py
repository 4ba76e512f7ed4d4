"""What is not understood is told within minutes, kept as it came, and over once it is over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from generations import clock
from generations.lifecycle import actions, sweep, transitions
from generations.lifecycle import order as ordering
from generations.models import Attempt, AuditEvent, Event, File, Task
from generations.models.events import EventKind
from generations.models.files import FileState
from generations.models.tasks import Alarm, AttemptState, TaskState
from generations.providers.contract import (
    ProviderError,
    Reason,
    Receipt,
    RemoteState,
    Report,
    Result,
    Unavailable,
)
from tests.factories import make_credential, wanted

from .conftest import SEED, World

VIDEO = Result("video", "https://cdn.example/v.mp4", "1")
COVER = Result("cover", "https://cdn.example/c.jpg", "2")
UNREADABLE = Unavailable("garbled", "odd", reason=Reason.UNREADABLE, raw="<html>odd</html>")
GATEWAY = Unavailable("http_502", "Bad Gateway", reason=Reason.GATEWAY, raw="<html>proxy</html>")
DOWN = Unavailable("unreachable", reason=Reason.UNREACHABLE)


def running(world: World) -> Task:
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.work()
    world.cluster.lost |= {"fetch", "poll"}
    tell(world, task, Report(RemoteState.RUNNING, state_word="processing", progress=50))
    return task


def tell(world: World, task: Task, *reports: Report) -> None:
    for report in reports:
        transitions.apply_report(world.attempt(task), report)
    task.refresh_from_db()


def alarm_events() -> list[str]:
    events = Event.objects.filter(kind=EventKind.TASK_ALARM).order_by("pk")
    return [event.detail["code"] for event in events]


def codes(task: Task) -> list[str]:
    task.refresh_from_db()
    return [alarm.code for alarm in task.alarms]


# ---- Words and films that nobody understands ----------------------------------------------------


def test_an_unknown_word_is_told_at_once_and_is_over_with_a_known_one(world: World) -> None:
    task = running(world)
    rendering = Report(None, state_word="rendering", raw='{"state": "rendering"}')
    tell(world, task, rendering)
    assert task.state == TaskState.RUNNING
    assert task.alarms == [Alarm("unknown_state", "rendering")]
    assert task.state_word == "rendering"
    assert world.attempt(task).report == rendering.raw
    version = task.version
    assert not transitions.has_news(world.attempt(task), rendering), "the next poll costs nothing"
    tell(world, task, rendering)
    assert task.version == version
    tell(world, task, Report(None, state_word="polishing"))
    assert task.alarms == [Alarm("unknown_state", "polishing")]
    tell(world, task, Report(RemoteState.RUNNING, state_word="processing", progress=50))
    assert (task.state, task.alarms) == (TaskState.RUNNING, [])
    assert alarm_events() == ["unknown_state"]


@pytest.mark.parametrize("results", [(), (COVER,)])
def test_a_success_without_a_film_is_told_at_once_and_asked_for_ever_later(
    world: World, results: Sequence[Result]
) -> None:
    task = running(world)
    empty = Report(RemoteState.SUCCEEDED, "success", cost=35, results=results, raw="{}")
    waits = []
    for _ in range(6):
        tell(world, task, empty)
        assert task.check_at
        waits.append((task.check_at - clock.now()).total_seconds())
    assert waits == [30, 60, 120, 240, 300, 300]
    assert (task.state, codes(task)) == (TaskState.RUNNING, ["no_film"])
    assert alarm_events() == ["no_film"]
    world.check_books(spent=0, held=35)
    tell(world, task, Report(RemoteState.SUCCEEDED, "success", cost=35, results=(VIDEO,)))
    assert (task.state, codes(task)) == (TaskState.SUCCEEDED, [])
    world.check_books(spent=35)


def test_a_success_that_stays_without_a_film_is_unclear_after_two_days(world: World) -> None:
    task = running(world)
    tell(world, task, Report(RemoteState.SUCCEEDED, "success"))
    world.frozen_clock.advance(transitions.DEADLINE.total_seconds())
    sweep.sweep(0)
    task.refresh_from_db()
    assert (task.state, codes(task)) == (TaskState.UNCLEAR, ["no_film"])


def test_a_report_for_what_has_ended_raises_no_alarm_of_these(world: World) -> None:
    task = running(world)
    tell(world, task, Report(RemoteState.SUCCEEDED, results=(VIDEO,)))
    tell(world, task, Report(None, state_word="archived"), Report(RemoteState.SUCCEEDED))
    assert (task.state, codes(task)) == (TaskState.SUCCEEDED, [])


@pytest.mark.parametrize("error", [UNREADABLE, GATEWAY])
def test_answers_that_nobody_can_read_are_told_within_three_minutes(
    world: World, error: ProviderError
) -> None:
    task = running(world)
    began = clock.now()
    while not codes(task):
        transitions.record_no_answer(world.attempt(task), error)
        task.refresh_from_db()
        assert task.check_at
        world.frozen_clock.advance((task.check_at - clock.now()).total_seconds())
    assert timedelta(minutes=2) <= clock.now() - began <= timedelta(minutes=3)
    assert task.alarms == [Alarm("unanswered", error.message)]
    assert world.attempt(task).report == error.raw
    tell(world, task, Report(RemoteState.RUNNING, state_word="processing", progress=50))
    assert (codes(task), task.unanswered_at) == ([], None)


def test_one_unreadable_answer_and_a_provider_that_is_down_are_no_alarm(world: World) -> None:
    task = running(world)
    transitions.record_no_answer(world.attempt(task), GATEWAY)
    world.frozen_clock.advance(60)
    tell(world, task, Report(RemoteState.RUNNING, state_word="processing", progress=50))
    for _ in range(40):
        transitions.record_no_answer(world.attempt(task), DOWN)
        world.frozen_clock.advance(8)
    assert codes(task) == []


def test_what_takes_far_longer_than_usual_is_called_late_once(world: World) -> None:
    quick, slow = world.order("[stuck] A lighthouse", count=2)
    world.cluster.work()
    world.cluster.lost |= {"fetch", "poll"}
    world.frozen_clock.advance(100)
    tell(world, quick, Report(RemoteState.SUCCEEDED, results=(VIDEO,)))  # the usual 100 s
    world.frozen_clock.advance(190)
    sweep.sweep(0)
    slow.refresh_from_db()
    assert slow.late_at is None
    world.frozen_clock.advance(15)
    for _ in range(2):
        sweep.sweep(0)
    slow.refresh_from_db()
    assert slow.late_at == clock.now()
    assert alarm_events() == ["late"]


def test_without_a_history_half_an_hour_is_late_but_not_off_peak(world: World) -> None:
    task, off_peak = world.order("[stuck] A lighthouse", count=2)
    Task.objects.filter(pk=off_peak.pk).update(settings=off_peak.settings | {"off_peak": True})
    world.cluster.work()
    world.cluster.lost |= {"fetch", "poll"}
    world.frozen_clock.advance(29 * 60)
    sweep.sweep(0)
    assert not Task.objects.exclude(late_at=None).exists()
    world.frozen_clock.advance(60)
    sweep.sweep(0)
    assert list(Task.objects.exclude(late_at=None)) == [task]


# ---- Over real HTTP: manners of the sandbox -----------------------------------------------------


def order_of(world: World, prompt: str, *options: str, kind: str = "vidu") -> Task:
    """Order at one provider, with these options switched on beside the usual shape."""
    if kind != "vidu":
        world.credential = make_credential(
            team=world.membership.team, kind=kind, base_url=world.sandbox.base_url(kind), name=kind
        )
    order = replace(wanted(prompt=prompt, seed=SEED), options=dict.fromkeys(options, True))
    (task,) = ordering.order(world.membership, world.credential, order, form_token=uuid4().hex)
    return task


@pytest.mark.parametrize(
    ("manner", "code", "state"),
    [
        ("state unknown no film", "unknown_state", TaskState.QUEUED),
        ("film none", "no_film", TaskState.RUNNING),
        ("moved query always", "unanswered", TaskState.QUEUED),
        ("cost words", "cost_unread", TaskState.QUEUED),
    ],
)
def test_a_person_is_told_within_three_minutes_of_the_answer(
    world: World, manner: str, code: str, state: TaskState
) -> None:
    task = order_of(world, f"[{manner}] A lighthouse")
    world.cluster.lost.add("fetch")
    answered = 60  # by then the provider has finished such a clip
    world.run(lambda: code in codes(task), most=answered + 180)
    assert task.state == state
    assert world.attempt(task).reply, "the raw reply is one click away"


@pytest.mark.parametrize(
    ("prompt", "option", "missing"),
    [
        ("[undelivered mark] A lighthouse", "watermark", "watermarked"),
        ("[undelivered sound] A lighthouse", "bgm", "sound"),
    ],
)
def test_what_the_provider_leaves_out_is_told_and_nothing_else(
    world: World, prompt: str, option: str, missing: str
) -> None:
    task = order_of(world, prompt, option)
    whole = order_of(world, "A lighthouse", option)
    world.finish()
    for each in (task, whole):
        each.refresh_from_db()
    [less], [other] = task.alarms, whole.alarms  # clips of the tests are small and short
    assert missing in less.detail.split()
    assert missing not in other.detail.split()


def test_the_marked_copy_that_only_another_path_shows_is_asked_for_once_and_kept(
    world: World,
) -> None:
    task = order_of(world, "[mark elsewhere] A lighthouse", "watermark", kind="relay")
    world.finish()
    assert File.objects.get(task=task, role="watermarked").state == FileState.STORED
    task.refresh_from_db()
    assert "watermarked" not in task.alarm


# ---- Costs --------------------------------------------------------------------------------------


def test_a_cost_that_cannot_be_read_is_told_until_a_person_has_read_it(world: World) -> None:
    task = running(world)
    tell(world, task, Report(RemoteState.SUCCEEDED, results=(VIDEO,), unread_cost="thirty\nor so"))
    assert (task.state, task.alarms) == (
        TaskState.SUCCEEDED,
        [Alarm("cost_unread", "thirty or so")],
    )
    actions.dismiss_alarm(task, "cost_unread", world.membership.user)
    assert codes(task) == []
    assert AuditEvent.objects.get(verb="task.alarm_dismissed").detail == {"code": "cost_unread"}
    with pytest.raises(actions.TooLate):
        actions.dismiss_alarm(task, "cost_unread", world.membership.user)


def test_a_cost_that_the_answer_to_the_order_garbles_and_the_end_tells_is_no_alarm_any_more(
    world: World,
) -> None:
    (task,) = world.order("[stuck] A lighthouse")
    Task.objects.filter(pk=task.pk).update(state=TaskState.SENDING)
    Attempt.objects.filter(task=task).update(state=AttemptState.SENT)
    transitions.mark_accepted(world.attempt(task), Receipt("911", unread_cost="{}"))
    assert codes(task) == ["cost_unread"]
    tell(world, task, Report(RemoteState.SUCCEEDED, results=(VIDEO,), cost=35))
    assert (task.state, codes(task)) == (TaskState.SUCCEEDED, [])


# ---- Several alarms -----------------------------------------------------------------------------


def test_alarms_stand_beside_each_other_and_end_one_by_one(world: World) -> None:
    task = running(world)
    tell(world, task, Report(None, state_word="rendering"))
    transitions.record_no_answer(world.attempt(task), GATEWAY)
    world.frozen_clock.advance(150)
    transitions.record_no_answer(world.attempt(task), GATEWAY)
    assert codes(task) == ["unknown_state", "unanswered"]
    with pytest.raises(actions.TooLate):  # the next answer would raise it again
        actions.dismiss_alarm(task, "unknown_state", world.membership.user)
    tell(world, task, Report(RemoteState.SUCCEEDED, results=(VIDEO,), unread_cost="?"))
    assert codes(task) == ["cost_unread"]
    tell(world, task, Report(RemoteState.FAILED))
    assert codes(task) == ["cost_unread", "contradicted"]
    assert transitions.clear_alarms(task, "cost_unread")
    assert codes(task) == ["contradicted"]
    assert not transitions.clear_alarms(task, "cost_unread")


# ---- Evidence -----------------------------------------------------------------------------------


def test_the_first_and_the_last_report_are_kept_and_what_was_told_once_stays(world: World) -> None:
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.work()
    world.cluster.lost |= {"fetch", "poll"}
    Attempt.objects.update(first_report="", report="")
    first = Report(
        RemoteState.RUNNING,
        "processing",
        raw='{"enhanced_prompt": "A tall lighthouse"}',
        echoed={"enhanced_prompt": "A tall lighthouse", "seed": "0", "started_at": "1764522552.5"},
    )
    second = Report(RemoteState.RUNNING, "processing", raw='{"seed": 77}', echoed={"seed": "77"})
    # Until it is made, some repeat the prompt in its place.
    copied = Report(RemoteState.RUNNING, "processing", echoed={"enhanced_prompt": task.prompt})
    last = Report(
        RemoteState.SUCCEEDED,
        "success",
        results=(VIDEO,),
        raw='{"seed": 78}',
        echoed={"seed": "78", "enhanced_prompt": ""},
    )
    tell(world, task, copied, first)
    assert not transitions.has_news(world.attempt(task), first)
    assert transitions.has_news(world.attempt(task), second)
    tell(world, task, second, last)
    attempt = world.attempt(task)
    assert (attempt.first_report, attempt.report) == (first.raw, last.raw)
    assert (task.state_word, task.seed) == ("success", "77")
    assert task.echoed == {
        "enhanced_prompt": "A tall lighthouse",
        "started_at": "1764522552.5",
        "seed": "77",
    }


def test_a_question_without_news_costs_no_transaction_of_its_own(world: World) -> None:
    task = running(world)
    same = Report(RemoteState.RUNNING, state_word="processing", progress=50, raw="{}")
    assert not transitions.has_news(world.attempt(task), same)
    assert transitions.has_news(
        world.attempt(task), Report(RemoteState.RUNNING, state_word="composing", progress=50)
    )


# ---- Ordered and delivered ----------------------------------------------------------------------

ORDERED = {"duration": 5, "resolution": "720p", "aspect_ratio": "16:9"}
FACTS = {"duration_ms": 5040, "width": 1280, "height": 720, "has_sound": None}


@pytest.mark.parametrize(
    ("ordered", "facts", "missing"),
    [
        ({}, {}, []),
        ({}, {"width": 1280, "height": 704, "duration_ms": 4900}, []),
        ({"audio": True}, {"has_sound": None}, []),
        ({"audio": True}, {"has_sound": False}, ["sound"]),
        ({"bgm": True}, {"has_sound": False}, ["sound"]),
        ({"audio": False}, {"has_sound": False}, []),
        ({}, {"duration_ms": 4400}, ["duration=5>4.4"]),
        ({"duration": 16}, {"duration_ms": 14_900}, ["duration=16>14.9"]),
        ({"duration": 16}, {"duration_ms": 15_100}, []),
        ({}, {"duration_ms": None, "width": None, "height": None}, []),
        ({"resolution": "1080p"}, {}, ["resolution=1080p>1280x720"]),
        ({"resolution": "1080p"}, {"width": 1920, "height": 1072}, []),
        ({"aspect_ratio": "21:9"}, {"width": 1470, "height": 630}, []),
        ({"aspect_ratio": "2.39:1", "resolution": "1080p"}, {"width": 1920, "height": 804}, []),
        ({"aspect_ratio": "9：16"}, {}, ["aspect_ratio=9：16>1280x720"]),
        ({"resolution": "1080P"}, {}, ["resolution=1080P>1280x720"]),
        ({"resolution": "1080"}, {}, ["resolution=1080>1280x720"]),
        ({"resolution": "1920x1080"}, {}, ["resolution=1920x1080>1280x720"]),
        ({"resolution": "auto", "duration": "auto", "aspect_ratio": "0:0"}, {}, []),
        ({"duration": "5"}, {"duration_ms": 3000}, ["duration=5>3.0"]),
        ({"aspect_ratio": "9:16"}, {"width": 720, "height": 1280}, []),
        ({}, {"width": 720, "height": 1280}, ["aspect_ratio=16:9>720x1280"]),
        ({"aspect_ratio": "auto"}, {"width": 720, "height": 1280}, []),
        ({"watermark": True}, {}, ["watermarked"]),
    ],
)
def test_only_what_is_certainly_less_than_ordered_is_missing(
    ordered: dict[str, object], facts: dict[str, object], missing: list[str]
) -> None:
    film = File(role="video", state=FileState.STORED, **(FACTS | facts))
    assert transitions.undelivered(ORDERED | ordered, [film]) == missing


def test_the_best_of_several_films_counts_and_a_picture_is_none() -> None:
    small = File(role="video", state=FileState.STORED, **(FACTS | {"width": 640, "height": 360}))
    whole = File(role="video", state=FileState.STORED, **FACTS)
    picture = File(role="video", state=FileState.STORED, content_type="image/png")
    for films, missing in (
        ([whole, small], []),
        ([small, whole], []),
        ([picture], ["film"]),
        ([picture, small], ["film"]),
    ):
        assert transitions.undelivered(ORDERED, films) == missing


def test_what_was_ordered_is_compared_once_all_its_files_are_here(world: World) -> None:
    task = running(world)
    Task.objects.filter(pk=task.pk).update(settings=ORDERED | {"watermark": True})
    tell(world, task, Report(RemoteState.SUCCEEDED, results=(VIDEO, COVER)))
    for role in ("video", "cover"):
        assert codes(task) == []
        transitions.compare_delivery(task)
        assert codes(task) == []
        File.objects.filter(task=task, role=role).update(state=FileState.STORED, **FACTS)
    transitions.compare_delivery(task)
    task.refresh_from_db()
    assert task.alarms == [Alarm("not_delivered", "watermarked")]
    File.objects.create(task=task, team=task.team, role="watermarked", state=FileState.STORED)
    transitions.compare_delivery(task)
    assert codes(task) == []


def test_the_marked_copy_is_asked_for_only_where_it_was_ordered(world: World) -> None:
    (task,) = world.order()
    assert not transitions.wanted_roles(task)
    task.settings |= {"watermark": True}
    assert list(transitions.wanted_roles(task)) == ["watermarked"]


# ---- On the way to the provider -----------------------------------------------------------------


def test_what_answered_before_the_provider_is_kept_on_the_waiting_task(world: World) -> None:
    (task,) = world.order()
    Task.objects.filter(pk=task.pk).update(state=TaskState.SENDING)
    Attempt.objects.filter(task=task).update(state=AttemptState.SENT)
    transitions.requeue(world.attempt(task), GATEWAY)
    task.refresh_from_db()
    assert (task.state, task.obstacle, task.message) == (
        TaskState.WAITING,
        Reason.GATEWAY,
        "Bad Gateway",
    )
    assert Attempt.objects.get(task=task, ordinal=1).reply == GATEWAY.raw
    assert transitions.claim(task.pk)
    task.refresh_from_db()
    assert (task.obstacle, task.message) == ("", "")

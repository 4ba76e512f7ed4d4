"""What a person must know of a clip stands on its card and its page, with the reply behind it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from generations import clock
from generations.models import Attempt, AuditEvent, File, Membership, Role, Task
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import Reason
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db
SENTENCES = {
    "unknown_state rendering": "The provider reports the state “rendering”, which Rushes does not",
    "unanswered 200 <b>Busy</b>": "answers about this clip: “200 &lt;b&gt;Busy&lt;/b&gt;”.",
    "no_film success": "but no film was found in the answer.",
    "cost_unread 35 or so": "a cost that Rushes cannot read: “35 or so”.",
    "not_delivered watermarked sound duration=5>3.2": "than was ordered: the copy with the "
    "watermark is missing; it has no sound; it lasts 3.2 s instead of 5 s.",
    "not_delivered resolution=1080p>1280x720 aspect_ratio=16:9>1280x720": "it has 1280 × 720 "
    "pixels instead of 1080p; it has 1280 × 720 pixels instead of the ratio 16:9.",
    "taken_after_all 911": "was given up here, as task 911.",
    "of_another_version 7": "of_another_version 7",
}


@pytest.fixture
def order(member: Membership) -> Callable[..., Task]:
    credential = make_credential(team=member.team)

    def make(state: TaskState = TaskState.RUNNING, **fields: Any) -> Task:
        (task,) = make_tasks(membership=member, credential=credential)
        now = {"accepted_at": clock.now()} | fields
        Task.objects.filter(pk=task.pk).update(state=state, **now)
        task.refresh_from_db()
        return task

    return make


def card(client: Client, task: Task) -> str:
    html = client.get(reverse("gallery", args=[task.team.slug])).text
    return html.partition(f'id="task-{task.pk}"')[2].partition("</article>")[0]


def page(client: Client, task: Task) -> str:
    return client.get(reverse("task", args=[task.team.slug, task.pk])).text


def dismiss(client: Client, task: Task, code: str, **headers: str) -> Any:
    address = reverse("task_dismiss", args=[task.team.slug, task.pk])
    return client.post(address, {"code": code}, headers=headers)


def test_each_alarm_is_a_sentence_on_the_card_and_on_the_page(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order()
    for alarm, sentence in SENTENCES.items():
        Task.objects.filter(pk=task.pk).update(alarm=alarm)
        with case(alarm):
            assert sentence in card(site, task)
            assert sentence in page(site, task)
    Task.objects.filter(pk=task.pk).update(alarm="\n".join(SENTENCES))
    assert all(sentence in card(site, task) for sentence in SENTENCES.values())
    assert f'href="{reverse("task", args=[task.team.slug, task.pk])}#replies"' in card(site, task)


def test_a_clip_that_is_late_shows_its_age_and_since_when(
    site: Client, order: Callable[..., Task]
) -> None:
    began = clock.now() - timedelta(minutes=40)
    task = order(accepted_at=began, progress=99)
    assert "<strong>99</strong>" in card(site, task)
    Task.objects.filter(pk=task.pk).update(late_at=clock.now())
    html = card(site, task)
    assert "<strong>99</strong>" not in html
    assert "0:40:" in html or "40:0" in html
    assert "far longer than usual. Rushes goes on asking." in html
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)
    assert "far longer than usual" not in card(site, task)


def test_what_answered_in_place_of_the_provider_is_quoted_on_a_waiting_clip(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.WAITING, obstacle=Reason.GATEWAY, message="403 <h1>Blocked</h1>")
    for html in (card(site, task), page(site, task)):
        assert "for example a proxy or a firewall." in html
        assert "It was answered: “403 &lt;h1&gt;Blocked&lt;/h1&gt;”." in html


def test_an_order_that_was_redirected_says_where_to_and_what_to_correct(
    site: Client, order: Callable[..., Task]
) -> None:
    where = "301 https://new.example/v1"
    task = order(TaskState.FAILED, reason=Reason.REDIRECTED, code="redirected", message=where)
    html = page(site, task)
    assert "The address of the key leads to another address. Nothing was ordered there." in html
    assert "Correct the key&#x27;s address, then send it again." in html
    assert f"The provider said: “{where}”" in html


def test_the_providers_code_stands_beside_a_known_reason(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.FAILED, reason=Reason.PROMPT_REFUSED, code="TaskPromptPolicyViolation")
    html = page(site, task)
    assert "The provider refused the prompt under its rules." in html
    assert "TaskPromptPolicyViolation" in html


def test_who_may_order_dismisses_what_stays_and_nothing_else(
    site: Client, client: Client, order: Callable[..., Task]
) -> None:
    task = order(alarm="unknown_state rendering\ncost_unread ?")
    html = card(site, task)
    assert html.count('name="code"') == 1, "the next answer would raise the other again"
    answer = dismiss(site, task, "unknown_state", **{"HX-Request": "true"})
    assert "The order has changed in the meantime. Nothing was changed here." in answer.text
    answer = dismiss(site, task, "cost_unread", **{"HX-Request": "true"})
    assert answer.text.strip().startswith(f'<article class="card" id="task-{task.pk}"')
    task.refresh_from_db()
    assert task.alarm == "unknown_state rendering"
    assert AuditEvent.objects.filter(verb="task.alarm_dismissed").count() == 1
    Task.objects.filter(pk=task.pk).update(alarm="not_delivered sound")
    client.force_login(make_member(team=task.team, role=Role.VIEWER).user)
    assert "no sound" in card(client, task)
    assert 'name="code"' not in card(client, task)
    assert dismiss(client, task, "not_delivered").status_code == 403


def test_the_page_shows_each_reply_as_it_came_one_member_in_each_line(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order()
    Attempt.objects.filter(task=task).update(
        state=AttemptState.ACCEPTED,
        reply='{"task_id":"911","credits":35.0}',
        first_report='{"state":"<b>rendering</b>","id":9007199254740993}',
        report="<html>Busy & late</html>",
    )
    html = page(site, task)
    assert escape('{\n  "task_id": "911",\n  "credits": 35.0\n}') in html
    assert escape('{\n  "state": "<b>rendering</b>",\n  "id": 9007199254740993\n}') in html
    assert "&lt;html&gt;Busy &amp; late&lt;/html&gt;" in html
    assert '<details id="reply-1" >' in html
    Task.objects.filter(pk=task.pk).update(alarm="unknown_state rendering")
    html = page(site, task)
    assert '<details id="reply-1" >' in html
    assert '<details id="reply-3" open>' in html, "the last one is what the warning is about"


def test_the_page_shows_what_the_provider_made_of_the_order(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(
        TaskState.SUCCEEDED,
        state_word="success <1>",
        echoed={
            "enhanced_prompt": "A tall <i>lighthouse</i>",
            "seed": "4711",
            "created_at": "1764522552.5",
            "finished_at": "2026-11-30 08:00:00",
        },
    )
    html = page(site, task)
    for shown in ("A tall &lt;i&gt;lighthouse", "4711", "success &lt;1&gt;", "2026-11-30 08:00:00"):
        assert shown in html
    assert ":12" in html.partition("Created at provider")[2][:200], "17:09:12 in UTC"
    again = site.get(reverse("generate", args=[task.team.slug]) + f"?like={task.pk}").text
    assert 'value="4711"' in again, "the seed that was really used"


def test_a_team_with_many_alarms_takes_no_more_queries(
    site: Client, order: Callable[..., Task], django_assert_max_num_queries: Any
) -> None:
    task = order(TaskState.SUCCEEDED, alarm="\n".join(SENTENCES))
    File.objects.create(task=task, team=task.team, role="video", state="stored", name="a.mp4")
    page(site, task)
    with django_assert_max_num_queries(26):
        page(site, task)

"""Vivienne's gateway: an order, a query, and signed callbacks (docs/wire.md, section 3)."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.dialects import dialect_named
from generations.sandbox.providers.vivienne import signature
from tests.cases import case
from tests.sandbox.dialects import body_of, client_of, download
from tests.sandbox.orders import LONG
from tests.sandbox.receiver import ReceivedCallback, receiving

CREATE = "/open/aigw/gateway/generations"
QUERY = "/open/aigw/gateway/generationTask"
KEY = dialect_named("vivienne").demo_key


@pytest.fixture
def vivienne(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "vivienne") as client:
        yield client


def create(vivienne: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    order = {"model": "viduq2_text2video", "prompt": prompt} | fields
    body = body_of(vivienne.post(CREATE, json=order))
    assert (body["code"], body["message"]) == (1000, "success")
    return str(body["data"]["taskNo"])


def query(vivienne: httpx.Client, task_id: str) -> dict[str, Any]:
    body = body_of(vivienne.get(QUERY, params={"taskNo": task_id}))
    assert (body["code"], body["message"]) == (1000, "success")
    data: dict[str, Any] = body["data"]
    return data


def callbacks_of(
    sandbox: Sandbox, vivienne: httpx.Client, prompt: str, *statuses: int
) -> tuple[str, list[ReceivedCallback]]:
    """The id of a task that was waited for, and its callbacks; `statuses` are our answers."""
    with receiving() as receiver:
        receiver.statuses = list(statuses)
        task_id = create(vivienne, prompt, callbackUrl=f"{receiver.url}/c/9f1c", seed=7)
        for _ in range(6):
            sandbox.advance(LONG / 6)
    return task_id, receiver.received


def is_signed(body: dict[str, Any]) -> bool:
    return bool(body["sign"] == signature(body["taskNo"], body["timestamp"], KEY))


def test_the_signature_agrees_with_the_vectors() -> None:
    task_id = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
    for timestamp, expected in [
        (1767965730, "0320746d10c9c3df73bf5656aee85e3d086e170d31567553cf95bd87b19a5cb9"),
        (1767965730000, "861c4542bd3c6e015679d79cc8d99975eb526fcec6c1e9e10d220967e70f9ec1"),
    ]:
        assert signature(task_id, timestamp, "ak_test_0001") == expected


def test_a_task_id_has_32_hex_digits(vivienne: httpx.Client) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", create(vivienne))


def test_a_task_goes_from_pending_over_processing_to_success(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    task_id = create(vivienne)
    replies = [query(vivienne, task_id)]
    for _ in range(70):
        sandbox.advance(0.1)
        replies.append(query(vivienne, task_id))
    statuses = list(dict.fromkeys(data["status"] for data in replies))
    assert statuses == ["pending", "processing", "success"]
    assert replies[0] == {"taskNo": task_id, "model": "viduq2_text2video", "status": "pending"}


def test_a_success_has_its_video_its_points_and_a_time_without_a_zone(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    task_id = create(vivienne)
    sandbox.advance(LONG)
    data = query(vivienne, task_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", data["createTime"])
    assert data["usage"] == {"totalPoints": 10}
    (url,) = data["data"]["result"]
    assert download(url).content[4:8] == b"ftyp"
    assert data.keys() == {"taskNo", "model", "status", "createTime", "data", "usage"}


def test_a_failed_task_has_code_1000_and_a_message(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    task_id = create(vivienne, "x [fail the prompt was refused]")
    sandbox.advance(LONG)
    assert query(vivienne, task_id) == {
        "taskNo": task_id,
        "model": "viduq2_text2video",
        "status": "failed",
        "error": "the prompt was refused",
    }


def test_there_may_be_two_different_results(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    task_id = create(vivienne, "x [two results]")
    sandbox.advance(LONG)
    first, second = (download(url) for url in query(vivienne, task_id)["data"]["result"])
    assert first.content[4:8] == second.content[4:8] == b"ftyp"
    assert first.content != second.content


def test_links_die_after_an_hour(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    task_id = create(vivienne)
    sandbox.advance(LONG)
    (url,) = query(vivienne, task_id)["data"]["result"]
    sandbox.advance(3601)
    assert download(url).status_code == 403
    assert download(query(vivienne, task_id)["data"]["result"][0]).status_code == 200


def test_success_may_come_without_a_video_once(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    task_id = create(vivienne, "x [empty creations]")
    sandbox.advance(LONG)
    assert [len(query(vivienne, task_id)["data"]["result"]) for _ in range(2)] == [0, 1]


def test_only_the_end_is_reported_with_the_result_one_level_higher(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    task_id, (callback,) = callbacks_of(sandbox, vivienne, "A lighthouse")
    body = callback.body
    assert callback.path == "/c/9f1c"
    members = {"taskNo", "status", "model", "timestamp", "data", "usage", "sign"}
    assert body.keys() == members
    assert (body["taskNo"], body["status"]) == (task_id, "success")
    assert len(str(body["timestamp"])) == 10
    upstream = {"task_id", "status", "request_id", "result", "error_info", "traceback"}
    assert body["data"].keys() == upstream
    assert body["data"]["status"] == "SUCCESS"
    assert download(body["data"]["result"][0]).status_code == 200
    assert body["usage"] == {"totalPoints": 10}
    assert is_signed(body)


def test_a_failure_is_reported_without_data_and_usage(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    _, (callback,) = callbacks_of(sandbox, vivienne, "x [fail reason]")
    body = callback.body
    assert body.keys() == {"taskNo", "status", "model", "timestamp", "error", "sign"}
    assert (body["status"], body["error"]) == ("failed", "reason")
    assert is_signed(body)


def test_a_directive_changes_what_is_reported(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    for directive, statuses in [
        ("never", []),
        ("duplicate", ["success", "success"]),
        ("five times", ["success"] * 5),
        ("out of order", ["success", "processing"]),
        ("contradicting", ["failed"]),
        ("early", ["pending", "success"]),
    ]:
        with case(directive):
            _, callbacks = callbacks_of(sandbox, vivienne, f"x [callback {directive}]")
            assert [callback.body["status"] for callback in callbacks] == statuses
            assert all(is_signed(callback.body) for callback in callbacks)


def test_a_callback_may_come_before_the_query_says_success(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    with receiving() as receiver:
        task_id = create(vivienne, "x [callback ahead]", callbackUrl=receiver.url)
        sandbox.advance(1)
        assert [callback.body["status"] for callback in receiver.received] == ["success"]
        assert query(vivienne, task_id)["status"] == "processing"
        sandbox.advance(LONG)
    assert len(receiver.received) == 1


def test_a_timestamp_may_have_13_digits_and_a_signature_capitals(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    prompt = "x [callback milliseconds] [callback upper case]"
    _, (callback,) = callbacks_of(sandbox, vivienne, prompt)
    assert len(str(callback.body["timestamp"])) == 13
    assert callback.body["sign"].isupper()
    assert is_signed(callback.body | {"sign": callback.body["sign"].lower()})


def test_a_signature_may_be_wrong_or_missing_and_a_timestamp_stale(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    _, (wrong,) = callbacks_of(sandbox, vivienne, "x [callback bad signature]")
    assert not is_signed(wrong.body)
    _, (missing,) = callbacks_of(sandbox, vivienne, "x [callback unsigned]")
    assert "sign" not in missing.body
    task_id, (stale,) = callbacks_of(sandbox, vivienne, "x [callback stale date]")
    assert is_signed(stale.body)
    assert sandbox.tasks[task_id].ended_at - stale.body["timestamp"] > 24 * 3600


def test_a_valid_signature_may_stand_over_an_altered_result(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    task_id, (callback,) = callbacks_of(sandbox, vivienne, "x [callback altered]")
    assert is_signed(callback.body)
    assert callback.body["data"]["result"] == ["https://cdn.example/forged.mp4"]
    assert query(vivienne, task_id)["data"]["result"] != callback.body["data"]["result"]


def test_a_callback_that_is_not_answered_with_200_is_tried_again(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    _, callbacks = callbacks_of(sandbox, vivienne, "x", 500, 502, 200)
    assert len(callbacks) == 3
    assert len({callback.body["sign"] for callback in callbacks}) == 1

"""The dialect of Vivienne's gateway: an order, a look, and signed callbacks."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.providers.vivienne.replies import signature
from generations.sandbox.tasks import DEMO_KEYS
from tests.sandbox.dialects import body_of, speaking
from tests.sandbox.orders import LONG
from tests.sandbox.receiver import Ring, receiving

CREATE = "/open/aigw/gateway/generations"
LOOK = "/open/aigw/gateway/generationTask"
KEY = DEMO_KEYS["vivienne"]


@pytest.fixture
def vivienne(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with speaking(sandbox, "vivienne") as client:
        yield client


def create(vivienne: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    order = {"model": "viduq2_text2video", "prompt": prompt} | fields
    body = body_of(vivienne.post(CREATE, json=order))
    assert (body["code"], body["message"]) == (1000, "success")
    return str(body["data"]["taskNo"])


def look(vivienne: httpx.Client, number: str) -> dict[str, Any]:
    body = body_of(vivienne.get(LOOK, params={"taskNo": number}))
    assert (body["code"], body["message"]) == (1000, "success")
    data: dict[str, Any] = body["data"]
    return data


def rings(
    sandbox: Sandbox, vivienne: httpx.Client, prompt: str, *statuses: int
) -> tuple[str, list[Ring]]:
    """The number of a task that was waited for, and its callbacks."""
    with receiving() as receiver:
        receiver.statuses = list(statuses)
        number = create(vivienne, prompt, callbackUrl=f"{receiver.url}/c/9f1c")
        for _ in range(6):
            sandbox.advance(LONG / 6)
    return number, receiver.rings


def is_signed(body: dict[str, Any]) -> bool:
    return bool(body["sign"] == signature(body["taskNo"], body["timestamp"], KEY))


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1767965730, "0320746d10c9c3df73bf5656aee85e3d086e170d31567553cf95bd87b19a5cb9"),
        (1767965730000, "861c4542bd3c6e015679d79cc8d99975eb526fcec6c1e9e10d220967e70f9ec1"),
    ],
)
def test_the_signature_agrees_with_the_vectors(timestamp: int, expected: str) -> None:
    number = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
    assert signature(number, timestamp, "ak_test_0001") == expected


def test_a_number_has_32_hex_digits(vivienne: httpx.Client) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", create(vivienne))


def test_a_task_goes_from_pending_over_processing_to_success(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    number = create(vivienne)
    seen = [look(vivienne, number)]
    for _ in range(70):
        sandbox.advance(0.1)
        seen.append(look(vivienne, number))
    statuses = list(dict.fromkeys(data["status"] for data in seen))
    assert statuses == ["pending", "processing", "success"]
    assert seen[0] == {"taskNo": number, "model": "viduq2_text2video", "status": "pending"}


def test_a_success_has_its_video_its_points_and_a_time_without_a_zone(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    number = create(vivienne)
    sandbox.advance(LONG)
    data = look(vivienne, number)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", data["createTime"])
    assert data["usage"] == {"totalPoints": 10}
    (url,) = data["data"]["result"]
    assert httpx.get(url).content[4:8] == b"ftyp"
    assert data.keys() == {"taskNo", "model", "status", "createTime", "data", "usage"}


def test_a_failure_is_told_with_code_1000_and_a_reason(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    number = create(vivienne, "x [fail the prompt was refused]")
    sandbox.advance(LONG)
    assert look(vivienne, number) == {
        "taskNo": number,
        "model": "viduq2_text2video",
        "status": "failed",
        "error": "the prompt was refused",
    }


def test_there_may_be_two_different_results(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    number = create(vivienne, "x [two results]")
    sandbox.advance(LONG)
    first, second = (httpx.get(url) for url in look(vivienne, number)["data"]["result"])
    assert first.content[4:8] == second.content[4:8] == b"ftyp"
    assert first.content != second.content


def test_links_die_after_an_hour(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    number = create(vivienne)
    sandbox.advance(LONG)
    (url,) = look(vivienne, number)["data"]["result"]
    sandbox.advance(3601)
    assert httpx.get(url).status_code == 403
    assert httpx.get(look(vivienne, number)["data"]["result"][0]).status_code == 200


def test_success_may_come_without_a_video_once(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    number = create(vivienne, "x [empty creations]")
    sandbox.advance(LONG)
    assert [len(look(vivienne, number)["data"]["result"]) for _ in range(2)] == [0, 1]


def test_only_the_end_is_told_with_the_result_one_step_higher(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    number, (ring,) = rings(sandbox, vivienne, "A lighthouse")
    body = ring.body
    assert ring.path == "/c/9f1c"
    assert body.keys() == {
        "taskNo",
        "status",
        "model",
        "timestamp",
        "data",
        "usage",
        "sign",
    }
    assert (body["taskNo"], body["status"]) == (number, "success")
    assert len(str(body["timestamp"])) == 10
    upstream = {"task_id", "status", "request_id", "result", "error_info", "traceback"}
    assert body["data"].keys() == upstream
    assert body["data"]["status"] == "SUCCESS"
    assert httpx.get(body["data"]["result"][0]).status_code == 200
    assert body["usage"] == {"totalPoints": 10}
    assert is_signed(body)


def test_a_failure_is_told_without_data_and_usage(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    _, (ring,) = rings(sandbox, vivienne, "x [fail reason]")
    assert ring.body.keys() == {"taskNo", "status", "model", "timestamp", "error", "sign"}
    assert (ring.body["status"], ring.body["error"]) == ("failed", "reason")
    assert is_signed(ring.body)


@pytest.mark.parametrize(
    ("word", "statuses"),
    [
        ("never", []),
        ("duplicate", ["success", "success"]),
        ("five times", ["success"] * 5),
        ("out of order", ["success", "processing"]),
        ("contradicting", ["failed"]),
        ("early", ["pending", "success"]),
    ],
)
def test_a_word_changes_what_is_told(
    sandbox: Sandbox, vivienne: httpx.Client, word: str, statuses: list[str]
) -> None:
    _, told = rings(sandbox, vivienne, f"x [callback {word}]")
    assert [ring.body["status"] for ring in told] == statuses
    assert all(is_signed(ring.body) for ring in told)


def test_a_callback_may_come_ahead_of_the_look(sandbox: Sandbox, vivienne: httpx.Client) -> None:
    with receiving() as receiver:
        number = create(vivienne, "x [callback ahead]", callbackUrl=receiver.url)
        sandbox.advance(1)
        assert [ring.body["status"] for ring in receiver.rings] == ["success"]
        assert look(vivienne, number)["status"] == "processing"
        sandbox.advance(LONG)
    assert len(receiver.rings) == 1


def test_a_timestamp_may_have_13_digits_and_a_signature_capitals(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    _, (ring,) = rings(sandbox, vivienne, "x [callback milliseconds] [callback upper case]")
    assert len(str(ring.body["timestamp"])) == 13
    assert ring.body["sign"].isupper()
    assert is_signed(ring.body | {"sign": ring.body["sign"].lower()})


def test_a_signature_may_be_wrong_or_missing_and_a_timestamp_stale(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    _, (wrong,) = rings(sandbox, vivienne, "x [callback bad signature]")
    assert not is_signed(wrong.body)
    _, (missing,) = rings(sandbox, vivienne, "x [callback unsigned]")
    assert "sign" not in missing.body
    number, (stale,) = rings(sandbox, vivienne, "x [callback stale date]")
    assert is_signed(stale.body)
    assert sandbox.tasks[number].ended_at - stale.body["timestamp"] > 24 * 3600


def test_a_good_signature_may_stand_over_an_altered_result(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    number, (ring,) = rings(sandbox, vivienne, "x [callback altered]")
    assert is_signed(ring.body)
    assert ring.body["data"]["result"] == ["https://cdn.example/forged.mp4"]
    assert look(vivienne, number)["data"]["result"] != ring.body["data"]["result"]


def test_a_callback_that_is_not_answered_with_200_is_tried_again(
    sandbox: Sandbox, vivienne: httpx.Client
) -> None:
    _, told = rings(sandbox, vivienne, "x", 500, 502, 200)
    assert len(told) == 3
    assert len({ring.body["sign"] for ring in told}) == 1

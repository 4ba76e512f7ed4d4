"""Callbacks: their signature, their order, their retries and their flaws."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.callbacks import Letter
from generations.sandbox.providers.vidu.replies import signature
from tests.sandbox.conftest import KEY
from tests.sandbox.orders import LONG, create, look, post
from tests.sandbox.receiver import Receiver, Ring, receiving

SECRET = "vda_test_secret_0001"
SIGNED = {
    "Date": "Tue, 06 May 2025 12:09:42 GMT",
    "x-request-nonce": "123e4567-e89b-12d3-a456-426614174000",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def run(sandbox: Sandbox, client: httpx.Client, receiver: Receiver, prompt: str) -> str:
    number = create(client, prompt, callback_url=f"{receiver.url}/hooks/vidu/9f1c?a=1&b=2")
    sandbox.advance(LONG)
    return number


def is_signed(receiver: Receiver, ring: Ring) -> bool:
    names = ring.headers["X-HMAC-SIGNED-HEADERS"].split(";")
    expected = signature(KEY, "POST", receiver.url + ring.path, ring.headers, names)
    return ring.headers["X-HMAC-SIGNATURE"] == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "http://127.0.0.1:8080/vidu/callback?name=james&age=36",
            "E9MccOn1Xqmt5t0pYd5sEZDxu6nSudBSYwkzLiUBEKM=",
        ),
        ("https://app.example/hooks/vidu/9f1c", "ljctzlnt4Ex61T9H32NCjUtWAiNk43OjAIycNAWmCGU="),
    ],
)
def test_the_signature_agrees_with_the_vectors(url: str, expected: str) -> None:
    assert signature(SECRET, "POST", url, SIGNED) == expected


def test_the_signature_depends_on_the_order_of_the_headers() -> None:
    url = "http://127.0.0.1:8080/vidu/callback?name=james&age=36"
    turned = signature(SECRET, "POST", url, SIGNED, ("x-request-nonce", "Date"))
    assert turned == "/XZCAnUkMZE5sXqVsawsbJhXy+QZvlXvpc+ZdfYtafg="
    assert signature(SECRET, "POST", url, SIGNED) != "4A5gYzERZJyjA0usJ0tsC5GrcADhjlgZ2KHuZX8a8hw="


def test_each_change_of_state_is_told_with_the_query_reply(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    number = run(sandbox, client, receiver, "A lighthouse")
    assert receiver.states == ["processing", "success"]
    ring, query = receiver.rings[1], look(client, number)
    assert ring.path == "/hooks/vidu/9f1c?a=1&b=2"
    assert ring.body.keys() == query.keys()
    assert ring.body["id"] == number
    assert is_signed(receiver, ring)
    assert ring.headers["X-HMAC-ALGORITHM"] == "hmac-sha256"
    assert ring.headers["X-HMAC-ACCESS-KEY"] == "vidu"
    assert ring.headers["X-HMAC-SIGNED-HEADERS"] == "Date;x-request-nonce"
    assert parsedate_to_datetime(ring.headers["Date"]).tzinfo == UTC


def test_a_failure_is_told(sandbox: Sandbox, client: httpx.Client, receiver: Receiver) -> None:
    run(sandbox, client, receiver, "x [fail CreationPolicyViolation]")
    assert receiver.states == ["processing", "failed"]
    assert receiver.rings[1].body["err_code"] == "CreationPolicyViolation"


def test_a_final_state_is_tried_three_times_more(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    receiver.statuses = [500] * 9
    run(sandbox, client, receiver, "x")
    for _ in range(6):
        sandbox.advance(5)
    assert receiver.states == ["processing", "success", "success", "success", "success"]
    assert [sent.attempt for sent in sandbox.callbacks] == [0, 0, 1, 2, 3]


def test_a_try_that_is_answered_with_200_ends_the_retries(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    receiver.statuses = [200, 503]
    run(sandbox, client, receiver, "x")
    sandbox.advance(60)
    assert receiver.states == ["processing", "success", "success"]


def test_a_receiver_that_is_gone_is_recorded(sandbox: Sandbox, client: httpx.Client) -> None:
    create(client, "x", callback_url="http://127.0.0.1:9/nobody")
    sandbox.advance(LONG)
    assert {sent.status for sent in sandbox.callbacks} == {None}
    assert "ConnectionRefusedError" in sandbox.callbacks[0].error


def test_a_receiver_has_as_long_as_its_letter_allows(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.on_ring = lambda ring: time.sleep(0.3)
    letter = Letter("1", receiver.url, {}, lambda now: {}, is_retried=False)
    assert sandbox.stage.callbacks.send_now(letter).status == 200
    hasty = sandbox.stage.callbacks.send_now(replace(letter, timeout=0.1))
    assert (hasty.status, hasty.error) == (None, "TimeoutError: timed out")


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("never", []),
        ("out of order", ["success", "processing"]),
        ("duplicate", ["processing", "processing", "success", "success"]),
        ("again", ["processing", "processing", "success", "success"]),
        ("five times", ["processing"] * 5 + ["success"] * 5),
        ("contradicting", ["success", "failed"]),
    ],
)
def test_a_word_changes_what_is_told(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver, word: str, states: list[str]
) -> None:
    run(sandbox, client, receiver, f"x [callback {word}]")
    assert receiver.states == states
    assert all(is_signed(receiver, ring) for ring in receiver.rings)


@pytest.mark.parametrize(("word", "nonces"), [("duplicate", 2), ("again", 4)])
def test_a_duplicate_has_the_same_nonce_and_another_has_a_new_one(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver, word: str, nonces: int
) -> None:
    run(sandbox, client, receiver, f"x [callback {word}]")
    assert len({ring.headers["x-request-nonce"] for ring in receiver.rings}) == nonces


def test_a_signature_can_be_wrong_or_missing(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    run(sandbox, client, receiver, "x [callback bad signature]")
    assert not any(is_signed(receiver, ring) for ring in receiver.rings)
    receiver.rings.clear()
    run(sandbox, client, receiver, "x [callback unsigned]")
    assert not any("X-HMAC-SIGNATURE" in ring.headers for ring in receiver.rings)


def test_a_date_can_be_stale_and_a_nonce_missing(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    run(sandbox, client, receiver, "x [callback stale date]")
    age = datetime.now(UTC) - parsedate_to_datetime(receiver.rings[0].headers["Date"])
    assert age.total_seconds() > 3000
    assert is_signed(receiver, receiver.rings[0])
    receiver.rings.clear()
    run(sandbox, client, receiver, "x [callback no nonce]")
    assert "x-request-nonce" not in receiver.rings[0].headers
    assert is_signed(receiver, receiver.rings[0])


def test_a_body_can_lack_its_id_name_its_state_otherwise_or_be_huge(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    run(sandbox, client, receiver, "x [callback no id] [callback status word]")
    assert receiver.rings[0].body["status"] == "processing"
    assert not {"id", "state"} & receiver.rings[0].body.keys()
    receiver.rings.clear()
    run(sandbox, client, receiver, "x [callback oversized]")
    assert len(receiver.rings[0].body["padding"]) > 2**21


def test_a_callback_can_be_late(sandbox: Sandbox, client: httpx.Client, receiver: Receiver) -> None:
    number = run(sandbox, client, receiver, "x [callback late 100]")
    assert look(client, number)["state"] == "success"
    assert receiver.rings == []
    sandbox.advance(100)
    assert receiver.states == ["processing", "success"]


def test_an_early_callback_comes_before_the_answer_to_the_order(
    client: httpx.Client, receiver: Receiver
) -> None:
    seen: list[str] = []
    receiver.on_ring = lambda ring: seen.append("ring")
    address = f"{receiver.url}/hooks"
    body = post(client, "x [callback early]", callback_url=address).json()
    seen.append("answer")
    assert seen == ["ring", "answer"]
    assert receiver.rings[0].body["id"] == body["task_id"]


def test_a_callback_can_be_fired_by_hand(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    number = run(sandbox, client, receiver, "x")
    client.post(f"/control/fire/{number}")
    sandbox.settle()
    assert receiver.states == ["processing", "success", "success"]

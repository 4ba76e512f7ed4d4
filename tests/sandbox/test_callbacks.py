"""Callbacks: their signature, their order, their retries and their flaws."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from generations.sandbox.app import Sandbox
from generations.sandbox.callbacks import OutgoingCallback
from generations.sandbox.providers.vidu.callbacks import signature
from tests.cases import case
from tests.sandbox.conftest import KEY
from tests.sandbox.orders import LONG, create, post, query_task
from tests.sandbox.receiver import ReceivedCallback, Receiver

SECRET = "vda_test_secret_0001"
SIGNED = {
    "Date": "Tue, 06 May 2025 12:09:42 GMT",
    "x-request-nonce": "123e4567-e89b-12d3-a456-426614174000",
}


def run(sandbox: Sandbox, client: httpx.Client, receiver: Receiver, prompt: str) -> str:
    """The id of a new task after it has ended."""
    task_id = create(client, prompt, callback_url=f"{receiver.url}/hooks/vidu/9f1c?a=1&b=2")
    sandbox.advance(LONG)
    return task_id


def is_signed(receiver: Receiver, callback: ReceivedCallback) -> bool:
    names = callback.headers["X-HMAC-SIGNED-HEADERS"].split(";")
    expected = signature(KEY, "POST", receiver.url + callback.path, callback.headers, names)
    return callback.headers["X-HMAC-SIGNATURE"] == expected


SIGNATURES = {
    "http://127.0.0.1:8080/vidu/callback?name=james&age=36": (
        "E9MccOn1Xqmt5t0pYd5sEZDxu6nSudBSYwkzLiUBEKM="
    ),
    "https://app.example/hooks/vidu/9f1c": "ljctzlnt4Ex61T9H32NCjUtWAiNk43OjAIycNAWmCGU=",
}


def test_the_signature_agrees_with_the_vectors() -> None:
    for url, expected in SIGNATURES.items():
        with case(url):
            assert signature(SECRET, "POST", url, SIGNED) == expected


def test_the_signature_depends_on_the_order_of_the_headers() -> None:
    url = "http://127.0.0.1:8080/vidu/callback?name=james&age=36"
    turned = signature(SECRET, "POST", url, SIGNED, ("x-request-nonce", "Date"))
    assert turned == "/XZCAnUkMZE5sXqVsawsbJhXy+QZvlXvpc+ZdfYtafg="
    assert signature(SECRET, "POST", url, SIGNED) != "4A5gYzERZJyjA0usJ0tsC5GrcADhjlgZ2KHuZX8a8hw="


def test_each_change_of_state_is_told_with_the_query_reply(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    task_id = run(sandbox, client, receiver, "A lighthouse")
    assert receiver.states == ["processing", "success"]
    callback, reply = receiver.received[1], query_task(client, task_id)
    assert callback.path == "/hooks/vidu/9f1c?a=1&b=2"
    assert callback.body.keys() == reply.keys()
    assert callback.body["id"] == task_id
    assert is_signed(receiver, callback)
    assert callback.headers["X-HMAC-ALGORITHM"] == "hmac-sha256"
    assert callback.headers["X-HMAC-ACCESS-KEY"] == "vidu"
    assert callback.headers["X-HMAC-SIGNED-HEADERS"] == "Date;x-request-nonce"
    assert parsedate_to_datetime(callback.headers["Date"]).tzinfo == UTC


def test_a_failure_is_told(sandbox: Sandbox, client: httpx.Client, receiver: Receiver) -> None:
    run(sandbox, client, receiver, "x [fail CreationPolicyViolation]")
    assert receiver.states == ["processing", "failed"]
    assert receiver.received[1].body["err_code"] == "CreationPolicyViolation"


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


def test_a_receiver_has_as_long_as_the_callback_allows(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    receiver.on_callback = lambda callback: time.sleep(0.3)
    callback = OutgoingCallback("1", receiver.url, {}, lambda now: {}, is_retried=False)
    assert sandbox.context.callbacks.send_now(callback).status == 200
    hasty = sandbox.context.callbacks.send_now(replace(callback, timeout=0.1))
    assert (hasty.status, hasty.error) == (None, "TimeoutError: timed out")


STATES_BY_DIRECTIVE = {
    "never": [],
    "out of order": ["success", "processing"],
    "duplicate": ["processing", "processing", "success", "success"],
    "again": ["processing", "processing", "success", "success"],
    "five times": ["processing"] * 5 + ["success"] * 5,
    "contradicting": ["success", "failed"],
}


def test_a_directive_changes_what_is_sent(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    for directive, states in STATES_BY_DIRECTIVE.items():
        with case(directive):
            receiver.received.clear()
            run(sandbox, client, receiver, f"x [callback {directive}]")
            assert receiver.states == states
            assert all(is_signed(receiver, callback) for callback in receiver.received)


def test_a_duplicate_has_the_same_nonce_and_another_callback_a_new_one(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    for directive, count in (("duplicate", 2), ("again", 4)):
        with case(directive):
            receiver.received.clear()
            run(sandbox, client, receiver, f"x [callback {directive}]")
            nonces = {callback.headers["x-request-nonce"] for callback in receiver.received}
            assert len(nonces) == count


def test_a_signature_can_be_wrong_or_missing(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    run(sandbox, client, receiver, "x [callback bad signature]")
    assert not any(is_signed(receiver, callback) for callback in receiver.received)
    receiver.received.clear()
    run(sandbox, client, receiver, "x [callback unsigned]")
    assert not any("X-HMAC-SIGNATURE" in callback.headers for callback in receiver.received)


def test_a_date_can_be_stale_and_a_nonce_missing(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    run(sandbox, client, receiver, "x [callback stale date]")
    age = datetime.now(UTC) - parsedate_to_datetime(receiver.received[0].headers["Date"])
    assert age.total_seconds() > 3000
    assert is_signed(receiver, receiver.received[0])
    receiver.received.clear()
    run(sandbox, client, receiver, "x [callback no nonce]")
    assert "x-request-nonce" not in receiver.received[0].headers
    assert is_signed(receiver, receiver.received[0])


def test_a_body_can_lack_its_id_name_its_state_otherwise_or_be_huge(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    run(sandbox, client, receiver, "x [callback no id] [callback status word]")
    assert receiver.received[0].body["status"] == "processing"
    assert not {"id", "state"} & receiver.received[0].body.keys()
    receiver.received.clear()
    run(sandbox, client, receiver, "x [callback oversized]")
    assert len(receiver.received[0].body["padding"]) > 2**21


def test_a_callback_can_be_late(sandbox: Sandbox, client: httpx.Client, receiver: Receiver) -> None:
    task_id = run(sandbox, client, receiver, "x [callback late 100]")
    assert query_task(client, task_id)["state"] == "success"
    assert receiver.received == []
    sandbox.advance(100)
    assert receiver.states == ["processing", "success"]


def test_an_early_callback_comes_before_the_answer_to_the_order(
    client: httpx.Client, receiver: Receiver
) -> None:
    seen: list[str] = []
    receiver.on_callback = lambda callback: seen.append("callback")
    address = f"{receiver.url}/hooks"
    body = post(client, "x [callback early]", callback_url=address).json()
    seen.append("answer")
    assert seen == ["callback", "answer"]
    assert receiver.received[0].body["id"] == body["task_id"]


def test_a_callback_can_be_fired_by_hand(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    task_id = run(sandbox, client, receiver, "x")
    client.post(f"/control/fire/{task_id}")
    sandbox.settle()
    assert receiver.states == ["processing", "success", "success"]

"""Seed 000, the Vivienne gateway: what is sent and read, by its very bytes."""

import hashlib
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Order,
    Receipt,
    RemoteState,
    Report,
    Result,
)
from generations.providers.vivienne.adapter import Vivienne

from .driver import first_request, value_of

ACCESS = Access("https://gateway.example", "YOUR_API_KEY")
ORDER = Order(kind="text_to_video", model="viduq2", prompt="A harbour")
REMOTE_ID = "a1b2c3d4"

# The examples, as they stand there.
QUERY_SUCCESS = b"""{
"code": 1000,
"message": "success",
"data": {
"taskNo": "a1b2c3d4...",
"model": "viduq2_text2video",
"status": "success",
"createTime": "2025-01-01 12:00:00",
"data": { "result": ["https://cdn.example.com/result_1.mp4"] },
"usage": { "totalPoints": 10 }
}
}"""
QUERY_FAILURE = b"""{
"code": 1000,
"message": "success",
"data": {
"taskNo": "a1b2c3d4...",
"model": "viduq2_text2video",
"status": "failed",
"error": "Failure reason"
}
}"""
CALLBACK_SUCCESS = b"""{
"taskNo": "a1b2c3d4...",
"status": "success",
"model": "viduq2_text2video",
"timestamp": 1234567890,
"data": {
"task_id": "6928de47-2e53-4ee6-901b-be05a8bf7669",
"status": "SUCCESS",
"request_id": "7d8d7f71a7314779b6947eed659085fa",
"result": ["https://cdn.example.com/result_1.mp4"],
"error_info": "",
"traceback": ""
},
"usage": { "totalPoints": 10 },
"sign": "sha256hex..."
}"""
CALLBACK_FAILURE = b"""{
"taskNo": "a1b2c3d4...",
"status": "failed",
"model": "viduq2_text2video",
"timestamp": 1234567890,
"error": "Error message",
"sign": "sha256hex..."
}"""
URL = "https://cdn.example.com/result_1.mp4"
SUCCEEDED = Report(RemoteState.SUCCEEDED, "success", cost=10, results=(Result("video", URL),))


def read(content: bytes) -> Report:
    """The report without its raw reply."""
    flow = Vivienne().check(ACCESS, REMOTE_ID)
    return replace(value_of(flow, httpx.Response(200, content=content)), raw="")


def read_callback(content: bytes) -> CallbackReading:
    request = CallbackRequest("POST", "/callbacks/vivienne/9f1c", "", {}, content)
    return Vivienne().read_callback(ACCESS, request, now=1234567890.0)


def signed(content: bytes) -> bytes:
    """An example with whole values where it has dots."""
    sign = hashlib.sha256(b"a1b2c3d41234567890YOUR_API_KEY").hexdigest()
    return content.replace(b"a1b2c3d4...", b"a1b2c3d4").replace(b"sha256hex...", sign.encode())


# ---- POST /open/aigw/gateway/generations ----------------------------------------------------


def test_seed_000_submission_names_method_and_path() -> None:
    request = first_request(Vivienne().submit(ACCESS, ORDER))
    assert (request.method, request.url.raw_path) == ("POST", b"/open/aigw/gateway/generations")


def test_seed_000_names_the_model_with_its_kind() -> None:
    content = first_request(Vivienne().submit(ACCESS, ORDER)).content
    assert content == b'{"model":"viduq2_text2video","prompt":"A harbour"}'


def test_seed_000_names_the_member_callback_url() -> None:
    order = replace(ORDER, callback_url="https://app.example/callbacks/vivienne/9f1c")
    content = first_request(Vivienne().submit(ACCESS, order)).content
    assert b'"callbackUrl":"https://app.example/callbacks/vivienne/9f1c"' in content


def test_seed_000_submission_gives_a_task_no() -> None:
    body = b'{"code":1000,"message":"success","data":{"taskNo":"a1b2c3d4"}}'
    receipt = value_of(Vivienne().submit(ACCESS, ORDER), httpx.Response(200, content=body))
    assert receipt == Receipt("a1b2c3d4", RemoteState.QUEUED, raw=body.decode())


# ---- GET /open/aigw/gateway/generationTask --------------------------------------------------


def test_seed_000_query_names_method_path_and_task_no() -> None:
    request = first_request(Vivienne().check(ACCESS, REMOTE_ID))
    path = b"/open/aigw/gateway/generationTask?taskNo=a1b2c3d4"
    assert (request.method, request.url.raw_path, request.content) == ("GET", path, b"")


def test_seed_000_query_example_of_a_success_is_read() -> None:
    assert read(QUERY_SUCCESS) == SUCCEEDED


def test_seed_000_query_example_of_a_failure_is_read() -> None:
    assert read(QUERY_FAILURE) == Report(RemoteState.FAILED, "failed", message="Failure reason")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", RemoteState.QUEUED),
        ("processing", RemoteState.RUNNING),
        ("success", RemoteState.SUCCEEDED),
        ("failed", RemoteState.FAILED),
    ],
)
def test_seed_000_status_values_are_read(word: str, state: RemoteState) -> None:
    content = QUERY_SUCCESS.replace(b'"status": "success"', b'"status": "%s"' % word.encode())
    bare = content.replace(b'"https://cdn.example.com/result_1.mp4"', b"")
    assert (read(bare).state, read(bare).state_word) == (state, word)


@pytest.mark.parametrize(
    ("field", "old", "new", "report"),
    [
        (
            "data.data.result",
            b'"https://cdn.example.com/result_1.mp4"',
            b'"https://cdn.example.com/a.mp4?sig=a%2Fb", "https://cdn.example.com/b.mp4"',
            replace(
                SUCCEEDED,
                results=(
                    Result("video", "https://cdn.example.com/a.mp4?sig=a%2Fb"),
                    Result("video", "https://cdn.example.com/b.mp4"),
                ),
            ),
        ),
        (
            "data.usage.totalPoints",
            b'"totalPoints": 10',
            b'"totalPoints": 42',
            replace(SUCCEEDED, cost=42),
        ),
        (
            "data.status",
            b'"status": "success"',
            b'"status": "processing"',
            replace(SUCCEEDED, state_word="processing"),  # a film beside it is taken in
        ),
    ],
)
def test_seed_000_query_reads_the_member(
    field: str, old: bytes, new: bytes, report: Report
) -> None:
    assert old in QUERY_SUCCESS
    assert read(QUERY_SUCCESS.replace(old, new)) == report


def test_seed_000_query_reads_the_error_of_a_failure() -> None:
    assert read(QUERY_FAILURE.replace(b"Failure reason", "提示词".encode())).message == "提示词"


@pytest.mark.parametrize("field", ["taskNo", "model", "createTime"])
def test_seed_000_query_keeps_the_member_in_the_raw_reply_only(field: str) -> None:
    members: Any = msgspec.json.decode(QUERY_SUCCESS)
    del members["data"][field]
    assert read(msgspec.json.encode(members)) == SUCCEEDED
    response = httpx.Response(200, content=QUERY_SUCCESS)
    assert f'"{field}"' in value_of(Vivienne().check(ACCESS, REMOTE_ID), response).raw


def test_seed_000_query_has_code_1000_for_a_failed_task_too() -> None:
    assert b'"code": 1000' in QUERY_FAILURE
    assert read(QUERY_FAILURE).state is RemoteState.FAILED


# ---- The callback ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "word"), [(CALLBACK_SUCCESS, "success"), (CALLBACK_FAILURE, "failed")]
)
def test_seed_000_callback_is_signed_over_id_time_and_key(example: bytes, word: str) -> None:
    reading = read_callback(signed(example))
    assert (reading.trust, reading.remote_id, reading.state_word) == (
        CallbackTrust.SIGNED,
        "a1b2c3d4",
        word,
    )


@pytest.mark.parametrize("example", [CALLBACK_SUCCESS, CALLBACK_FAILURE])
def test_seed_000_callback_example_with_its_dots_is_forged(example: bytes) -> None:
    assert read_callback(example).trust is CallbackTrust.FORGED


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("taskNo", b'"taskNo": "a1b2c3d4"', b'"taskNo": "a1b2c3d5"'),
        ("timestamp", b"1234567890", b"1234567891"),
        ("sign", b'"sign": "', b'"sign": "0'),
    ],
)
def test_seed_000_callback_signature_covers_the_member(field: str, old: bytes, new: bytes) -> None:
    assert old in signed(CALLBACK_SUCCESS)
    assert read_callback(signed(CALLBACK_SUCCESS).replace(old, new)).trust is CallbackTrust.FORGED


@pytest.mark.parametrize("field", ["model", "data", "usage"])
def test_seed_000_callback_member_is_not_believed(field: str) -> None:
    members: Any = msgspec.json.decode(signed(CALLBACK_SUCCESS))
    del members[field]
    assert read_callback(msgspec.json.encode(members)) == read_callback(signed(CALLBACK_SUCCESS))


@pytest.mark.parametrize(
    "field", ["task_id", "status", "request_id", "result", "error_info", "traceback"]
)
def test_seed_000_callback_data_is_not_believed(field: str) -> None:
    members: Any = msgspec.json.decode(signed(CALLBACK_SUCCESS))
    members["data"][field] = "something else"
    assert read_callback(msgspec.json.encode(members)) == read_callback(signed(CALLBACK_SUCCESS))


def test_seed_000_callback_error_is_not_believed() -> None:
    other = signed(CALLBACK_FAILURE).replace(b"Error message", b"something else")
    assert read_callback(other) == read_callback(signed(CALLBACK_FAILURE))

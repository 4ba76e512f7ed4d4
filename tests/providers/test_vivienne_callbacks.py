"""The callbacks of Vivienne: the signature and the hints of the body (docs/wire.md, 3.4)."""

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers.contract import Access, CallbackReading, CallbackRequest, CallbackTrust
from generations.providers.vivienne.adapter import Vivienne

ACCESS = Access("https://gateway.example", "ak_test_0001")
REMOTE_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
SENT = 1767965730
SECONDS = "0320746d10c9c3df73bf5656aee85e3d086e170d31567553cf95bd87b19a5cb9"
MILLISECONDS = "861c4542bd3c6e015679d79cc8d99975eb526fcec6c1e9e10d220967e70f9ec1"
SUCCESS = {
    "taskNo": REMOTE_ID,
    "status": "success",
    "model": "viduq2_text2video",
    "timestamp": SENT,
    "data": {"task_id": "6928de47", "status": "SUCCESS", "result": ["https://cdn.example/1.mp4"]},
    "usage": {"totalPoints": 10},
    "sign": SECONDS,
}


def read_callback(body: Any, *, now: float = SENT, access: Access = ACCESS) -> CallbackReading:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    request = CallbackRequest("POST", "/callbacks/vivienne/9f1c", "", {}, content)
    return Vivienne().read_callback(access, request, now=now)


def trust(*, now: float = SENT, **members: Any) -> CallbackTrust:
    return read_callback(SUCCESS | members, now=now).trust


def sign(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_vector_in_seconds_is_signed() -> None:
    assert read_callback(SUCCESS) == CallbackReading(
        CallbackTrust.SIGNED, REMOTE_ID, "success", nonce=SECONDS
    )


def test_the_vector_in_milliseconds_is_signed() -> None:
    assert trust(timestamp=SENT * 1000, sign=MILLISECONDS) is CallbackTrust.SIGNED


def test_a_signature_in_capitals_is_the_same() -> None:
    reading = read_callback(SUCCESS | {"sign": SECONDS.upper()})
    assert reading == CallbackReading(CallbackTrust.SIGNED, REMOTE_ID, "success", nonce=SECONDS)


def test_the_time_is_signed_as_the_body_writes_it() -> None:
    quoted = msgspec.json.encode(SUCCESS).replace(b"1767965730", b'"1767965730"')
    spaced = msgspec.json.encode(SUCCESS).replace(b"1767965730", b"\n 1767965730 ")
    assert read_callback(quoted).trust is CallbackTrust.SIGNED
    assert read_callback(spaced).trust is CallbackTrust.SIGNED


@pytest.mark.parametrize("text", [b"1767965730.0", b"1.76796573e9", b"17679657300e-1", b"true"])
def test_a_time_that_is_written_otherwise_is_forged(text: bytes) -> None:
    body = msgspec.json.encode(SUCCESS).replace(b"1767965730", text)
    for signed in (SECONDS, sign(f"{REMOTE_ID}{text.decode()}{ACCESS.key}")):
        assert (
            read_callback(body.replace(SECONDS.encode(), signed.encode())).trust
            is CallbackTrust.FORGED
        )


@pytest.mark.parametrize(
    "changed",
    [
        {"taskNo": REMOTE_ID[:-1] + "1"},
        {"timestamp": SENT + 1},
        {"timestamp": str(SENT) + " "},
        {"sign": SECONDS[:-1]},
        {"sign": SECONDS[:-1] + "0"},
        {"sign": SECONDS + "0"},
        {"sign": "ключ"},
        {"taskNo": None},
        {"taskNo": ""},
        {"taskNo": 5},
        {"timestamp": None},
        {"timestamp": [SENT]},
        {"timestamp": -SENT},
    ],
)
def test_a_change_of_anything_signed_is_forged(changed: dict[str, Any]) -> None:
    assert trust(**changed) is CallbackTrust.FORGED


@pytest.mark.parametrize("sign_member", [None, "", 5, ["a"], {}])
def test_without_a_signature_it_is_unsigned(sign_member: Any) -> None:
    assert trust(sign=sign_member) is CallbackTrust.UNSIGNED


def test_what_is_not_signed_changes_nothing() -> None:
    reading = read_callback(
        SUCCESS | {"data": {"result": ["https://elsewhere.example/x.mp4"]}, "usage": {}}
    )
    assert reading == read_callback(SUCCESS)


def test_another_key_finds_it_forged() -> None:
    assert (
        read_callback(SUCCESS, access=Access(ACCESS.base_url, "other")).trust
        is CallbackTrust.FORGED
    )


def test_an_empty_key_signs_nothing() -> None:
    body = SUCCESS | {"sign": sign(f"{REMOTE_ID}{SENT}")}
    assert read_callback(body, access=Access(ACCESS.base_url, "")).trust is CallbackTrust.FORGED


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (-86_401, CallbackTrust.STALE),
        (-86_400, CallbackTrust.SIGNED),
        (86_400, CallbackTrust.SIGNED),
        (86_401, CallbackTrust.STALE),
        (float("nan"), CallbackTrust.STALE),
        (float("inf"), CallbackTrust.STALE),
    ],
)
def test_the_time_has_a_window_of_a_day(late: float, expected: CallbackTrust) -> None:
    assert trust(now=SENT + late) is expected
    assert trust(now=SENT + late, timestamp=SENT * 1000, sign=MILLISECONDS) is expected


# ---- No mark stands between the id and the time -----------------------------------------


@pytest.mark.parametrize("digits", range(1, 13))
def test_digits_that_move_from_the_time_to_the_id_are_found(digits: int) -> None:
    for timestamp, signature in ((str(SENT), SECONDS), (f"{SENT}000", MILLISECONDS)):
        remote_id, time = REMOTE_ID + timestamp[:digits], timestamp[digits:]
        assert sign(f"{remote_id}{time}{ACCESS.key}") == signature
        reading = read_callback(
            SUCCESS | {"taskNo": remote_id, "timestamp": time, "sign": signature}
        )
        assert reading.trust in {CallbackTrust.FORGED, CallbackTrust.STALE}


def test_digits_that_move_from_the_id_to_the_time_are_found() -> None:
    assert sign(f"a{11767965730}k") == sign(f"a1{1767965730}k")
    for remote_id, time in (("a", "11767965730"), ("a1", "1767965730")):
        body = SUCCESS | {
            "taskNo": remote_id,
            "timestamp": time,
            "sign": sign(f"a11767965730{'k'}"),
        }
        reading = read_callback(body, access=Access(ACCESS.base_url, "k"))
        assert reading.trust is (
            CallbackTrust.SIGNED if remote_id == "a1" else CallbackTrust.FORGED
        )


def test_a_shift_that_makes_seconds_into_milliseconds_of_today_names_another_task() -> None:
    """Three digits fit both lengths; then only the id tells (``has_named_callbacks``)."""
    signature = sign(f"task1761767965730{ACCESS.key}")
    honest = {"taskNo": "task176", "timestamp": 1767965730, "sign": signature}
    assert read_callback(SUCCESS | honest, now=1767965730).trust is CallbackTrust.SIGNED
    shifted = {"taskNo": "task", "timestamp": 1761767965730, "sign": signature}
    assert read_callback(SUCCESS | shifted, now=1767965730).trust is CallbackTrust.STALE
    reading = read_callback(SUCCESS | shifted, now=1761767965)
    assert reading.trust is CallbackTrust.SIGNED
    assert reading.remote_id != honest["taskNo"]
    assert Vivienne.has_named_callbacks


# ---- The body -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "number", "word"),
    [
        (b'{"taskNo":"a1","status":"failed","error":"no"}', "a1", "failed"),
        (b'{"taskNo":911026047460327424}', "911026047460327424", ""),
        (b'{"taskNo":"../..","status":"success"}', "../..", "success"),
        (b'{"taskNo":"..","status":"success"}', "", "success"),
        (b'{"status":5,"data":{"status":"SUCCESS"}}', "", "5"),
        (b'{"status":"success"', "", "success"),
        (b"[]", "", ""),
        (b"", "", ""),
        (b"\xff", "", ""),
    ],
)
def test_the_body_gives_hints_and_no_more(body: bytes, number: str, word: str) -> None:
    assert read_callback(body) == CallbackReading(CallbackTrust.UNSIGNED, number, word)


@settings(deadline=None)
@given(
    members=some.dictionaries(
        some.sampled_from([*SUCCESS]),
        some.text() | some.integers(0, 2**63 - 1) | some.floats(allow_nan=False) | some.none(),
    ),
    body=some.binary(),
    now=some.floats(allow_nan=True, allow_infinity=True),
)
def test_nothing_that_arrives_raises_or_passes(
    members: dict[str, Any], body: bytes, now: float
) -> None:
    for content in (body, members):
        assert read_callback(content, now=now).trust in {
            CallbackTrust.FORGED,
            CallbackTrust.UNSIGNED,
        }

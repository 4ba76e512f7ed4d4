"""The gateway's callbacks: the signature of contract 3.4 and the hints of the body."""

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers.contract import Access, Ring, RingRequest, Verdict
from generations.providers.vivienne.adapter import Vivienne

ACCESS = Access("https://gateway.example", "ak_test_0001")
NUMBER = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
SENT = 1767965730
SECONDS = "0320746d10c9c3df73bf5656aee85e3d086e170d31567553cf95bd87b19a5cb9"
MILLISECONDS = "861c4542bd3c6e015679d79cc8d99975eb526fcec6c1e9e10d220967e70f9ec1"
SUCCESS = {
    "taskNo": NUMBER,
    "status": "success",
    "model": "viduq2_text2video",
    "timestamp": SENT,
    "data": {"task_id": "6928de47", "status": "SUCCESS", "result": ["https://cdn.example/1.mp4"]},
    "usage": {"totalPoints": 10},
    "sign": SECONDS,
}


def ring(body: Any, *, now: float = SENT, access: Access = ACCESS) -> Ring:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    heard = RingRequest("POST", "/callbacks/vivienne/9f1c", "", {}, content)
    return Vivienne().read_ring(access, heard, now=now)


def verdict(*, now: float = SENT, **members: Any) -> Verdict:
    return ring(SUCCESS | members, now=now).verdict


def sign(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_vector_in_seconds_is_signed() -> None:
    assert ring(SUCCESS) == Ring(Verdict.SIGNED, NUMBER, "success", nonce=SECONDS)


def test_the_vector_in_milliseconds_is_signed() -> None:
    assert verdict(timestamp=SENT * 1000, sign=MILLISECONDS) is Verdict.SIGNED


def test_a_signature_in_capitals_is_the_same() -> None:
    heard = ring(SUCCESS | {"sign": SECONDS.upper()})
    assert heard == Ring(Verdict.SIGNED, NUMBER, "success", nonce=SECONDS)


def test_the_time_is_signed_as_the_body_writes_it() -> None:
    quoted = msgspec.json.encode(SUCCESS).replace(b"1767965730", b'"1767965730"')
    spaced = msgspec.json.encode(SUCCESS).replace(b"1767965730", b"\n 1767965730 ")
    assert ring(quoted).verdict is Verdict.SIGNED
    assert ring(spaced).verdict is Verdict.SIGNED


@pytest.mark.parametrize("text", [b"1767965730.0", b"1.76796573e9", b"17679657300e-1", b"true"])
def test_a_time_that_is_written_otherwise_is_forged(text: bytes) -> None:
    body = msgspec.json.encode(SUCCESS).replace(b"1767965730", text)
    for signed in (SECONDS, sign(f"{NUMBER}{text.decode()}{ACCESS.key}")):
        assert ring(body.replace(SECONDS.encode(), signed.encode())).verdict is Verdict.FORGED


@pytest.mark.parametrize(
    "changed",
    [
        {"taskNo": NUMBER[:-1] + "1"},
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
    assert verdict(**changed) is Verdict.FORGED


@pytest.mark.parametrize("sign_member", [None, "", 5, ["a"], {}])
def test_without_a_signature_it_is_unsigned(sign_member: Any) -> None:
    assert verdict(sign=sign_member) is Verdict.UNSIGNED


def test_what_is_not_signed_changes_nothing() -> None:
    heard = ring(SUCCESS | {"data": {"result": ["https://elsewhere.example/x.mp4"]}, "usage": {}})
    assert heard == ring(SUCCESS)


def test_another_key_finds_it_forged() -> None:
    assert ring(SUCCESS, access=Access(ACCESS.base_url, "other")).verdict is Verdict.FORGED


def test_an_empty_key_signs_nothing() -> None:
    body = SUCCESS | {"sign": sign(f"{NUMBER}{SENT}")}
    assert ring(body, access=Access(ACCESS.base_url, "")).verdict is Verdict.FORGED


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (-86_401, Verdict.STALE),
        (-86_400, Verdict.SIGNED),
        (86_400, Verdict.SIGNED),
        (86_401, Verdict.STALE),
        (float("nan"), Verdict.STALE),
        (float("inf"), Verdict.STALE),
    ],
)
def test_the_time_has_a_window_of_a_day(late: float, expected: Verdict) -> None:
    assert verdict(now=SENT + late) is expected
    assert verdict(now=SENT + late, timestamp=SENT * 1000, sign=MILLISECONDS) is expected


# ---- No mark stands between the number and the time -----------------------------------------


@pytest.mark.parametrize("digits", range(1, 13))
def test_digits_that_move_from_the_time_to_the_number_are_found(digits: int) -> None:
    for timestamp, signature in ((str(SENT), SECONDS), (f"{SENT}000", MILLISECONDS)):
        number, time = NUMBER + timestamp[:digits], timestamp[digits:]
        assert sign(f"{number}{time}{ACCESS.key}") == signature
        heard = ring(SUCCESS | {"taskNo": number, "timestamp": time, "sign": signature})
        assert heard.verdict in {Verdict.FORGED, Verdict.STALE}


def test_digits_that_move_from_the_number_to_the_time_are_found() -> None:
    assert sign(f"a{11767965730}k") == sign(f"a1{1767965730}k")
    for number, time in (("a", "11767965730"), ("a1", "1767965730")):
        body = SUCCESS | {"taskNo": number, "timestamp": time, "sign": sign(f"a11767965730{'k'}")}
        heard = ring(body, access=Access(ACCESS.base_url, "k"))
        assert heard.verdict is (Verdict.SIGNED if number == "a1" else Verdict.FORGED)


def test_a_shift_that_makes_seconds_into_milliseconds_of_today_names_another_task() -> None:
    """Three digits fit both lengths: then only the number tells, as ``rings_name`` has it."""
    signature = sign(f"task1761767965730{ACCESS.key}")
    honest = {"taskNo": "task176", "timestamp": 1767965730, "sign": signature}
    assert ring(SUCCESS | honest, now=1767965730).verdict is Verdict.SIGNED
    shifted = {"taskNo": "task", "timestamp": 1761767965730, "sign": signature}
    assert ring(SUCCESS | shifted, now=1767965730).verdict is Verdict.STALE
    heard = ring(SUCCESS | shifted, now=1761767965)
    assert heard.verdict is Verdict.SIGNED
    assert heard.number != honest["taskNo"]
    assert Vivienne.rings_name


# ---- The body -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "number", "word"),
    [
        (b'{"taskNo":"a1","status":"failed","error":"no"}', "a1", "failed"),
        (b'{"taskNo":911026047460327424}', "911026047460327424", ""),
        (b'{"taskNo":"../..","status":"success"}', "", "success"),
        (b'{"status":5,"data":{"status":"SUCCESS"}}', "", ""),
        (b'{"status":"success"', "", ""),
        (b"[]", "", ""),
        (b"", "", ""),
        (b"\xff", "", ""),
    ],
)
def test_the_body_gives_hints_and_no_more(body: bytes, number: str, word: str) -> None:
    assert ring(body) == Ring(Verdict.UNSIGNED, number, word)


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
        assert ring(content, now=now).verdict in {Verdict.FORGED, Verdict.UNSIGNED}

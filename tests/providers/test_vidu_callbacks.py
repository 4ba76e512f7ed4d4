"""Vidu's callbacks: the signature and the hints of the body (docs/wire.md, 2.9)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers.contract import Access, CallbackReading, CallbackRequest, CallbackTrust
from generations.providers.vidu.adapter import Vidu

ACCESS = Access("https://api.vidu.com", "vda_test_secret_0001")
DATE = "Tue, 06 May 2025 12:09:42 GMT"
SENT = 1746533382.0
NONCE = "123e4567-e89b-12d3-a456-426614174000"
VECTOR_1 = "E9MccOn1Xqmt5t0pYd5sEZDxu6nSudBSYwkzLiUBEKM="
VECTOR_2 = "ljctzlnt4Ex61T9H32NCjUtWAiNk43OjAIycNAWmCGU="
BODY = b'{"id":"911026047460327424","state":"success"}'
HEADERS = {
    "date": DATE,
    "x-request-nonce": NONCE,
    "x-hmac-signed-headers": "Date;x-request-nonce",
    "x-hmac-signature": VECTOR_1,
    "x-hmac-algorithm": "hmac-sha256",
    "x-hmac-access-key": "vidu",
}


def request(
    *,
    path: str = "/vidu/callback",
    query: str = "name=james&age=36",
    headers: Mapping[str, str] = HEADERS,
    body: bytes = BODY,
    method: str = "POST",
) -> CallbackRequest:
    return CallbackRequest(method, path, query, headers, body)


def read_callback(
    received: CallbackRequest, *, now: float = SENT, access: Access = ACCESS
) -> CallbackReading:
    return Vidu().read_callback(access, received, now=now)


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in HEADERS.items() if key != name}


def signature(text: str, key: str = ACCESS.key) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def test_the_first_vector_is_signed() -> None:
    expected = CallbackReading(
        CallbackTrust.SIGNED, remote_id="911026047460327424", state_word="success", nonce=NONCE
    )
    assert read_callback(request()) == expected


def test_the_second_vector_without_a_query_is_signed() -> None:
    headers = HEADERS | {"x-hmac-signature": VECTOR_2}
    received = request(path="/hooks/vidu/9f1c", query="", headers=headers)
    assert read_callback(received).trust is CallbackTrust.SIGNED


@pytest.mark.parametrize(
    "negative",
    [
        "4A5gYzERZJyjA0usJ0tsC5GrcADhjlgZ2KHuZX8a8hw=",  # the last LF is missing
        "/XZCAnUkMZE5sXqVsawsbJhXy+QZvlXvpc+ZdfYtafg=",  # the names are in the other order
        VECTOR_2,
        VECTOR_1[:-1],
        VECTOR_1.lower(),
        "no base64",
        "ключ",
    ],
)
def test_any_other_signature_is_forged(negative: str) -> None:
    received = request(headers=HEADERS | {"x-hmac-signature": negative})
    assert read_callback(received).trust is CallbackTrust.FORGED


def test_the_names_are_signed_in_the_order_that_the_header_gives() -> None:
    turned = HEADERS | {
        "x-hmac-signed-headers": "x-request-nonce;Date",
        "x-hmac-signature": "/XZCAnUkMZE5sXqVsawsbJhXy+QZvlXvpc+ZdfYtafg=",
    }
    assert read_callback(request(headers=turned)).trust is CallbackTrust.SIGNED


def test_names_are_signed_as_they_are_spelled() -> None:
    text = f"POST\n/\n\nvidu\n{DATE}\ndAtE:{DATE}\nX-Request-Nonce:{NONCE}\n"
    headers = HEADERS | {
        "x-hmac-signed-headers": "dAtE;X-Request-Nonce",
        "x-hmac-signature": signature(text),
    }
    assert read_callback(request(path="", query="", headers=headers)).trust is CallbackTrust.SIGNED


@pytest.mark.parametrize(
    "changed",
    [
        request(path="/vidu/callbacks"),
        request(query="name=james&age=37"),
        request(method="GET"),
        request(headers=HEADERS | {"date": "Tue, 06 May 2025 12:09:43 GMT"}),
        request(headers=HEADERS | {"x-request-nonce": "another"}),
        request(headers=without("date")),
        request(headers=without("x-request-nonce")),
        request(headers=without("x-hmac-signed-headers")),
        request(headers=HEADERS | {"x-hmac-signed-headers": "Date;x-request-nonce;x-absent"}),
    ],
)
def test_a_change_of_anything_signed_is_forged(changed: CallbackRequest) -> None:
    assert read_callback(changed).trust is CallbackTrust.FORGED


@pytest.mark.parametrize("name", ["Date", "x-request-nonce"])
def test_a_signature_that_leaves_out_date_or_nonce_is_forged(name: str) -> None:
    text = f"POST\n/\n\nvidu\n{DATE}\n{name}:{HEADERS[name.lower()]}\n"
    headers = HEADERS | {"x-hmac-signed-headers": name, "x-hmac-signature": signature(text)}
    assert read_callback(request(path="/", query="", headers=headers)).trust is CallbackTrust.FORGED


def test_without_a_signature_it_is_unsigned() -> None:
    assert (
        read_callback(request(headers=without("x-hmac-signature"))).trust is CallbackTrust.UNSIGNED
    )


def test_another_key_finds_it_forged() -> None:
    other = Access(ACCESS.base_url, "vda_test_secret_0002")
    assert read_callback(request(), access=other).trust is CallbackTrust.FORGED


def test_an_empty_key_signs_nothing() -> None:
    text = f"POST\n/\n\nvidu\n{DATE}\nDate:{DATE}\nx-request-nonce:{NONCE}\n"
    headers = HEADERS | {"x-hmac-signature": signature(text, key="")}
    received = request(path="/", query="", headers=headers)
    assert read_callback(received, access=Access(ACCESS.base_url, "")).trust is CallbackTrust.FORGED


@pytest.mark.parametrize(
    ("late", "trust"),
    [
        (-301, CallbackTrust.STALE),
        (-300, CallbackTrust.SIGNED),
        (300, CallbackTrust.SIGNED),
        (301, CallbackTrust.STALE),
    ],
)
def test_date_has_a_window_of_five_minutes(late: float, trust: CallbackTrust) -> None:
    assert read_callback(request(), now=SENT + late).trust is trust


@pytest.mark.parametrize("date", ["yesterday", "Tue, 06 May 2025 12:09:42 -0000", ""])
def test_a_signed_date_that_tells_no_time_is_stale(date: str) -> None:
    text = f"POST\n/\n\nvidu\n{date}\nDate:{date}\nx-request-nonce:{NONCE}\n"
    headers = HEADERS | {"date": date, "x-hmac-signature": signature(text)}
    assert read_callback(request(path="/", query="", headers=headers)).trust is CallbackTrust.STALE


@pytest.mark.parametrize(
    ("body", "remote_id", "word"),
    [
        (b'{"state":"processing"}', "", "processing"),
        (b'{"status":"failed","id":911026047460327424}', "911026047460327424", "failed"),
        (b'{"state":"success","status":"failed"}', "", "success"),
        (b'{"state":null,"status":"failed","id":"../.."}', "../..", "failed"),
        (b'{"state":"processing","id":".."}', "", "processing"),
        (b'{"state":"success"', "", "success"),
        (b"[]", "", ""),
        (b"", "", ""),
        (b"\xff", "", ""),
    ],
)
def test_the_body_gives_hints_and_no_more(body: bytes, remote_id: str, word: str) -> None:
    read = read_callback(request(body=body))
    assert (read.trust, read.remote_id, read.state_word) == (CallbackTrust.SIGNED, remote_id, word)


@settings(deadline=None)
@given(
    headers=some.dictionaries(some.sampled_from([*HEADERS]), some.text()),
    path=some.text(),
    query=some.text(),
    body=some.binary(),
    now=some.floats(allow_nan=True, allow_infinity=True),
)
def test_nothing_that_arrives_raises_or_passes(
    headers: dict[str, str], path: str, query: str, body: bytes, now: float
) -> None:
    received = request(path=path, query=query, headers=headers, body=body)
    assert read_callback(received, now=now).trust in {CallbackTrust.FORGED, CallbackTrust.UNSIGNED}

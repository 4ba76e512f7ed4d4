"""Replies: what does not fit counts as missing; the end of a link is read from its address."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from generations.providers.wire.replies import (
    BODY_LIMIT,
    read_address,
    read_decimal,
    read_expiry,
    read_identifier,
    read_integer,
    read_object,
    read_progress,
    read_reply,
    read_text,
    read_word,
    redact,
)


@pytest.mark.parametrize(
    "value", ["911026047460327424", 911026047460327424, "task_1-x", "grok:299604b7", 1]
)
def test_an_id_is_kept_as_exact_text(value: object) -> None:
    assert read_identifier(value) == str(value)


@pytest.mark.parametrize(
    "value", [None, "", 0, "0", -1, "-1", True, 9.1e17, "a b", "../..", "1\n", "x" * 101, [1], {}]
)
def test_what_cannot_be_an_id_is_none(value: object) -> None:
    assert read_identifier(value) == ""


@pytest.mark.parametrize(("value", "number"), [(0, 0), ("35", 35), (35, 35), ("007", 7)])
def test_an_integer_is_read_from_a_number_or_text(value: object, number: int) -> None:
    assert read_integer(value) == number


@pytest.mark.parametrize("value", [None, "", True, False, -1, "-1", 1.0, "1.0", "٣", 10**16, [1]])
def test_what_is_no_integer_is_none(value: object) -> None:
    assert read_integer(value) is None


@pytest.mark.parametrize(
    ("value", "amount"),
    [(74.87, "74.87"), ("74.87", "74.87"), (10, "10"), (-0.5, "-0.5"), (5e-05, "0.00005")],
)
def test_a_decimal_is_what_was_written(value: object, amount: str) -> None:
    assert read_decimal(value) == Decimal(amount)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", True, "1_0", "٣", "1.", ".5", "NaN", "Infinity", [1.5], {"a": 1}),
        *(float("inf"), float("nan"), 1e300, 10**15),
    ],
)
def test_what_is_no_decimal_is_none(value: object) -> None:
    assert read_decimal(value) is None


@pytest.mark.parametrize(("value", "progress"), [(0, 0), ("45%", 45), ("45", 45), (100, 100)])
def test_progress_is_read_from_a_number_or_a_percentage(value: object, progress: int) -> None:
    assert read_progress(value) == progress


@pytest.mark.parametrize("value", [None, "", "%", "45%%", 101, "101%", -1, 4.5, True])
def test_what_is_no_progress_is_none(value: object) -> None:
    assert read_progress(value) is None


def test_an_address_is_kept_byte_for_byte() -> None:
    address = "https://cdn.example/a.mp4?sig=a%2Fb&x=+"
    assert read_address(address) == address


@pytest.mark.parametrize("value", [None, "", "ftp://a", "//a", "a", 1, ["https://a"], "http://\0"])
def test_what_is_no_address_is_none(value: object) -> None:
    assert read_address(value) == ""


def test_a_text_is_cut_and_has_no_nul() -> None:
    assert read_text("a\0b" + "x" * 3000) == "ab" + "x" * 1997
    assert read_text(5) == ""
    assert read_word("  success\n") == "success"
    assert len(read_word("x" * 100)) == 60


def test_a_body_over_the_limit_is_not_read() -> None:
    filled = b'{"a":"' + b"x" * (BODY_LIMIT - 8) + b'"}'
    assert len(filled) == BODY_LIMIT
    assert read_object(filled) is not None
    assert read_object(filled + b" ") is None


def test_a_key_is_hidden_also_where_its_slashes_are_escaped() -> None:
    assert redact('{"a":"vda\\/1","b":"vda/1"}', "vda/1") == '{"a":"***","b":"***"}'
    assert redact("nothing to hide", "") == "nothing to hide"


@pytest.mark.parametrize(("member", "limit"), [("text", 2000), ("word", 60)])
def test_a_key_that_lies_across_the_limit_is_hidden_too(member: str, limit: int) -> None:
    key = "vda_" + "k" * 30
    content = json.dumps({"message": "x" * (limit - 10) + key}).encode()
    reply = read_reply(httpx.Response(500, content=content), key)
    assert getattr(reply, member)("message") == "x" * (limit - 10) + "***"


SIGNED = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("X-Amz-Date=20260401T120000Z&X-Amz-Expires=86400", SIGNED + 86400),
        ("x-oss-date=20260401T120000Z&x-oss-expires=3600", SIGNED + 3600),
        ("Expires=1775044800&Signature=x&Key-Pair-Id=y", 1775044800),
        ("Expires=1&X-Amz-Date=20260401T120000Z&X-Amz-Expires=5", 1),
        ("X-Amz-Expires=86400", None),
        ("X-Amz-Date=yesterday&X-Amz-Expires=86400", None),
        ("Expires=1775044800.250", 1775044800.25),
        ("Expires=soon", None),
        ("Expires=-5", None),
        ("", None),
    ],
)
def test_the_end_of_a_link_is_read_from_its_address(query: str, end: float | None) -> None:
    assert read_expiry(f"https://cdn.example/clip.mp4?{query}") == end


def test_an_address_that_cannot_be_read_tells_nothing() -> None:
    assert read_expiry("https://[broken?Expires=5") is None

"""Single JSON members: what does not fit is absent, never guessed."""

import pytest

from generations.providers.exchange import redacted
from generations.providers.members import (
    BODY_LIMIT,
    read_identifier,
    read_object,
    read_text,
    read_whole,
    read_word,
)


@pytest.mark.parametrize("value", ["911026047460327424", 911026047460327424, "task_1-x", 1])
def test_an_id_is_kept_as_exact_text(value: object) -> None:
    assert read_identifier(value) == str(value)


@pytest.mark.parametrize(
    "value", [None, "", 0, "0", -1, "-1", True, 9.1e17, "a b", "../..", "1\n", "x" * 101, [1], {}]
)
def test_what_cannot_be_an_id_is_none(value: object) -> None:
    assert read_identifier(value) == ""


@pytest.mark.parametrize(("value", "number"), [(0, 0), ("35", 35), (35, 35), ("007", 7)])
def test_a_whole_number_is_read_from_a_number_or_text(value: object, number: int) -> None:
    assert read_whole(value) == number


@pytest.mark.parametrize("value", [None, "", True, False, -1, "-1", 1.0, "1.0", "٣", 10**16, [1]])
def test_what_is_no_whole_number_is_none(value: object) -> None:
    assert read_whole(value) is None


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
    assert redacted('{"a":"vda\\/1","b":"vda/1"}', "vda/1") == '{"a":"***","b":"***"}'
    assert redacted("nothing to hide", "") == "nothing to hide"

"""A sealed key opens in its own row only, with its own ring only, and prints as stars."""

import base64
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.crypto import Ring, Sealed, Secret

PLACE = "team:1/credential:2/key"


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@given(st.text(max_size=300))
def test_what_is_sealed_opens_again(secret: str) -> None:
    ring = Ring.read([new_key()])
    assert ring.open(ring.seal(secret, PLACE), PLACE).reveal() == secret


def test_two_seals_of_one_secret_differ_and_show_nothing_of_it() -> None:
    ring = Ring.read([new_key()])
    first, second = ring.seal("vda_secret", PLACE), ring.seal("vda_secret", PLACE)
    assert first != second
    assert "vda_secret" not in first


@pytest.mark.parametrize("place", ["team:2/credential:2/key", "team:1/credential:3/key", ""])
def test_a_seal_moved_to_another_row_does_not_open(place: str) -> None:
    ring = Ring.read([new_key()])
    with pytest.raises(Sealed):
        ring.open(ring.seal("secret", PLACE), place)


def test_a_seal_with_any_character_changed_does_not_open() -> None:
    ring = Ring.read([new_key()])
    sealed = ring.seal("secret", PLACE)
    start = sealed.rindex(".") + 1
    for at in range(start, len(sealed) - 2, 7):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(Sealed):
            ring.open(sealed[:at] + other + sealed[at + 1 :], PLACE)


@pytest.mark.parametrize("sealed", ["", "v1", "v1.00000000.", "v1.x.y.z", "a.b.c"])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(Sealed):
        Ring.read([new_key()]).open(sealed, PLACE)


def test_a_ring_with_a_newer_key_opens_the_old_seals_and_seals_with_the_newer() -> None:
    old, new = new_key(), new_key()
    sealed = Ring.read([old]).seal("secret", PLACE)
    rotated = Ring.read([new, old])
    assert rotated.open(sealed, PLACE).reveal() == "secret"
    assert not rotated.is_current(sealed)
    again = rotated.seal("secret", PLACE)
    assert rotated.is_current(again)
    assert Ring.read([new]).open(again, PLACE).reveal() == "secret"
    with pytest.raises(Sealed):
        Ring.read([new]).open(sealed, PLACE)


@pytest.mark.parametrize("texts", [[], ["short"], ["!" * 44], ["é"], [new_key(), "AAAA"]])
def test_a_bad_ring_is_refused_without_showing_a_key(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="credential key") as refused:
        Ring.read(texts)
    assert not any(text in str(refused.value) for text in texts)


def test_a_secret_prints_as_stars_everywhere() -> None:
    secret = Secret("vda_secret")
    shown = f"{secret} {secret!r} {[secret]} {secret!s}" + f"{secret} {secret!r}"
    assert "vda" not in shown
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert not hasattr(secret, "__dict__")


def test_a_ring_shows_none_of_its_keys() -> None:
    ring = Ring.read([new_key()])
    assert repr(ring.keys[0]) not in repr(ring)

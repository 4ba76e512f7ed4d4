"""A sealed secret opens in its own row only, with its own keyring only, and prints as dots."""

import base64
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.crypto import Keyring, Secret, UnsealError

OWNER = "team:1/credential:2/key"


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@given(st.text(max_size=60))
def test_what_is_sealed_opens_again(secret: str) -> None:
    keyring = Keyring.read([new_key()])
    assert keyring.open(keyring.seal(secret, OWNER), OWNER).reveal() == secret


def test_two_seals_of_one_secret_differ_and_show_nothing_of_it() -> None:
    keyring = Keyring.read([new_key()])
    first, second = keyring.seal("vda_secret", OWNER), keyring.seal("vda_secret", OWNER)
    assert first != second
    assert "vda_secret" not in first


@pytest.mark.parametrize("owner", ["team:2/credential:2/key", "team:1/credential:3/key", ""])
def test_a_seal_moved_to_another_row_does_not_open(owner: str) -> None:
    keyring = Keyring.read([new_key()])
    with pytest.raises(UnsealError):
        keyring.open(keyring.seal("secret", OWNER), owner)


def test_a_seal_with_any_character_changed_does_not_open() -> None:
    keyring = Keyring.read([new_key()])
    sealed = keyring.seal("secret", OWNER)
    start = sealed.rindex(".") + 1
    for at in range(start, len(sealed) - 2, 7):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(UnsealError):
            keyring.open(sealed[:at] + other + sealed[at + 1 :], OWNER)


@pytest.mark.parametrize("sealed", ["", "v1", "v1.00000000.", "v1.x.y.z", "a.b.c"])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(UnsealError):
        Keyring.read([new_key()]).open(sealed, OWNER)


def test_a_keyring_with_a_newer_key_opens_the_old_seals_and_seals_with_the_newer() -> None:
    old, new = new_key(), new_key()
    sealed = Keyring.read([old]).seal("secret", OWNER)
    rotated = Keyring.read([new, old])
    assert rotated.open(sealed, OWNER).reveal() == "secret"
    assert not rotated.is_current(sealed)
    again = rotated.seal("secret", OWNER)
    assert rotated.is_current(again)
    assert Keyring.read([new]).open(again, OWNER).reveal() == "secret"
    with pytest.raises(UnsealError):
        Keyring.read([new]).open(sealed, OWNER)


@pytest.mark.parametrize("texts", [[], ["short"], ["!" * 44], ["é"], [new_key(), "AAAA"]])
def test_a_bad_keyring_is_refused_without_showing_a_key(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="credential key") as refused:
        Keyring.read(texts)
    assert not any(text in str(refused.value) for text in texts)


def test_a_secret_prints_as_dots_everywhere() -> None:
    secret = Secret("vda_secret")
    shown = f"{secret} {secret!r} {[secret]} {secret!s}" + f"{secret} {secret!r}"
    assert "vda" not in shown
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert not hasattr(secret, "__dict__")


def test_a_keyring_shows_none_of_its_keys() -> None:
    keyring = Keyring.read([new_key()])
    assert repr(keyring.keys[0]) not in repr(keyring)

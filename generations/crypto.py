"""Seal (encrypt) and open secrets: AES-GCM, with the owning row as associated data.

So a sealed text that is copied into another row does not open there.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class UnsealError(Exception):
    """A secret does not open: its key is not in the keyring, or it was sealed for another row."""


class Secret:
    """A secret that prints as dots, so that no log or page shows it by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "••••"

    __str__ = __repr__


@dataclass(frozen=True)
class Keyring:
    """The encryption keys, newest first. The first one seals, all of them open."""

    keys: Sequence[bytes] = field(repr=False)

    @classmethod
    def read(cls, texts: Sequence[str]) -> "Keyring":
        """Decode base64 texts of 32 bytes each. ValueError says what is wrong, never the key."""
        try:
            keys = [base64.urlsafe_b64decode(text) for text in texts]
        except (binascii.Error, ValueError) as error:
            raise ValueError("a credential key is not base64") from error
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("credential keys must be 32 bytes each, in base64")
        return cls(keys)

    def seal(self, secret: str, belongs_to: str) -> str:
        """Encrypt to ``v1.<key name>.<nonce and text>``; ``open`` needs the same ``belongs_to``."""
        key = self.keys[0]
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = AESGCM(key).encrypt(nonce, secret.encode(), belongs_to.encode())
        return f"v1.{_name(key)}.{base64.urlsafe_b64encode(nonce + text).decode()}"

    def open(self, sealed: str, belongs_to: str) -> Secret:
        """Decrypt a sealed secret; raises UnsealError."""
        try:
            # The alphabet of this base64 has no dot.
            _, name, text = sealed.split(".")
            key = next(key for key in self.keys if _name(key) == name)
            raw = base64.urlsafe_b64decode(text)
            opened = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], belongs_to.encode())
        except StopIteration as error:
            raise UnsealError("the key that sealed it is not in the keyring") from error
        except (InvalidTag, ValueError) as error:
            raise UnsealError("it was sealed for another row, or it was changed") from error
        return Secret(opened.decode())

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key sealed it (``manage.py rotate_keys`` seals the others again)."""
        return sealed.split(".")[1:2] == [_name(self.keys[0])]


def _name(key: bytes) -> str:
    """Which key sealed a text; it tells nothing about the key."""
    return hashlib.sha256(key).hexdigest()[:8]

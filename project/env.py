"""Read and check environment variables. A bad value stops the start and names its variable."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from generations.crypto import Keyring

env = Env()


def read[T](reader: Callable[..., T], name: str, **options: object) -> T:
    """Read a variable with an environs reader, e.g. ``read(env.bool, "DEBUG", default=False)``."""
    try:
        return reader(name, **options)
    except EnvError as error:
        raise ImproperlyConfigured(str(error)) from error


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words."""
    value = read(env.str, name, default=default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``."""
    value = read(env.int, name, default=default)
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {value}; it must be from {low} to {high}.")
    return value


def origin(name: str, default: str) -> str:
    """A URL such as ``https://rushes.example``: scheme and host, no path."""
    value = read(env.str, name, default=default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must look like https://rushes.example."
        )
    return value


def time_zone(name: str, default: str) -> str:
    """An IANA time zone."""
    value = read(env.str, name, default=default)
    if value not in available_timezones():
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a zone such as Asia/Shanghai.")
    return value


def credential_keys(name: str, path: Path) -> list[str]:
    """The encryption keys, newest first; a malformed key stops the start."""
    keys = ensure_secret(name, path, new_credential_key).split()
    try:
        Keyring.read(keys)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from error
    return keys


def create_private_dir(path: Path) -> Path:
    """A directory that only its owner may enter; created if it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def ensure_secret(name: str, path: Path, generate: Callable[[], str]) -> str:
    """``NAME``, else the file that ``NAME_FILE`` names, else ``path``, created at first start."""
    if value := read(env.str, name, default="").strip():
        return value
    if file := read(env.str, f"{name}_FILE", default=""):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from error
    if not path.exists():
        _write_once(path, generate())
    return path.read_text(encoding="utf-8").strip()


def _write_once(path: Path, content: str) -> None:
    """Create a secret file. Of two processes that start together, both use the first one's."""
    create_private_dir(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    # A link fails where the file is there already; a rename would replace the key of the other one.
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def new_secret_key() -> str:
    return secrets.token_urlsafe(48)


def new_credential_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()

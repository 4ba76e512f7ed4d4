"""What comes in over HTTP and what goes out, as values."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; header names are lower case, `size` is the length of the whole body.

    `body` holds at most the first 21 MB.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    size: int
    at: float

    @classmethod
    def of(
        cls, method: str, target: str, headers: Mapping[str, str], body: bytes, at: float = 0.0
    ) -> "Request":
        """A request that is held in memory as a whole; `target` is the path with its query."""
        path, _, query = target.partition("?")
        names = {name.lower(): value for name, value in headers.items()}
        return cls(method, path, query, names, body, len(body), at)

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def values(self, name: str) -> list[str]:
        """All values of a query parameter, written `name` or `name[]`."""
        found = parse_qs(self.query, keep_blank_values=True)
        return found.get(name, []) + found.get(f"{name}[]", [])

    def value(self, name: str, default: str = "") -> str:
        return next(iter(self.values(name)), default)


@dataclass(slots=True)
class Answer:
    """One answer; a body in pieces needs `length`, or else ends with the connection.

    A dropped answer closes the connection without a word.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    dropped: bool = False


def json_answer(value: Any, status: int = 200) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status, body, "application/json; charset=utf-8")


class Refusal(Exception):
    """A request is answered with an error of the dialect's own table."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message

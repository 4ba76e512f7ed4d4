"""Recorded replies: one JSON file each, with what every call must make of it.

A file holds ``about``, ``status``, ``headers`` (optional), ``body`` (JSON) or ``text``, and
``expected``: for each call the members of its ``value``, or the ``error`` and its members. A call
that ``asks`` more than once gets the same reply each time.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

DIRECTORY = Path(__file__).parent / "replies"


@dataclass(frozen=True)
class Recorded:
    name: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    expected: Mapping[str, Mapping[str, Any]]

    @cached_property
    def body(self) -> Any:
        """The body where it is a JSON object, else None."""
        return json.loads(self.content) if self.content.startswith(b"{") else None

    def value(self, call: str) -> Mapping[str, Any]:
        """The members of the value that a call makes of it, none where it makes an error."""
        value = self.expected.get(call, {}).get("value")
        return value if isinstance(value, dict) else {}

    def response(self) -> httpx.Response:
        return httpx.Response(self.status, headers=dict(self.headers), content=self.content)

    def responses(self, call: str) -> Sequence[httpx.Response]:
        """As many as the call asks for."""
        return [self.response()] * self.expected[call].get("asks", 1)

    def succeeds(self, call: str) -> bool:
        return self.status == 200 and "value" in self.expected.get(call, {})


def recorded(kind: str) -> Sequence[Recorded]:
    """All replies of one provider, in the order of their names."""
    paths = sorted((DIRECTORY / kind).glob("*.json"))
    assert paths, f"no replies in {kind}"
    return [read(path) for path in paths]


def read(path: Path) -> Recorded:
    reply = json.loads(path.read_text(encoding="utf-8"))
    text = reply["text"] if "text" in reply else json.dumps(reply["body"], ensure_ascii=False)
    return Recorded(
        name=path.stem,
        status=reply["status"],
        headers=reply.get("headers", {}),
        content=text.encode(),
        expected=reply["expected"],
    )

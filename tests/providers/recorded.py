"""Recorded replies: one JSON file each, with what every call must make of it.

A file holds ``about``, ``status``, ``headers`` (optional), ``body`` (JSON) or ``text``, and
``expected``: for each call the members of its ``value``, or the ``error`` and its members. A call
that ``asks`` more than once gets the same reply each time.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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


# 10**400 is more than any integer that JSON readers agree on.
NOTHINGS: Sequence[Any] = (None, "", 0, [], {}, [None], [[]])
WRONG_VALUES: Sequence[Any] = (*NOTHINGS, "x", "0", -1, 10**400, 1.5, True, {"id": 1})


def malformed(value: Any) -> Iterator[Any]:
    """Every variant of a JSON value with one member removed or replaced by a wrong one."""
    for place, member in places(value):
        yield with_place(value, place, remove=True)
        for wrong in WRONG_VALUES:
            yield with_place(value, place, wrong)
        if isinstance(member, dict | list):
            for inner in malformed(member):
                yield with_place(value, place, inner)


def with_text(value: Any, text: str) -> Iterator[Any]:
    """Every variant of a JSON value with one member replaced by a text."""
    for place, member in places(value):
        yield with_place(value, place, text)
        if isinstance(member, dict | list):
            for inner in with_text(member, text):
                yield with_place(value, place, inner)


def places(value: Any) -> Sequence[tuple[Any, Any]]:
    return list(value.items() if isinstance(value, dict) else enumerate(value))


def with_place(value: Any, place: Any, member: Any = None, *, remove: bool = False) -> Any:
    copy = value.copy()
    if remove:
        del copy[place]
    else:
        copy[place] = member
    return copy


def with_unknown_members(value: Any) -> Any:
    """The same value with a member that nobody knows in every object."""
    if isinstance(value, list):
        return [with_unknown_members(member) for member in value]
    if isinstance(value, dict):
        known = {name: with_unknown_members(member) for name, member in value.items()}
        return {"unheard_of": {"deep": [1]}, **known}
    return value

"""The calls of one adapter on one account, and what its recorded replies make of them."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass, replace
from typing import Any, ClassVar

import httpx
import pytest

from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    Flow,
    Order,
    Provider,
    ProviderError,
    Receipt,
    Report,
)

from .driver import first_request, value_when_always_answered
from .mutations import COST_NAMES, STATE_NAMES, members, places_of
from .recorded import Recorded, recorded


@contextmanager
def case(*names: object) -> Iterator[None]:
    """Name the case that is tested, in the report of its failure."""
    try:
        yield
    except BaseException as error:
        error.add_note("in the case: " + ", ".join(map(str, names)))
        raise


class ProviderCalls:
    """Subclasses give the adapter, an account, an order, and the replies to its create.

    The key has characters that no recorded id has, so that it can be told from one.
    """

    provider: ClassVar[Provider]
    access: ClassVar[Access]
    order: ClassVar[Order]
    remote_id: ClassVar[str]
    questions: ClassVar[Sequence[str]] = ()
    # Members that say what an order belongs to; where they are wrong it is another's.
    owners: ClassVar[frozenset[str]] = frozenset()

    @property
    def calls(self) -> Sequence[str]:
        return ("submit", *self.questions)

    def flow(
        self,
        call: str,
        *,
        key: str | None = None,
        remote_id: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Flow[Any]:
        """A fresh flow of one call on the suite's account, or with another key, id or setting."""
        access = self.access if key is None else replace(self.access, key=key)
        access = access if options is None else replace(access, options=options)
        asked = self.remote_id if remote_id is None else remote_id
        flows: Mapping[str, Callable[[], Flow[Any]]] = {
            "submit": lambda: self.provider.submit(access, self.order),
            "check": lambda: self.provider.check(access, asked),
            "cancel": lambda: self.provider.cancel(access, asked),
            "balance": lambda: self.provider.balance(access),
            "test": lambda: self.provider.test(access),
            "find": lambda: self.provider.find(access, since="2026-01-20", until="2026-01-21"),
            "subjects": lambda: self.provider.subjects(access),
            "film": lambda: self.provider.film(access, asked),
        }
        return flows[call]()

    def callback(self, body: bytes) -> CallbackReading:
        """What a callback with this body says; subclasses add what proves it."""
        path = f"/callbacks/{self.provider.kind}/9f1c"
        request = CallbackRequest("POST", path, "", {}, body)
        return self.provider.read_callback(self.access, request, now=0.0)

    def replies(self) -> Sequence[Recorded]:
        return recorded(self.provider.kind)

    def cases(self) -> Iterator[tuple[Recorded, str]]:
        """Every recorded reply with every call whose outcome it tells."""
        for reply in self.replies():
            for call in reply.expected:
                yield reply, call

    def successes(self) -> Iterator[tuple[Recorded, str]]:
        """The replies that are a success in a JSON object."""
        for reply, call in self.cases():
            if reply.succeeds(call) and reply.body is not None:
                yield reply, call

    def samples(self, *wanted: str) -> Iterator[tuple[Recorded, str]]:
        """One success for each call, state and shape, which is the names that matter."""
        seen: set[object] = set()
        for reply, call in self.successes():
            value = reply.expected[call]["value"]
            state = value.get("state") if isinstance(value, dict) else None
            shape = frozenset(
                tuple(step if isinstance(step, str) else "[]" for step in place)
                for place, member in members(reply.body)
                if len(place) == 1
                or place[-1] in (*STATE_NAMES, *COST_NAMES)
                or member in film_links(reply)
            )
            if call in wanted and value and (call, shape, state) not in seen:
                seen.add((call, shape, state))
                yield reply, call

    def films(self) -> Iterator[Recorded]:
        """One success with a film for each shape."""
        for reply, _ in self.samples("check"):
            if film_links(reply):
                yield reply

    def filmless(self) -> Iterator[Recorded]:
        """One reply without film and error for each shape that has a word of state."""
        for reply, _ in self.samples("check"):
            value = reply.value("check")
            plain = not film_links(reply) and value.get("state") in {"queued", "running"}
            if plain and places_of(reply.body, STATE_NAMES, of=str):
                yield reply

    def outcome(self, call: str, response: httpx.Response) -> Any:
        """The value or the error of one call; anything but these fails the test."""
        try:
            return value_when_always_answered(self.flow(call), response)
        except ProviderError as error:
            return error

    @pytest.fixture
    def built_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give every flow the same request: thousands of replies are read, none is asked for."""
        request = first_request(self.flow("submit"))
        adapter = sys.modules[type(self.provider).__module__]
        monkeypatch.setattr(adapter, "build_request", lambda *_args, **_named: request)


def film_links(reply: Recorded) -> Sequence[str]:
    """The links to films that are expected of a reply."""
    results = reply.value("check").get("results", ())
    return [result["url"] for result in results if result["role"] == "video"]


def facts(outcome: Any) -> Any:
    """What people and money depend on in a value: not its raw reply, not the path that answered."""
    if isinstance(outcome, Receipt):
        return replace(outcome, raw="")
    if isinstance(outcome, Report):
        return replace(outcome, raw="", results=tuple(outcome.results), account_options={})
    if isinstance(outcome, ProviderError):
        return type(outcome), outcome.code, outcome.reason, outcome.message
    return outcome


def shown(outcome: Any) -> str:
    """All that a value or an error carries, as text."""
    if is_dataclass(outcome) and not isinstance(outcome, type):
        return repr(asdict(outcome))
    return repr(vars(outcome)) + str(outcome) if isinstance(outcome, ProviderError) else ""


def assert_members(value: Any, expected: Any) -> None:
    """``value`` has at least the members that a file tells; lists have the same length."""
    if isinstance(expected, list):
        assert len(value) == len(expected)
        for member, wanted in zip(value, expected, strict=True):
            assert_members(member, wanted)
    elif isinstance(expected, dict) and not isinstance(value, Mapping):
        for name, wanted in expected.items():
            assert_members(getattr(value, name), wanted)
    else:
        assert value == expected

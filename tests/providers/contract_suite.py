"""What every adapter must do, inherited by the tests of each.

A test goes through all recorded replies or all ways of failing; its failure names the case.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass, replace
from functools import cache
from typing import Any, ClassVar

import httpx
import pytest

from generations.providers import contract
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    Flow,
    Order,
    Provider,
    ProviderError,
    Receipt,
    Refused,
    RemoteState,
    Report,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.providers.wire import replies
from generations.providers.wire.replies import read_object

from .driver import first_request, run, value_of, value_when_always_answered
from .recorded import Recorded, malformed, recorded, with_text, with_unknown_members

NOT_SENT = (
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("late"),
    httpx.PoolTimeout("full"),
    httpx.UnsupportedProtocol("no scheme"),
    httpx.InvalidURL("broken"),
)
LOST = (
    httpx.ReadTimeout("late"),
    httpx.WriteTimeout("late"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.CloseError("reset"),
    httpx.RemoteProtocolError("no HTTP"),
    httpx.LocalProtocolError("no HTTP"),
    httpx.ProxyError("proxy"),
    httpx.DecodingError("gzip"),
    httpx.TooManyRedirects("round"),
    httpx.StreamConsumed(),
    httpx.CookieConflict("twice"),
)
BROKEN_BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "page": b"<!doctype html><title>Sign in</title>",
    "null": b"null",
    "text": b'"success"',
    "number": b"1",
    "no Unicode": b'{"state":"\xff"}',
    "lone surrogate": b'{"task_id":"\\ud800","state":"success"}',
    "no number": b'{"state":NaN}',
    "too deep": b"[" * 100_000,
    "10 MB of text": b"x" * 10_000_000,
    "10 MB of JSON": b'{"state":"' + b"s" * 10_000_000 + b'"}',
    "larger than any reply": b'{"a":"' + b"s" * 34_000_000 + b'"}',
}
LARGE = 1_000_000  # what takes long to read is read with few statuses


@contextmanager
def case(*names: object) -> Iterator[None]:
    """Name the case that is tested, in the report of its failure."""
    try:
        yield
    except BaseException as error:
        error.add_note("in the case: " + ", ".join(map(str, names)))
        raise


class CreateSuite:
    """Subclasses give the adapter, an account, an order, and the replies to its create.

    The key has a character that no id may have, so that it can be told from one.
    """

    provider: ClassVar[Provider]
    access: ClassVar[Access]
    order: ClassVar[Order]
    remote_id: ClassVar[str]
    questions: ClassVar[Sequence[str]] = ()

    @property
    def calls(self) -> Sequence[str]:
        return ("submit", *self.questions)

    def flow(self, call: str, *, key: str | None = None) -> Flow[Any]:
        """A fresh flow of one call on the suite's account, or with another key."""
        access = self.access if key is None else replace(self.access, key=key)
        flows: Mapping[str, Callable[[], Flow[Any]]] = {
            "submit": lambda: self.provider.submit(access, self.order),
            "check": lambda: self.provider.check(access, self.remote_id),
            "cancel": lambda: self.provider.cancel(access, self.remote_id),
            "balance": lambda: self.provider.balance(access),
            "test": lambda: self.provider.test(access),
            "find": lambda: self.provider.find(access, since="2026-01-20", until="2026-01-21"),
            "film": lambda: self.provider.film(access, self.remote_id),
        }
        return flows[call]()

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
            if reply.succeeds(call) and reply.content.startswith(b"{"):
                yield reply, call

    def outcome(self, call: str, response: httpx.Response) -> Any:
        """The value or the error of one call; anything but these fails the test."""
        try:
            return value_when_always_answered(self.flow(call), response)
        except ProviderError as error:
            return error

    def test_each_recorded_reply_is_understood(self) -> None:
        for reply, call in self.cases():
            with case(call, reply.name):
                self.assert_understood(reply, call)

    @pytest.fixture
    def built_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give every flow the same request: thousands of replies are read, none is asked for."""
        request = first_request(self.flow("submit"))
        adapter = sys.modules[type(self.provider).__module__]
        monkeypatch.setattr(adapter, "build_request", lambda *_args, **_named: request)

    @pytest.mark.usefixtures("built_once")
    def test_a_success_with_one_member_broken_is_never_mistaken(self) -> None:
        for reply, call in self.successes():
            for body in malformed(json.loads(reply.content)):
                with case(call, reply.name, body):
                    content = json.dumps(body).encode()
                    outcome = self.outcome(call, httpx.Response(200, content=content))
                    self.assert_safe(call, outcome)

    @pytest.mark.usefixtures("built_once")
    def test_a_success_cut_short_is_never_mistaken(self) -> None:
        for reply, call in self.successes():
            for length in range(len(reply.content)):
                with case(call, reply.name, f"{length} bytes"):
                    response = httpx.Response(200, content=reply.content[:length])
                    outcome = self.outcome(call, response)
                    if call == "submit":
                        assert type(outcome) is Unclear
                    elif length:
                        assert type(outcome) is Unavailable

    def test_a_success_with_unknown_members_says_the_same(self) -> None:
        for reply, call in self.successes():
            with case(call, reply.name):
                strange = json.dumps(with_unknown_members(json.loads(reply.content))).encode()
                outcome = value_of(self.flow(call), httpx.Response(200, content=strange))
                assert_members(outcome, reply.expected[call]["value"])

    @pytest.mark.usefixtures("built_once")
    def test_the_key_is_in_nothing_that_comes_back(self) -> None:
        said = f"said {self.access.key}"
        for reply, call in self.cases():
            bodies: Iterable[Any] = [{"message": said}]
            if reply.content.startswith(b"{"):
                bodies = with_text(json.loads(reply.content), said)
            for body in bodies:
                with case(call, reply.name, body):
                    outcome = self.outcome(call, httpx.Response(reply.status, json=body))
                    assert self.access.key not in repr(outcome) + shown(outcome)

    def test_a_broken_body_is_never_mistaken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The same body is read once for all calls, because the large ones take long.
        monkeypatch.setattr(replies, "read_raw", cache(replies.read_raw))
        monkeypatch.setattr(replies, "read_object", cache(read_object))
        for name, body in BROKEN_BODIES.items():
            for status in (200, 201, 204, 404, 500) if len(body) < LARGE else (200, 500):
                response = httpx.Response(status, content=body)
                for call in self.calls:
                    with case(name, status, call):
                        self.assert_safe(call, self.outcome(call, response), taken=status < 300)

    def test_a_create_that_never_left_may_be_sent_again(self) -> None:
        for error in NOT_SENT:
            with case(repr(error)), pytest.raises(Unavailable, match="unreachable"):
                run(self.flow("submit"), error)

    def test_a_create_without_an_answer_is_unclear(self) -> None:
        for error in LOST:
            with case(repr(error)):
                with pytest.raises(Unclear, match="no_answer") as caught:
                    run(self.flow("submit"), error)
                assert caught.value.__cause__ is error

    def test_a_key_that_no_header_can_carry_is_named_before_it_leaks(self) -> None:
        for call in self.calls:
            for key in ("", "two words", "line\nbreak", "nul\0", "schlüssel"):
                with case(call, repr(key)):
                    with pytest.raises(Unauthorised, match="key_malformed") as caught:
                        first_request(self.flow(call, key=key))
                    assert not key or key not in repr(caught.value)

    def assert_understood(self, reply: Recorded, call: str) -> None:
        expected, answers = reply.expected[call], reply.responses(call)
        if "error" in expected:
            with pytest.raises(ProviderError) as caught:
                value_of(self.flow(call), *answers)
            assert type(caught.value) is getattr(contract, expected["error"])
            wanted = {name: expected[name] for name in expected.keys() - {"error", "asks"}}
            assert {name: getattr(caught.value, name) for name in wanted} == wanted
        else:
            assert_members(value_of(self.flow(call), *answers), expected["value"])

    def assert_safe(self, call: str, outcome: Any, *, taken: bool = True) -> None:
        """A kept state or one of the errors; a paid create is never thrown away or sent again."""
        if isinstance(outcome, Report) and outcome.state is RemoteState.SUCCEEDED:
            assert any(result.role == "video" and result.url for result in outcome.results)
        if isinstance(outcome, ProviderError):
            assert type(outcome) is not ProviderError
            assert call == "submit" or not isinstance(outcome, Unclear)
        raw = getattr(outcome, "raw", "")
        assert len(raw) <= 64 * 1024
        assert "\0" not in raw
        if call == "submit" and taken:
            assert isinstance(outcome, Receipt | Unclear)
            assert not isinstance(outcome, Receipt) or isinstance(outcome.remote_id, str)


class AdapterSuite(CreateSuite):
    """A create and all questions; subclasses also name the questions that can be asked."""

    def test_a_question_without_an_answer_may_be_asked_again(self) -> None:
        for question in self.questions:
            for error in LOST:
                with (
                    case(question, repr(error)),
                    pytest.raises(Unavailable, match="no_answer"),
                ):
                    run(self.flow(question), error)

    def test_a_question_that_never_left_may_be_asked_again(self) -> None:
        for question in self.questions:
            for error in NOT_SENT:
                with (
                    case(question, repr(error)),
                    pytest.raises(Unavailable, match="unreachable"),
                ):
                    run(self.flow(question), error)

    def test_a_question_has_no_unclear_outcome(self) -> None:
        for question in self.questions:
            for status in range(200, 600):
                with case(question, status):
                    outcome = self.outcome(question, httpx.Response(status, content=b"?"))
                    assert isinstance(outcome, ProviderError)
                    assert not isinstance(outcome, Unclear)

    def test_what_is_not_offered_is_refused_unasked(self) -> None:
        offered = {
            "balance": self.provider.has_balance,
            "find": self.provider.has_list,
            "cancel": self.provider.can_cancel,
            "film": bool(catalogue(self.provider.kind).models("film")),
        }
        for call in offered.keys() - {*self.questions}:
            with case(call), pytest.raises(Refused, match="not_offered"):
                first_request(self.flow(call))
        assert {*self.questions} == {"check", "test", *(call for call in offered if offered[call])}


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

"""What every adapter must do, inherited by the tests of each."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
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
    Report,
    State,
    Unavailable,
    Unclear,
)

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


class AdapterSuite:
    """Subclasses give the adapter, an account, an order, and the questions that can be asked.

    The key has a character that no number may have, so that it can be told from one.
    """

    provider: ClassVar[Provider]
    access: ClassVar[Access]
    order: ClassVar[Order]
    number: ClassVar[str]
    questions: ClassVar[Sequence[str]]

    def flow(self, call: str, *, key: str | None = None) -> Flow[Any]:
        """A fresh flow of one call on the suite's account, or with another key."""
        access = self.access if key is None else replace(self.access, key=key)
        flows: Mapping[str, Callable[[], Flow[Any]]] = {
            "submit": lambda: self.provider.submit(access, self.order),
            "check": lambda: self.provider.check(access, self.number),
            "cancel": lambda: self.provider.cancel(access, self.number),
            "balance": lambda: self.provider.balance(access),
            "test": lambda: self.provider.test(access),
            "find": lambda: self.provider.find(access, since="2026-01-20", until="2026-01-21"),
            "film": lambda: self.provider.film(access, self.number),
        }
        return flows[call]()

    def replies(self) -> Sequence[Recorded]:
        return recorded(self.provider.kind)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Spread recorded replies and ways of failing over the tests that name them."""
        names = metafunc.fixturenames
        if "reply" in names and "call" in names:
            wanted = metafunc.function.__name__.startswith("test_a_success")
            cases = list(self.cases(only_successes=wanted))
            metafunc.parametrize(
                ("reply", "call"), cases, ids=[f"{call}-{reply.name}" for reply, call in cases]
            )
        elif "question" in names:
            metafunc.parametrize("question", self.questions)
        elif "call" in names:
            metafunc.parametrize("call", ("submit", *self.questions))
        if "not_sent" in names:
            metafunc.parametrize("not_sent", NOT_SENT, ids=repr)
        if "lost" in names:
            metafunc.parametrize("lost", LOST, ids=repr)
        if "broken" in names:
            metafunc.parametrize("broken", list(BROKEN_BODIES))

    def cases(self, *, only_successes: bool) -> Iterator[tuple[Recorded, str]]:
        for reply in self.replies():
            for call in reply.expected:
                if not only_successes or (reply.succeeds(call) and reply.content.startswith(b"{")):
                    yield reply, call

    def outcome(self, call: str, response: httpx.Response) -> Any:
        """The value or the error of one call; anything but these fails the test."""
        try:
            return value_when_always_answered(self.flow(call), response)
        except ProviderError as error:
            return error

    def test_each_recorded_reply_is_understood(self, reply: Recorded, call: str) -> None:
        expected, answers = reply.expected[call], reply.responses(call)
        if "error" in expected:
            with pytest.raises(ProviderError) as caught:
                value_of(self.flow(call), *answers)
            assert type(caught.value) is getattr(contract, expected["error"])
            wanted = {name: expected[name] for name in expected.keys() - {"error", "asks"}}
            assert {name: getattr(caught.value, name) for name in wanted} == wanted
        else:
            assert_members(value_of(self.flow(call), *answers), expected["value"])

    def test_a_success_with_one_member_broken_is_never_mistaken(
        self, reply: Recorded, call: str
    ) -> None:
        for body in malformed(json.loads(reply.content)):
            content = json.dumps(body).encode()
            outcome = self.outcome(call, httpx.Response(200, content=content))
            self.assert_safe(call, outcome, body)

    def test_a_success_cut_short_is_never_mistaken(self, reply: Recorded, call: str) -> None:
        for length in range(len(reply.content)):
            response = httpx.Response(200, content=reply.content[:length])
            outcome = self.outcome(call, response)
            if call == "submit":
                assert type(outcome) is Unclear
            elif length:
                assert type(outcome) is Unavailable

    def test_a_success_with_unknown_members_says_the_same(self, reply: Recorded, call: str) -> None:
        strange = json.dumps(with_unknown_members(json.loads(reply.content))).encode()
        outcome = value_of(self.flow(call), httpx.Response(200, content=strange))
        assert_members(outcome, reply.expected[call]["value"])

    def test_the_key_is_in_nothing_that_comes_back(self, reply: Recorded, call: str) -> None:
        said = f"said {self.access.key}"
        is_object = reply.content.startswith(b"{")
        bodies = with_text(json.loads(reply.content), said) if is_object else [{"message": said}]
        for body in bodies:
            outcome = self.outcome(call, httpx.Response(reply.status, json=body))
            assert self.access.key not in repr(outcome) + shown(outcome)

    def test_a_broken_body_is_never_mistaken(self, broken: str) -> None:
        body = BROKEN_BODIES[broken]
        for status in (200, 201, 204, 404, 500) if len(body) < LARGE else (200, 500):
            response = httpx.Response(status, content=body)
            for call in ("submit", *self.questions):
                self.assert_safe(call, self.outcome(call, response), status, taken=status < 300)

    def test_a_create_that_never_left_may_be_sent_again(self, not_sent: Exception) -> None:
        with pytest.raises(Unavailable, match="unreachable"):
            run(self.flow("submit"), not_sent)

    def test_a_create_without_an_answer_is_unclear(self, lost: Exception) -> None:
        with pytest.raises(Unclear, match="no_answer") as caught:
            run(self.flow("submit"), lost)
        assert caught.value.__cause__ is lost

    def test_a_question_without_an_answer_may_be_asked_again(
        self, question: str, lost: Exception
    ) -> None:
        with pytest.raises(Unavailable, match="no_answer"):
            run(self.flow(question), lost)

    def test_a_question_that_never_left_may_be_asked_again(
        self, question: str, not_sent: Exception
    ) -> None:
        with pytest.raises(Unavailable, match="unreachable"):
            run(self.flow(question), not_sent)

    def test_a_question_has_no_unclear_outcome(self, question: str) -> None:
        for status in range(200, 600):
            outcome = self.outcome(question, httpx.Response(status, content=b"?"))
            assert isinstance(outcome, ProviderError)
            assert not isinstance(outcome, Unclear)

    def test_what_is_not_offered_is_refused_unasked(self) -> None:
        offered = {
            "balance": self.provider.has_balance,
            "find": self.provider.has_list,
            "cancel": self.provider.can_cancel,
            "film": bool(catalogue(self.provider.kind).models("ad-one-click")),
        }
        for call in offered.keys() - {*self.questions}:
            with pytest.raises(Refused, match="not_offered"):
                first_request(self.flow(call))
        assert {*self.questions} == {"check", "test", *(call for call in offered if offered[call])}

    def test_a_key_that_no_header_can_carry_is_named_before_it_leaks(self, call: str) -> None:
        for key in ("", "two words", "line\nbreak", "nul\0", "schlüssel"):
            with pytest.raises(contract.Unauthorised, match="key_malformed") as caught:
                first_request(self.flow(call, key=key))
            assert not key or key not in repr(caught.value)

    def assert_safe(self, call: str, outcome: Any, about: Any, *, taken: bool = True) -> None:
        """A kept state or one of the errors; a paid create is never thrown away or sent again."""
        if isinstance(outcome, Report) and outcome.state is State.SUCCEEDED:
            assert any(result.part == "video" and result.url for result in outcome.results), about
        if isinstance(outcome, ProviderError):
            assert type(outcome) is not ProviderError, about
            assert call == "submit" or not isinstance(outcome, Unclear), about
        raw = getattr(outcome, "raw", "")
        assert len(raw) <= 64 * 1024, about
        assert "\0" not in raw, about
        if call == "submit" and taken:
            assert isinstance(outcome, Receipt | Unclear), about
            assert not isinstance(outcome, Receipt) or isinstance(outcome.number, str), about


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

"""What every adapter must do, inherited by the tests of each.

A test goes through all recorded replies or all ways of failing; its failure names the case. What
comes of replies that are other than documented stands in create_readings and question_readings.
"""

import random
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import pytest

from generations.providers import contract
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    ProviderError,
    Receipt,
    Refused,
    Report,
    Unauthorised,
    Unavailable,
    Unclear,
)

from .calls import assert_members, case, facts, film_links, shown
from .create_readings import CreateReadings, is_in_doubt
from .driver import first_request, run, value_of
from .mutations import (
    ERROR_NAMES,
    STATE_NAMES,
    encoded,
    encodings,
    malformed,
    names,
    places_like,
    stray,
    with_text,
    with_unknown_members,
)
from .question_readings import QuestionReadings
from .recorded import Recorded

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
    "braces": b"{" * 2_000 + b"}" * 2_000,
    "too deep": b"[" * 100_000,
    "too deep inside": b'{"data":' * 50_000,
    "3 MB of text": b"x" * 3_000_000,
    "3 MB of JSON": b'{"state":"' + b"s" * 3_000_000 + b'"}',
    "3 MB of broken JSON": b'{"state":"' + b'\\"' * 1_500_000 + b"\x01",
}
LARGE = 1_000_000  # what takes long to read is read once for each kind of call


class CreateSuite(CreateReadings):
    """The create of one adapter."""

    def test_each_recorded_reply_is_understood(self) -> None:
        for reply, call in self.cases():
            with case(call, reply.name):
                self.assert_understood(reply, call)

    @pytest.mark.usefixtures("built_once")
    def test_a_success_with_one_member_broken_is_never_mistaken(self) -> None:
        for reply, call in self.samples(*self.calls):
            for gone, body in malformed(reply.body):
                with case(call, reply.name, body):
                    outcome = self.outcome(call, httpx.Response(200, content=encoded(body)))
                    doubt = call == "submit" and is_in_doubt(reply)
                    self.assert_safe(call, outcome, taken=not doubt)
                    if not doubt and not gone & ERROR_NAMES:
                        assert not isinstance(outcome, Refused | Unauthorised)
                        self.assert_kept(call, reply, gone, outcome)

    @pytest.mark.usefixtures("built_once")
    def test_a_success_cut_short_is_never_mistaken(self) -> None:
        for reply, call in self.samples(*self.calls):
            remote_id = str(reply.value(call).get("remote_id", ""))
            for length in range(0, len(reply.content), 3):
                with case(call, reply.name, f"{length} bytes"):
                    response = httpx.Response(200, content=reply.content[:length])
                    outcome = self.outcome(call, response)
                    if isinstance(outcome, Receipt):
                        assert call == "submit"
                        assert outcome.remote_id == remote_id
                    elif call == "submit":
                        assert type(outcome) is Unclear  # what is missing may be an id
                    elif length:
                        assert type(outcome) is Unavailable

    @pytest.mark.usefixtures("built_once")
    def test_a_create_cut_behind_its_id_is_an_order(self) -> None:
        for reply, place in self.creates():
            remote_id = reply.value("submit")["remote_id"]
            end = reply.content.index(remote_id.encode()) + len(remote_id) + 2
            with case(reply.name, place):
                assert self.submitted(reply.content[:end]).remote_id == remote_id

    def test_a_success_with_unknown_members_says_the_same(self) -> None:
        for reply, call in self.successes():
            with case(call, reply.name):
                strange, _ = with_unknown_members(reply.body, random.Random(0))
                answer = httpx.Response(200, content=encoded(strange))
                outcome = value_of(self.flow(call), answer)
                assert_members(outcome, reply.expected[call]["value"])

    @pytest.mark.usefixtures("built_once")
    def test_the_key_is_in_nothing_that_comes_back(self) -> None:
        quoted = f"said {self.access.key}"
        for reply, call in self.cases():
            bodies: Iterable[Any] = [{"message": quoted}, quoted]
            if reply.body is not None:
                bodies = with_text(reply.body, quoted)
            for body in bodies:
                with case(call, reply.name, body):
                    response = httpx.Response(reply.status, content=encoded(body))
                    outcome = self.outcome(call, response)
                    assert self.access.key not in repr(outcome) + shown(outcome)

    @pytest.mark.usefixtures("built_once")
    def test_the_key_is_hidden_in_what_strict_readers_refuse(self) -> None:
        # Bytes are read before anybody looks at the shape of a reply, so one of each call will do.
        replies = {call: reply for reply, call in self.samples("submit", "check")}
        for call, reply in replies.items():
            body = {**reply.body, "note": f"said {self.access.key}"}
            answers = [httpx.Response(200, content=content) for _, content in stray(body)]
            for _, headers, content in encodings(body):
                answers += [httpx.Response(200, content=content, headers=headers)]
                answers += [httpx.Response(200, content=content[:-1], headers=headers)]
            for answer in answers:
                with case(call, reply.name, answer.headers, answer.content):
                    outcome = self.outcome(call, answer)
                    assert self.access.key not in repr(outcome) + shown(outcome)

    def test_a_broken_body_is_never_mistaken(self) -> None:
        for name, body in BROKEN_BODIES.items():
            large = len(body) > LARGE
            if large and not self.questions:
                continue  # the adapter's own suite reads it
            for status in (200,) if large else (200, 201, 204, 404, 500):
                response = httpx.Response(status, content=body)
                for call in self.calls[:2] if large else self.calls:
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
        if isinstance(outcome, ProviderError):
            assert type(outcome) is not ProviderError
            assert call == "submit" or not isinstance(outcome, Unclear)
        raw = getattr(outcome, "raw", "")
        assert len(raw) <= 64 * 1024
        assert "\0" not in raw
        if call == "submit" and taken:
            assert isinstance(outcome, Receipt | Unclear)
            assert not isinstance(outcome, Receipt) or outcome.remote_id

    def assert_kept(self, call: str, reply: Recorded, gone: frozenset[str], outcome: Any) -> None:
        """What was not broken is still there: the id of a create, the film of a success."""
        if call == "submit":
            place = places_like(reply.body, {reply.value(call)["remote_id"]})[0]
            if not gone & {place[-1], *self.owners}:
                assert outcome.remote_id == reply.value(call)["remote_id"]
        elif call == "check" and film_links(reply):
            places = places_like(reply.body, film_links(reply))
            kept = {name for place in places for name in names(place)[-1:]}
            if not gone & {*kept, *STATE_NAMES}:
                assert isinstance(outcome, Report)
                assert facts(outcome).state == reply.value(call)["state"]
                assert {*film_links(reply)} <= {result.url for result in outcome.results}


class AdapterSuite(CreateSuite, QuestionReadings):
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
            "subjects": bool(catalogue(self.provider.kind).models("subject")),
            "film": bool(catalogue(self.provider.kind).models("film")),
        }
        for call in offered.keys() - {*self.questions}:
            with case(call), pytest.raises(Refused, match="not_offered"):
                first_request(self.flow(call))
        assert {*self.questions} == {"check", "test", *(call for call in offered if offered[call])}

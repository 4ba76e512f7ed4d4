"""What a create makes of replies that are other than documented (docs/wire.md, 1.2 to 1.7).

Money hangs on it: an id in plain sight is a paid order, an error is no order, all else is unclear.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers.contract import (
    ProviderError,
    Reason,
    Receipt,
    Refused,
    Report,
    Unauthorised,
    Unavailable,
    Unclear,
)

from .calls import ProviderCalls, case, facts
from .mutations import (
    AMOUNTS,
    CODE_NAMES,
    COST_NAMES,
    ERROR_NAMES,
    MARK,
    MESSAGE_NAMES,
    MUTATIONS,
    NO_AMOUNTS,
    REMOVED,
    STRUCTURES,
    Place,
    encoded,
    encodings,
    get,
    ids_elsewhere,
    members,
    nestings,
    parent,
    places_like,
    places_of,
    put,
    put_all,
    stray,
)
from .recorded import Recorded

NO_IDS = ("", "  ", 0, "0", None, "null", "None", "undefined", ".", "..", "a\nb", "a\0b", "x" * 256)
ODD_IDS = (
    *("vidu2.0:1762241017-Tmbjx", "cgt-2026/01/a=b+c", "100%", "a%2Fb", "two words", "任务:7"),
    *("🎬/1", "../../x", "..%2f..", "/", "1?x=1#y", "a&b=c;d", "x" * 255, "-1", "007", "true"),
    *("[1]", '{"a":1}', '"q"', "\\", "NaN", "1e5", "a@b", "http://elsewhere.example/", "{task_id}"),
)
PRINTABLE = some.characters(exclude_categories=("C", "Z"), include_characters=" ")
IDS = some.text(PRINTABLE, min_size=1, max_size=255).filter(
    lambda text: text.strip().casefold() not in {"", "0", "null", "none", "undefined", ".", ".."}
)
# Words of other errors in a page or in a gateway's JSON say nothing.
PAGES: Mapping[str, bytes] = {
    "page": b"<html><h1>403 Forbidden</h1>Unauthorized CreditInsufficient task_not_exist</html>",
    "empty": b"",
    "text": b"upstream connect error or disconnect/reset before headers",
    "gateway's JSON": b'{"message":"Forbidden"}',
    "gateway's longer JSON": b'{"message":"Unauthorized","request_id":"4cc3a75a"}',
    "framework's JSON": b'{"timestamp":1,"status":403,"error":"Forbidden","path":"/ent/v2"}',
    "CDN's JSON": b'{"success":false,"errors":[{"code":1020,"message":"Access denied"}]}',
}
CREATE_MET_BY_A_PAGE: Mapping[int, tuple[type[ProviderError], Reason | None]] = {
    **dict.fromkeys((200, 201, 500, 502, 503, 504, 521), (Unclear, None)),
    **dict.fromkeys((401, 407), (Unavailable, Reason.GATEWAY)),
    **dict.fromkeys((402, 403), (Unclear, Reason.GATEWAY)),
    429: (Unavailable, None),
    **dict.fromkeys((404, 411, 415, 421, 422), (Refused, None)),
    **dict.fromkeys((304, 406, 418), (Unclear, None)),
}
NO_METHOD: Mapping[bytes, type[ProviderError]] = {
    b"<html><head><title>405 Not Allowed</title></head></html>": Refused,
    b"405 method not allowed": Refused,
    b'{"detail":"Method Not Allowed"}': Refused,
    # So says a firewall, which may have refused the answer.
    "<html><title>405</title>您的访问被阻断。</html>".encode(): Unclear,
}
REDIRECTS = (300, 301, 302, 307, 308)
# An order in what strict and lenient readers of JSON give up at.
BROKEN = (
    *("{task_id=%s, state=created}", '{"prompt":"sign: "OPEN": red", "task_id": "%s"}'),
    *('{"task_id"=>"%s", "state"=>"created"}', "<Map><task_id>%s</task_id></Map>"),
    '{"path":"C:\\new\\","task_id":%s}',
)


class CreateReadings(ProviderCalls):
    """Everything that may happen to the reply to a paid POST."""

    def creates(self) -> Iterator[tuple[Recorded, Place]]:
        """Each recorded order that was taken without a doubt, and where its id stands."""
        for reply, call in self.successes():
            if call == "submit" and not is_in_doubt(reply):
                yield reply, places_like(reply.body, {reply.value(call)["remote_id"]})[0]

    def create(self) -> tuple[Recorded, Place]:
        return next(self.creates())

    def submitted(self, content: bytes, status: int = 200, **headers: str) -> Any:
        return self.outcome("submit", httpx.Response(status, content=content, headers=headers))

    @pytest.mark.usefixtures("built_once")
    def test_an_id_in_plain_sight_is_an_order(self) -> None:
        for reply, place in self.creates():
            remote_id = reply.value("submit")["remote_id"]
            nested = chain.from_iterable(
                nestings(reply.body, around) for around in {(), parent(place)}
            )
            for name, body in chain(ids_elsewhere(reply.body, place), nested):
                with case(reply.name, name, body):
                    assert self.submitted(encoded(body)).remote_id == remote_id

    @pytest.mark.usefixtures("built_once")
    def test_an_id_beside_an_error_is_an_order_all_the_same(self) -> None:
        reply, place = self.create()
        for status in (201, 202, 400, 402, 403, 404, 409, 429, 500, 502, 503):
            with case(status):
                receipt = self.submitted(reply.content, status)
                assert receipt.remote_id == str(get(reply.body, place))

    @pytest.mark.usefixtures("built_once")
    def test_an_id_is_any_printable_text(self) -> None:
        reply, place = self.create()

        def assert_kept(remote_id: str) -> None:
            body = put(reply.body, place, remote_id)
            for content in (json.dumps(body).encode(), encoded(body)):
                with case(content):
                    receipt = self.submitted(content)
                    assert isinstance(receipt, Receipt)
                    assert receipt.remote_id == remote_id.strip()

        for remote_id in (*ODD_IDS, "\n padded \t"):
            assert_kept(remote_id)
        settings(deadline=None, max_examples=50)(given(IDS)(assert_kept))()

    @pytest.mark.usefixtures("built_once")
    def test_an_id_in_plain_sight_is_an_order_where_nobody_can_read_the_answer(self) -> None:
        reply, place = self.create()
        name, remote_id = str(place[-1]), str(get(reply.body, place))
        for form in BROKEN:
            with case(form):
                text = form.replace("task_id", name) % remote_id
                assert self.submitted(text.encode()).remote_id == remote_id
                cut = text[: text.index(remote_id) + 1]
                for doubtful in (text.replace(remote_id, "0"), f"{text} {form % 8}", cut):
                    assert type(self.submitted(doubtful.encode())) is Unclear
                quoted = f'{{"prompt":{json.dumps(text)},}}'
                assert type(self.submitted(quoted.encode())) is Unclear

    @pytest.mark.usefixtures("built_once")
    def test_an_id_as_an_integer_keeps_its_digits(self) -> None:
        reply, place = self.create()
        for number in (1, 2**53 + 1, 911026047460327425, 2**64 + 1, 10**40 + 1):
            with case(number):
                body = put(reply.body, place, number)
                assert self.submitted(encoded(body)).remote_id == str(number)

    @pytest.mark.usefixtures("built_once")
    def test_what_is_no_id_is_no_order(self) -> None:
        reply, place = self.create()
        around = parent(place)
        without = put(reply.body, place, REMOVED)
        others = {
            **{"request_id": "r1", "trace_id": "t1", "client_request_id": "c1", "key_id": "17"},
            **{"creations": [{"id": "5"}], "payload": "7", "model": "m1", "video_id": "v1"},
        }
        bodies = [put(without, around, {**get(without, around), **others})]
        bodies += [put(reply.body, place, value) for value in NO_IDS]
        for body in bodies:
            with case(body):
                assert type(self.submitted(encoded(body))) is Unclear

    @pytest.mark.usefixtures("built_once")
    def test_of_two_ids_the_first_that_is_not_null_counts(self) -> None:
        for reply, place in self.creates():
            name, remote_id = json.dumps(place[-1]), json.dumps(get(reply.body, place))
            for pair in (f"{name}:null,{name}:{remote_id}", f"{name}:{remote_id},{name}:null"):
                with case(reply.name, pair):
                    content = json.dumps(reply.body).replace(f"{name}: {remote_id}", pair)
                    receipt = self.submitted(content.encode())
                    assert receipt.remote_id == reply.value("submit")["remote_id"]

    @pytest.mark.usefixtures("built_once")
    def test_a_reply_that_strict_readers_refuse_says_the_same(self) -> None:
        for reply, call in self.samples("submit", "check"):
            plain = facts(self.outcome(call, reply.response()))
            assert isinstance(plain, Receipt | Report)
            for name, content in stray(reply.body):
                with case(call, reply.name, name):
                    response = httpx.Response(200, content=content)
                    assert facts(self.outcome(call, response)) == plain

    @pytest.mark.usefixtures("built_once")
    def test_a_reply_in_any_encoding_says_the_same(self) -> None:
        for reply, call in self.samples("submit", "check"):
            plain = facts(self.outcome(call, reply.response()))
            for name, headers, content in encodings(reply.body):
                with case(call, reply.name, name):
                    response = httpx.Response(200, content=content, headers=headers)
                    assert facts(self.outcome(call, response)) == plain

    # ---- Amounts --------------------------------------------------------------------------

    def priced(self) -> Iterator[tuple[Recorded, str, Sequence[Place]]]:
        for reply, call in self.samples("submit", "check"):
            if reply.value(call).get("cost") and (places := places_of(reply.body, COST_NAMES)):
                yield reply, call, places

    @pytest.mark.usefixtures("built_once")
    def test_an_amount_is_read_in_all_its_forms_or_known_to_be_unread(self) -> None:
        forms: Mapping[str, int | None] = {**AMOUNTS, **dict.fromkeys(NO_AMOUNTS)}
        for reply, call, places in self.priced():
            marked = encoded(put_all(reply.body, places, MARK))
            for form, cost in forms.items():
                with case(call, reply.name, form):
                    content = marked.replace(f'"{MARK}"'.encode(), form.encode())
                    outcome = self.outcome(call, httpx.Response(200, content=content))
                    assert outcome.cost == cost
                    assert bool(outcome.unread_cost) is (cost is None)
                    if form.startswith('"') and cost is None:
                        assert outcome.unread_cost == form.strip('"')

    @pytest.mark.usefixtures("built_once")
    def test_an_amount_that_is_not_there_is_neither_known_nor_unread(self) -> None:
        for reply, call, places in self.priced():
            for value in (None, "", REMOVED):
                with case(call, reply.name, value):
                    body = put_all(reply.body, places, value)
                    outcome = self.outcome(call, httpx.Response(200, content=encoded(body)))
                    assert (outcome.cost, outcome.unread_cost) == (None, "")

    # ---- Errors ---------------------------------------------------------------------------

    @pytest.mark.usefixtures("built_once")
    def test_an_error_word_means_the_same_inside_a_sentence(self) -> None:
        for reply, call in self.cases():
            plain = self.outcome(call, reply.response())
            word = reply.expected[call].get("code", "")
            if isinstance(plain, Refused | Unauthorised | Unavailable | Unclear):
                for body in hidden_in_messages(reply.body, word, plain.reason):
                    with case(call, reply.name, body):
                        response = httpx.Response(reply.status, content=encoded(body))
                        outcome = self.outcome(call, response)
                        assert (type(outcome), outcome.reason) == (type(plain), plain.reason)
                        assert outcome.code.casefold() == plain.code.casefold()

    def test_a_create_that_is_met_by_a_page(self) -> None:
        for status, (error, reason) in CREATE_MET_BY_A_PAGE.items():
            for name, content in PAGES.items():
                with case(status, name):
                    outcome = self.submitted(content, status)
                    assert type(outcome) is error
                    assert reason in {None, outcome.reason}

    def test_a_create_that_is_sent_elsewhere_was_not_taken(self) -> None:
        for status in REDIRECTS:
            for location in ("https://elsewhere.example/login?next=%2F", "/v3/text2video"):
                with case(status, location):
                    secret = f"{location}#{self.access.key}"
                    outcome = self.submitted(b"<html>Moved</html>", status, Location=secret)
                    assert (type(outcome), outcome.reason) == (Refused, Reason.REDIRECTED)
                    assert location in outcome.message
                    assert self.access.key not in outcome.message
            bare = self.submitted(b"", status)
            assert (type(bare), bare.reason) == (Refused, Reason.REDIRECTED)
        assert type(self.submitted(b"", 303, Location="/tasks/1")) is Unclear  # it was taken

    def test_what_a_redirect_says_of_the_order_comes_first(self) -> None:
        reply, place = self.create()
        for status in REDIRECTS:
            receipt = self.submitted(reply.content, status, Location="/v3")
            assert receipt.remote_id == str(get(reply.body, place))
            login = self.submitted(b'{"code":302,"message":"sign in"}', status, Location="/login")
            assert (type(login), login.reason) == (Refused, Reason.REDIRECTED)
            told = self.submitted(b'{"code":0,"message":"success"}', status, Location="/v3")
            assert type(told) is Unclear
            word = b'{"code":400,"reason":"CreditInsufficient","message":"no"}'
            refused = self.submitted(word, status, Location="/v3")
            assert (type(refused), refused.reason) == (Unauthorised, Reason.CREDITS_SPENT)

    def test_a_create_by_a_method_that_nobody_takes_was_not_taken(self) -> None:
        for content, error in NO_METHOD.items():
            with case(content):
                assert type(self.submitted(content, 405)) is error

    # ---- Any two changes ------------------------------------------------------------------

    @pytest.mark.usefixtures("built_once")
    def test_any_two_changes_leave_the_id_or_the_doubt(self) -> None:
        creates = [*self.creates()]

        @settings(deadline=None, max_examples=150)
        @given(
            created=some.sampled_from(creates),
            first=some.sampled_from(MUTATIONS),
            second=some.sampled_from(STRUCTURES),
            dice=some.randoms(use_true_random=False),
        )
        def assert_taken(
            created: tuple[Recorded, Place], first: Any, second: Any, dice: Any
        ) -> None:
            reply, place = created
            changed, gone = first(reply.body, dice)
            if isinstance(changed, dict):
                changed, more = second(changed, dice)
                gone |= more
            outcome = self.submitted(dice.choice([*stray_or_plain(changed)]))
            if place[-1] not in gone or not gone & ERROR_NAMES:  # an error without an id is one
                assert isinstance(outcome, Receipt | Unclear)
            if isinstance(outcome, Receipt):
                assert outcome.remote_id
                assert place[-1] in gone or outcome.remote_id == reply.value("submit")["remote_id"]
            else:
                assert gone & {place[-1], *ERROR_NAMES, *self.owners}

        assert_taken()


def is_in_doubt(reply: Recorded) -> bool:
    """Whether the reply to a create says an error beside its id."""
    value = reply.value("submit")
    return "state" not in value or value.get("code", "") != ""


def stray_or_plain(body: Any) -> Iterator[bytes]:
    if not isinstance(body, dict):
        return iter([json.dumps(body).encode()])
    return chain([encoded(body)], (content for _, content in stray(body)))


def hidden_in_messages(body: Any, word: str, reason: Reason | None) -> Iterator[Any]:
    """An error reply whose known word stands only inside a sentence of its message."""
    if body is None or not word.isidentifier() or word == "garbled":
        return
    if word.startswith(("http_", "code_")) or reason in {None, Reason.OTHER}:
        return
    codes = [place for place in places_of(body, CODE_NAMES, of=str) if get(body, place) == word]
    quiet = put_all(body, codes, "")
    inner = {"code": 400, "reason": word, "message": "as it came"}
    for place, member in members(body):
        if place[-1] in MESSAGE_NAMES and isinstance(member, str) and codes:
            for text in (
                *(word, f"upstream failed: {word} (request id: 20260120)", json.dumps(inner)),
                f"status 400: {json.dumps(inner)} (request id: 7)",
            ):
                yield put(quiet, place, text)
            if not word[1:].islower():  # a plain English word may be meant as such
                for text in (f"任务失败:{word}。", f"[{word.upper()}]", f"error={word.lower()};"):
                    yield put(quiet, place, text)

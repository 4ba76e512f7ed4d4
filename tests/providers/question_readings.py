"""What a question makes of replies that are other than documented (docs/wire.md, 1.2 to 1.7).

A film beside any word is taken in; what is not understood is told, and never read as nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers.contract import (
    ProviderError,
    Reason,
    Refused,
    RemoteState,
    Report,
    Unauthorised,
    Unavailable,
)

from .calls import case, film_links
from .create_readings import IDS, ODD_IDS, PAGES, REDIRECTS, CreateReadings, stray_or_plain
from .driver import value_then
from .mutations import (
    CODE_NAMES,
    CONTAINERS,
    ECHOES_OF_THE_ORDER,
    ERROR_NAMES,
    INSIDE,
    MUTATIONS,
    REMOVED,
    SIGNED,
    STATE_NAMES,
    STRUCTURES,
    UNKNOWN_WORDS,
    Place,
    encoded,
    get,
    links_by_hand,
    members,
    names,
    nestings,
    parent,
    places_like,
    places_of,
    put,
    put_all,
    results_elsewhere,
    stray,
    words,
)
from .recorded import Recorded

GATEWAYS = {401, 402, 403, 407}
NO_WORDS: Sequence[Any] = (None, True, 7, [], {"a": 1}, REMOVED)
# What failed is the question, while the task goes on.
FAILED_QUESTIONS: Sequence[Mapping[str, Any]] = (
    {"status": "error", "message": "Unable to reach the database", "data": None},
    {"status": "fail", "data": {}},
    {"status": "error", "msg": "busy", "ts": 1764522552},
    {"status": "failed", "message": "no quota", "requestID": "4cc3", "retry_after": 5},
)
NO_ERRORS = ("None", "null", "<nil>", "N/A", "No error", "", False, {"code": 0, "message": ""})
ENDED_BADLY = {RemoteState.FAILED, RemoteState.CANCELLED}
ROLES = {
    "url": "video",
    "cover_url": "cover",
    "watermarked_url": "watermarked",
    "audio_url": "audio",
}


class QuestionReadings(CreateReadings):
    """Everything that may happen to the reply to a question, and to a callback."""

    # The settings of the account under which a task is asked for elsewhere.
    elsewhere: tuple[Mapping[str, str], ...] = ()

    def callback_body(self, remote_id: str, word: str) -> Any:
        """The body of a callback about one task."""
        raise NotImplementedError

    def checked(self, body: Any) -> Report:
        content = body if isinstance(body, bytes) else encoded(body)
        outcome = self.outcome("check", httpx.Response(200, content=content))
        assert isinstance(outcome, Report), outcome
        return outcome

    # ---- Words of state -------------------------------------------------------------------

    @pytest.mark.usefixtures("built_once")
    def test_a_film_beside_any_word_but_a_bad_end_is_taken_in(self) -> None:
        for reply in self.films():
            places = places_of(reply.body, STATE_NAMES, of=str)
            for word, state in chain(words(), ((word, "") for word in UNKNOWN_WORDS)):
                with case(reply.name, word):
                    report = self.checked(put_all(reply.body, places, word))
                    assert report.state_word == word.strip()
                    if state in ENDED_BADLY:
                        assert report.state == state
                    else:
                        assert report.state is RemoteState.SUCCEEDED
                        assert films_of(report) == film_links(reply)
            for value in NO_WORDS:
                with case(reply.name, value):
                    report = self.checked(put_all(reply.body, places, value))
                    assert report.state is RemoteState.SUCCEEDED
                    assert films_of(report)

    @pytest.mark.usefixtures("built_once")
    def test_a_word_without_a_film_is_one_of_five_states_or_told(self) -> None:
        for reply in self.filmless():
            places = places_of(reply.body, STATE_NAMES, of=str)
            for word, state in words():
                with case(reply.name, word):
                    report = self.checked(put_all(reply.body, places, word))
                    assert (report.state, report.state_word) == (state, word.strip())
                    assert not report.results
            for unknown in (*UNKNOWN_WORDS, 9):
                with case(reply.name, unknown):
                    report = self.checked(put_all(reply.body, places, unknown))
                    assert (report.state, report.state_word) == (None, str(unknown).strip())

    @pytest.mark.usefixtures("built_once")
    def test_a_failed_question_and_an_error_that_says_nothing_end_no_task(self) -> None:
        for body in FAILED_QUESTIONS:
            with case(body):
                outcome = self.outcome("check", httpx.Response(200, content=encoded(body)))
                assert (type(outcome), outcome.reason) == (Unavailable, Reason.UNREADABLE)
        for reply in self.filmless():
            for nothing in NO_ERRORS:
                with case(reply.name, nothing):
                    report = self.checked({**reply.body, "error": nothing})
                    assert report.state == reply.value("check")["state"]
                    assert not report.message

    @pytest.mark.usefixtures("built_once")
    def test_a_word_of_state_is_found_beside_its_place(self) -> None:
        for reply in chain(self.films(), self.filmless()):
            state = reply.value("check")["state"]
            places = places_of(reply.body, STATE_NAMES, of=str)
            for name, body in words_elsewhere(reply.body, places):
                with case(reply.name, name, body):
                    assert self.checked(body).state == state

    # ---- Structure ------------------------------------------------------------------------

    @pytest.mark.usefixtures("built_once")
    def test_a_reply_that_is_nested_or_quoted_says_the_same(self) -> None:
        for reply in chain(self.films(), self.filmless()):
            plain = gist(self.checked(reply.content))
            around = {parent(place) for place in places_of(reply.body, STATE_NAMES, of=str)[:1]}
            for place in {(), *around}:
                for name, body in nestings(reply.body, place):
                    with case(reply.name, name, body):
                        assert gist(self.checked(body)) == plain

    @pytest.mark.usefixtures("built_once")
    def test_results_in_another_type_are_the_same_results(self) -> None:
        for reply in self.films():
            plain = gist(self.checked(reply.content))
            for name, body in other_types(reply.body, places_like(reply.body, film_links(reply))):
                with case(reply.name, name, body):
                    assert gist(self.checked(body)) == plain

    @pytest.mark.usefixtures("built_once")
    def test_a_film_is_found_under_a_neighbouring_member(self) -> None:
        for reply in self.films():
            bare, around = finished_without_links(reply.body)
            for name, elsewhere in results_elsewhere(SIGNED):
                with case(reply.name, name):
                    report = self.checked(put(bare, around, {**get(bare, around), **elsewhere}))
                    assert (report.state, films_of(report)) == (RemoteState.SUCCEEDED, [SIGNED])
            named = {name: f"https://cdn.example/{name}" for name in ROLES}
            report = self.checked(put(bare, around, {**get(bare, around), "result": [named]}))
            roles = {result.url: result.role for result in report.results}
            assert roles == {named[name]: role for name, role in ROLES.items()}

    @pytest.mark.usefixtures("built_once")
    def test_a_success_without_a_film_is_told_and_what_repeats_the_order_is_none(self) -> None:
        for reply in self.films():
            bare, around = finished_without_links(reply.body)
            for echo in ({}, *ECHOES_OF_THE_ORDER):
                with case(reply.name, echo):
                    report = self.checked(put(bare, around, {**get(bare, around), **echo}))
                    assert (report.state, report.state_word) == (RemoteState.SUCCEEDED, "Success")
                    assert not report.results
        for reply in self.filmless():
            for echo in ECHOES_OF_THE_ORDER:
                with case(reply.name, echo):
                    report = self.checked({**reply.body, **echo})
                    assert report.state == reply.value("check")["state"]
                    assert not report.results

    @pytest.mark.usefixtures("built_once")
    def test_a_link_is_read_as_a_browser_would_and_kept_byte_for_byte(self) -> None:
        for reply in self.films():
            places = places_like(reply.body, film_links(reply))
            for link in links_by_hand(SIGNED):
                with case(reply.name, link):
                    report = self.checked(put_all(reply.body, places, link))
                    assert report.state is RemoteState.SUCCEEDED
                    assert {browsed(url) for url in films_of(report)} == {SIGNED}

    def test_a_film_is_kept_whatever_comes_of_asking_for_what_it_lacks(self) -> None:
        elsewhere = (
            *(httpx.ReadTimeout("late"), httpx.Response(404, text="no page")),
            *(httpx.Response(401, json={"code": 401, "message": "no"}), httpx.Response(500)),
            httpx.Response(200, json={"id": "another", "status": "failed", "video_url": None}),
        )
        for reply in self.films():
            plain = self.checked(reply.content)
            for answer in elsewhere:
                with case(reply.name, answer):
                    flow = self.provider.check(
                        self.access, self.remote_id, wanted=("watermarked", "audio")
                    )
                    report = value_then(flow, reply.response(), answer)
                    assert gist(report) == gist(plain)

    # ---- Ids ------------------------------------------------------------------------------

    def test_a_task_of_any_id_is_asked_for_at_its_own_address(self) -> None:
        def assert_asked(remote_id: str) -> None:
            for call in {"check", "cancel", "film"} & {*self.questions}:
                for options in (None, *self.elsewhere):
                    with case(call, remote_id, options):
                        ours = self.addresses(call, self.remote_id, options)
                        strange = self.addresses(call, remote_id, options)
                        assert strange == [
                            [remote_id if part == self.remote_id else part for part in address]
                            for address in ours
                        ]

        for remote_id in ODD_IDS:
            assert_asked(remote_id)
        settings(deadline=None, max_examples=40)(given(IDS.map(str.strip))(assert_asked))()

    def addresses(
        self, call: str, remote_id: str, options: Mapping[str, str] | None
    ) -> list[list[str]]:
        """Each address that a call asks for, as a server takes it apart."""
        flow = self.flow(call, remote_id=remote_id, options=options)
        asked, page = [next(flow)], httpx.Response(404, text="no page")
        try:
            while len(asked) < 10:
                asked.append(flow.send(page))
        except ProviderError:
            pass
        return [taken_apart(request) for request in asked]

    @pytest.mark.usefixtures("built_once")
    def test_the_provider_s_list_has_any_ids(self) -> None:
        for reply, call in self.successes():
            if call != "find" or not (rows := reply.expected[call]["value"]):
                continue
            places = [places_like(reply.body, {row["remote_id"]})[0] for row in rows]
            for remote_id in ODD_IDS:
                with case(reply.name, remote_id):
                    body = put(reply.body, places[0], remote_id)
                    listings = self.outcome(call, httpx.Response(200, content=encoded(body)))
                    assert [listing.remote_id for listing in listings] == [
                        remote_id,
                        *(row["remote_id"] for row in rows[1:]),
                    ]

    @pytest.mark.usefixtures("built_once")
    def test_a_film_s_tree_has_any_ids(self) -> None:
        for reply, call in self.successes():
            if call != "film" or not (shots := reply.value(call).get("shots")):
                continue
            ours = {shots[0]["records"][0]["remote_id"]}
            (place,) = [at for at in places_like(reply.body, ours) if at[-1] == "id"]
            for remote_id in ODD_IDS:
                with case(reply.name, remote_id):
                    body = put(reply.body, place, remote_id)
                    film = self.outcome(call, httpx.Response(200, content=encoded(body)))
                    assert remote_id in [record.remote_id for record in film.shots[0].records]

    def test_a_callback_names_any_id_and_is_read_twice(self) -> None:
        def assert_named(remote_id: str) -> None:
            with case(remote_id):
                content = encoded(self.callback_body(remote_id, "Half Done"))
                reading = self.callback(content)
                assert (reading.remote_id, reading.state_word) == (remote_id, "Half Done")

        for remote_id in ODD_IDS:
            assert_named(remote_id)
        settings(deadline=None, max_examples=40)(given(IDS.map(str.strip))(assert_named))()
        for name, content in stray(self.callback_body(self.remote_id, "success")):
            with case(name):
                reading = self.callback(content)
                assert (reading.remote_id, reading.state_word) == (self.remote_id, "success")

    # ---- Errors ---------------------------------------------------------------------------

    @pytest.mark.usefixtures("built_once")
    def test_a_failure_s_word_means_the_same_inside_its_sentence(self) -> None:
        for reply, call in self.successes():
            value = reply.value(call)
            if call != "check" or not value.get("message") or not value.get("code"):
                continue
            plain = self.checked(reply.content)
            if plain.reason in {None, Reason.OTHER}:
                continue
            word = value["code"]
            codes = [
                place
                for place in places_of(reply.body, CODE_NAMES, of=str)
                if get(reply.body, place) == word
            ]
            quiet = put_all(reply.body, codes, "")
            for sentence in (f"failed: {word} (request id: 7)", f"任务失败:{word.upper()}。", word):
                with case(reply.name, sentence):
                    places = places_like(quiet, {value["message"]})
                    report = self.checked(put_all(quiet, places, sentence))
                    assert (report.state, report.reason) == (plain.state, plain.reason)
                    assert report.code.casefold() == word.casefold()

    def test_a_question_that_is_met_by_a_page_is_asked_again(self) -> None:
        for call in self.questions:
            for status in (200, 400, 401, 402, 403, 404, 407, 429, 500, 502, 503, 521):
                for name, content in PAGES.items():
                    if call == "cancel" and status == 200 and content[:1] in {b"", b"{"}:
                        continue  # an empty body or an object may be a success (2.8)
                    with case(call, status, name):
                        outcome = self.outcome(call, httpx.Response(status, content=content))
                        assert type(outcome) is Unavailable
                        assert outcome.reason is Reason.GATEWAY or status not in GATEWAYS

    def test_a_question_that_is_sent_elsewhere_is_asked_again(self) -> None:
        for call in self.questions:
            for status in REDIRECTS:
                with case(call, status):
                    location = f"https://elsewhere.example/?{self.access.key}"
                    headers = {"Location": location}
                    outcome = self.outcome(call, httpx.Response(status, headers=headers))
                    assert type(outcome) is Unavailable
                    assert outcome.reason is Reason.REDIRECTED
                    assert "https://elsewhere.example/" in outcome.message
                    assert self.access.key not in outcome.message

    # ---- Any two changes ------------------------------------------------------------------

    @pytest.mark.usefixtures("built_once")
    def test_any_two_changes_leave_the_film_or_are_told(self) -> None:
        films = [*self.films()]

        @settings(deadline=None, max_examples=150)
        @given(
            reply=some.sampled_from(films),
            first=some.sampled_from(MUTATIONS),
            second=some.sampled_from(STRUCTURES),
            dice=some.randoms(use_true_random=False),
        )
        def assert_taken(reply: Recorded, first: Any, second: Any, dice: Any) -> None:
            changed, gone = first(reply.body, dice)
            if isinstance(changed, dict):
                changed, more = second(changed, dice)
                gone |= more
            content = dice.choice([*stray_or_plain(changed)])
            outcome = self.outcome("check", httpx.Response(200, content=content))
            assert gone & ERROR_NAMES or not isinstance(outcome, Refused | Unauthorised)
            places = places_like(reply.body, film_links(reply))
            kept = {name for place in places for name in names(place)[-1:]}
            if not gone & {*kept, *STATE_NAMES, *ERROR_NAMES}:
                assert outcome.state is RemoteState.SUCCEEDED
                assert {*films_of(outcome)} == {*film_links(reply)}

        assert_taken()


def films_of(report: Report) -> list[str]:
    return [result.url for result in report.results if result.role == "video"]


def gist(report: Report) -> Any:
    """State, cost and links of a report."""
    links = [(result.role, result.url) for result in report.results]
    return report.state, report.state_word, report.cost, links


def browsed(url: str) -> str:
    """An address with its scheme in small letters, as a browser shows it."""
    scheme, colon, rest = url.partition(":")
    return scheme.lower() + colon + rest


def taken_apart(request: httpx.Request) -> list[str]:
    """Method, host, the parts of the path and of the query, and what the body says."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return [
        *(request.method, request.url.scheme, request.url.host, *map(unquote, path.split("/"))),
        *(part for pair in parse_qsl(query, keep_blank_values=True) for part in pair),
        *(json.loads(request.content).values() if request.content else ()),
    ]


def words_elsewhere(body: Any, places: Any) -> Iterator[tuple[str, Any]]:
    """The word of state under another name, or in another object."""
    word, around = get(body, places[0]), parent(places[0])
    bare = put_all(body, places, REMOVED)
    for name in STATE_NAMES:
        yield name, put(bare, around, {**get(bare, around), name: word})
    for name in CONTAINERS:
        there = bare.get(name)
        inner = {**there, "status": word} if isinstance(there, dict) else {"status": word}
        yield f"{name}.status", {**bare, name: inner}


def other_types(body: Any, places: Any) -> Iterator[tuple[str, Any]]:
    """Each object or list around a result in another type."""
    around = {place[:length] for place in places for length in range(1, len(place))}
    for place in sorted(around, key=len):
        value = get(body, place)
        if isinstance(value, str) or place[-1] == INSIDE:
            continue
        yield f"{place} as text", put(body, place, json.dumps(value))
        yield f"{place} in a list", put(body, place, [value])
        if isinstance(value, list) and len(value) == 1:
            yield f"{place} alone", put(body, place, value[0])


def finished_without_links(body: Any) -> tuple[Any, Place]:
    """A success without any link, and the place of the object that has its word of state."""
    links = [
        place
        for place, member in members(body)
        if isinstance(member, str) and member.startswith("http")
    ]
    bare = put_all(body, links, REMOVED)
    states = places_of(bare, STATE_NAMES, of=str)
    return put_all(bare, states, "Success"), parent(states[0])

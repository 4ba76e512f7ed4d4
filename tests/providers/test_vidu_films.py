"""Vidu's ad films, told by the contract's sections 2.13 and 2.14."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers import provider
from generations.providers.contract import (
    Access,
    FilmCut,
    FilmPart,
    FilmRecord,
    FilmReport,
    Order,
    Picture,
    Refused,
    State,
)
from generations.providers.vidu.adapter import Vidu

from .contract_suite import AdapterSuite
from .driver import first_request, value_of
from .recorded import Recorded, recorded
from .test_vidu import ACCESS, NUMBER

QUESTIONS = ("check", "cancel", "balance", "test", "find", "film")
FILM = "891100896237203456"
BRIEF = Order(
    kind="ad-one-click",
    model="one-click",
    prompt="Aurel, salt and amber",
    duration=15,
    aspect_ratio="9:16",
    images=(Picture(800, 600, 90_000, address="https://app.example/bottle.png"),),
    options={"language": "en"},
    reference="attempt-18",
    callback_url="https://app.example/callbacks/vidu/9f1c",
)
EDIT = Order(
    kind="ad-footage",
    model="footage",
    prompt="A walk in the evening",
    reference="attempt-19",
    callback_url="https://app.example/callbacks/vidu/9f1c",
    part=FilmPart(FILM, shot=1),
)
CUT = Order(
    kind="ad-compose",
    model="compose",
    prompt="",
    reference="attempt-20",
    callback_url="https://app.example/callbacks/vidu/9f1c",
    part=FilmPart(FILM, takes=("11", "12"), narration="21", music="31"),
)


class FilmSuite(AdapterSuite):
    """One of the film's creates; the questions are those of every task, and the tree's."""

    provider = Vidu()
    access = ACCESS
    number = NUMBER
    questions = QUESTIONS
    folder: str

    def replies(self) -> Sequence[Recorded]:
        return recorded(self.folder)


class TestBrief(FilmSuite):
    order = BRIEF
    folder = "vidu_film"


class TestEdit(FilmSuite):
    order = EDIT
    folder = "vidu_edit"


class TestCompose(FilmSuite):
    order = CUT
    folder = "vidu_compose"


class TestTree(AdapterSuite):
    provider = Vidu()
    access = ACCESS
    number = NUMBER
    order = BRIEF
    questions = QUESTIONS

    def replies(self) -> Sequence[Recorded]:
        return [reply for reply in recorded("vidu") if "film" in reply.expected]

    def assert_safe(self, call: str, outcome: Any, about: Any, *, taken: bool = True) -> None:
        """Whatever comes, what is read has a number, and a success has its link."""
        super().assert_safe(call, outcome, about, taken=taken)
        if isinstance(outcome, FilmReport):
            for read in records(outcome):
                assert read.number, about
                assert read.state is not State.SUCCEEDED or read.url, about


def records(film: FilmReport) -> Iterator[FilmRecord | FilmCut]:
    for shot in film.shots:
        yield from shot.records
    yield from film.narrations
    yield from film.musics
    yield from film.cuts


def sent(order: Order) -> dict[str, object]:
    body: dict[str, object] = msgspec.json.decode(
        first_request(Vidu().submit(ACCESS, order)).content
    )
    return body


@pytest.mark.parametrize(
    ("order", "path", "content"),
    [
        (
            BRIEF,
            "/ent/v2/ad-one-click",
            b'{"images":["https://app.example/bottle.png"],"prompt":"Aurel, salt and amber",'
            b'"duration":15,"aspect_ratio":"9:16","language":"en",'
            b'"callback_url":"https://app.example/callbacks/vidu/9f1c"}',
        ),
        (
            EDIT,
            "/ent/v2/ad-one-click/edit",
            b'{"ad_one_click_task_id":"891100896237203456","type":"generate_video",'
            b'"storyboard_video_index":1,"prompt":"A walk in the evening","payload":"attempt-19",'
            b'"callback_url":"https://app.example/callbacks/vidu/9f1c"}',
        ),
        (
            CUT,
            "/ent/v2/ad-one-click/compose",
            b'{"ad_one_click_task_id":"891100896237203456","video_task_ids":["11","12"],'
            b'"bgm_task_id":"31","narration_task_id":"21","payload":"attempt-20",'
            b'"callback_url":"https://app.example/callbacks/vidu/9f1c"}',
        ),
    ],
    ids=["brief", "edit", "compose"],
)
def test_each_create_is_sent_byte_for_byte_as_the_documents_say(
    order: Order, path: str, content: bytes
) -> None:
    request = first_request(Vidu().submit(ACCESS, order))
    assert (request.method, str(request.url)) == ("POST", f"https://api.vidu.com{path}")
    assert request.headers["Authorization"] == "Token vda_test_secret/0001"
    assert request.content == content


def test_the_tree_is_asked_for_where_the_documents_say() -> None:
    request = first_request(Vidu().film(ACCESS, FILM))
    assert (request.method, request.content) == ("GET", b"")
    assert str(request.url) == f"https://api.vidu.com/ent/v2/ad-one-click/{FILM}"


def test_a_brief_says_only_what_was_said() -> None:
    bare = Order(kind="ad-one-click", model="one-click", prompt="", images=BRIEF.images)
    assert sent(bare) == {"images": ["https://app.example/bottle.png"]}


@pytest.mark.parametrize(
    ("kind", "word"), [("ad-narration", "generate_narration"), ("ad-music", "generate_bgm")]
)
def test_narration_and_music_are_made_anew_without_a_shot(kind: str, word: str) -> None:
    body = sent(replace(EDIT, kind=kind))
    assert body["type"] == word
    assert "storyboard_video_index" not in body


def test_the_first_shot_has_the_index_zero() -> None:
    assert sent(replace(EDIT, part=FilmPart(FILM, shot=0)))["storyboard_video_index"] == 0


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(EDIT, part=None), "film_required"),
        (replace(EDIT, part=FilmPart("", shot=1)), "film_required"),
        (replace(EDIT, part=FilmPart(FILM)), "shot_required"),
        (replace(EDIT, part=FilmPart(FILM, shot=-1)), "shot_required"),
        (replace(EDIT, prompt=" "), "prompt_required"),
        (replace(CUT, part=None), "film_required"),
        (replace(CUT, part=FilmPart(FILM, narration="21", music="31")), "takes_required"),
        (replace(CUT, part=FilmPart(FILM, takes=("11",), music="31")), "number_invalid"),
        (replace(CUT, part=FilmPart(FILM, takes=("11",), narration="21")), "number_invalid"),
        (
            replace(CUT, part=FilmPart(FILM, takes=("11", ""), narration="21", music="31")),
            "number_invalid",
        ),
    ],
)
def test_what_could_not_be_understood_is_refused_unsent(order: Order, code: str) -> None:
    with pytest.raises(Refused, match=code):
        first_request(Vidu().submit(ACCESS, order))


def test_a_tree_of_a_number_that_vidu_never_gave_is_not_asked_for() -> None:
    with pytest.raises(Refused, match="number_invalid"):
        first_request(Vidu().film(ACCESS, "../tasks"))


def test_only_the_brief_has_no_reference_that_comes_back() -> None:
    vidu = provider("vidu")
    assert not vidu.echoes_reference("ad-one-click")
    assert vidu.echoes_reference("ad-footage")
    assert vidu.echoes_reference("text2video")


def test_a_long_prompt_of_a_record_is_read_whole() -> None:
    record = {"id": "5", "state": "processing", "prompt": "x" * 9_000}
    tree = {"id": FILM, "state": "success", "data_records": {"narration_records": [record]}}
    film = value_of(Vidu().film(Access("https://x", "k"), FILM), httpx.Response(200, json=tree))
    assert film.narrations[0].prompt == "x" * 9_000

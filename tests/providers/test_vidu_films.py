"""Vidu's ad films (docs/wire.md, 2.13 and 2.14)."""

from collections.abc import Sequence
from dataclasses import replace

import httpx
import msgspec
import pytest

from generations.providers import provider
from generations.providers.contract import Access, FilmEdit, Order, Picture, Refused
from generations.providers.vidu.adapter import Vidu

from .contract_suite import CreateSuite
from .driver import first_request, value_of
from .recorded import Recorded, recorded
from .test_vidu import ACCESS, REMOTE_ID

FILM = "891100896237203456"
BRIEF = Order(
    kind="film",
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
    kind="shot_take",
    model="footage",
    prompt="A walk in the evening",
    reference="attempt-19",
    callback_url="https://app.example/callbacks/vidu/9f1c",
    film_edit=FilmEdit(FILM, shot_index=1),
)
CUT = Order(
    kind="film_cut",
    model="compose",
    prompt="",
    reference="attempt-20",
    callback_url="https://app.example/callbacks/vidu/9f1c",
    film_edit=FilmEdit(
        FILM, take_remote_ids=("11", "12"), narration_remote_id="21", music_remote_id="31"
    ),
)


class FilmSuite(CreateSuite):
    """One of the film's creates; ``TestVidu`` asks the questions, and reads the tree."""

    provider = Vidu()
    access = ACCESS
    remote_id = REMOTE_ID
    owners = frozenset({"ad_one_click_task_id"})
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
    bare = Order(kind="film", model="one-click", prompt="", images=BRIEF.images)
    assert sent(bare) == {"images": ["https://app.example/bottle.png"]}


@pytest.mark.parametrize(
    ("kind", "word"), [("narration_take", "generate_narration"), ("music_take", "generate_bgm")]
)
def test_narration_and_music_are_made_anew_without_a_shot(kind: str, word: str) -> None:
    body = sent(replace(EDIT, kind=kind))
    assert body["type"] == word
    assert "storyboard_video_index" not in body


def test_the_first_shot_has_the_index_zero() -> None:
    assert (
        sent(replace(EDIT, film_edit=FilmEdit(FILM, shot_index=0)))["storyboard_video_index"] == 0
    )


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(EDIT, film_edit=None), "film_required"),
        (replace(EDIT, film_edit=FilmEdit("", shot_index=1)), "film_required"),
        (replace(EDIT, film_edit=FilmEdit(FILM)), "shot_required"),
        (replace(EDIT, film_edit=FilmEdit(FILM, shot_index=-1)), "shot_required"),
        (replace(EDIT, prompt=" "), "prompt_required"),
        (replace(CUT, film_edit=None), "film_required"),
        (
            replace(CUT, film_edit=FilmEdit(FILM, narration_remote_id="21", music_remote_id="31")),
            "takes_required",
        ),
        (
            replace(CUT, film_edit=FilmEdit(FILM, take_remote_ids=("11",), music_remote_id="31")),
            "remote_id_invalid",
        ),
        (
            replace(
                CUT, film_edit=FilmEdit(FILM, take_remote_ids=("11",), narration_remote_id="21")
            ),
            "remote_id_invalid",
        ),
        (
            replace(
                CUT,
                film_edit=FilmEdit(
                    FILM, take_remote_ids=("11", ""), narration_remote_id="21", music_remote_id="31"
                ),
            ),
            "remote_id_invalid",
        ),
    ],
)
def test_what_could_not_be_understood_is_refused_unsent(order: Order, code: str) -> None:
    with pytest.raises(Refused, match=code):
        first_request(Vidu().submit(ACCESS, order))


def test_a_tree_of_an_id_that_vidu_never_gave_is_not_asked_for() -> None:
    with pytest.raises(Refused, match="remote_id_invalid"):
        first_request(Vidu().film(ACCESS, ".."))


def test_only_the_brief_has_no_reference_that_comes_back() -> None:
    vidu = provider("vidu")
    assert not vidu.echoes_reference("film")
    assert vidu.echoes_reference("shot_take")
    assert vidu.echoes_reference("text_to_video")


def test_a_long_prompt_of_a_record_is_read_whole() -> None:
    record = {"id": "5", "state": "processing", "prompt": "x" * 9_000}
    tree = {"id": FILM, "state": "success", "data_records": {"narration_records": [record]}}
    film = value_of(Vidu().film(Access("https://x", "k"), FILM), httpx.Response(200, json=tree))
    assert film.narrations[0].prompt == "x" * 9_000


# ---- A tree that is other than documented ---------------------------------------------------

WORD = "CreationPolicyViolation"
FAILED = {"id": "7", "state": "failed"}
MADE = {"id": "7", "state": "success", "creation_url": "https://cdn.example/7.mp4"}


def tree(record: object, **shot: object) -> dict[str, object]:
    shots = [{"stroyboard_id": 1, "records": [record]} | shot]
    return {"id": FILM, "state": "success", "data_records": {"storyboards": shots}}


@pytest.mark.parametrize(
    "said",
    [
        *({"error": f"failed: {WORD}"}, {"failReason": WORD}, {"err_code": "", "message": WORD}),
        {"err_code": "Unknown", "err_msg": f"上游返回{WORD}错误"},
    ],
)
def test_why_a_take_failed_is_found_in_any_member(said: dict[str, str]) -> None:
    film = value_of(Vidu().film(ACCESS, FILM), httpx.Response(200, json=tree(FAILED | said)))
    assert film.shots[0].records[0].code == WORD


@pytest.mark.parametrize(
    "body",
    [
        *({"result": tree(MADE)}, {"code": 0, "data": {"task": tree(MADE)}}),
        tree(MADE, records={"2": MADE}),
        tree(MADE, stroyboard_id=None, storyboardId="1"),
        tree({**MADE, "id": None, "taskID": "7"}),
    ],
)
def test_a_tree_that_is_wrapped_or_spelled_otherwise_is_the_same(body: object) -> None:
    film = value_of(Vidu().film(ACCESS, FILM), httpx.Response(200, json=body))
    (shot,) = film.shots
    told = [(record.remote_id, record.url) for record in shot.records]
    assert (shot.index, told) == (1, [("7", "https://cdn.example/7.mp4")])


def test_the_takes_of_a_cut_may_be_named_in_one_text() -> None:
    cut = {**MADE, "params": {"video_task_ids": "7, 8"}}
    body = tree(MADE)
    body["data_records"] = {"completed_creation_records": [cut]}
    film = value_of(Vidu().film(ACCESS, FILM), httpx.Response(200, json=body))
    assert film.cuts[0].take_remote_ids == ["7", "8"]

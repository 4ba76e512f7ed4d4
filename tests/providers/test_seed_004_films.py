"""Seed 004, Vidu's ad film: every field of its five calls, as it is sent and as it is read."""

from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers.catalogue import Offer, catalogue
from generations.providers.contract import (
    Access,
    CallbackRequest,
    FilmEdit,
    FilmReport,
    Order,
    Picture,
    Receipt,
    RemoteState,
    Report,
)
from generations.providers.vidu.adapter import Vidu

from .driver import first_request, value_of

ACCESS = Access("https://api.vidu.com", "your_api_key")
FILM, NEW = "891100896237203456", "891101095923822598"
PICTURE = Picture(800, 600, 90_000, address="https://app.example/p.png")
BRIEF = Order(kind="film", model="one-click", prompt="", images=[PICTURE])
EDIT = Order(kind="shot_take", model="footage", prompt="p", film_edit=FilmEdit(FILM, shot_index=0))
CUT = Order(
    kind="film_cut",
    model="compose",
    prompt="",
    film_edit=FilmEdit(
        FILM, take_remote_ids=("1", "2"), narration_remote_id="3", music_remote_id="4"
    ),
)
STATES = [
    ("created", RemoteState.QUEUED),
    ("queueing", RemoteState.QUEUED),
    ("processing", RemoteState.RUNNING),
    ("success", RemoteState.SUCCEEDED),
    ("failed", RemoteState.FAILED),
]

# The replies as they stand there, with the slips of their JSON put right.
CREATED: dict[str, Any] = {
    "task_id": FILM,
    "state": "created",
    "images": ["https://prod-ss-images.s3.com-northwest-1.amazonaws.com.com/image2video.png"],
    "prompt": "",
    "duration": 15,
    "aspect_ratio": "16:9",
    "language": "en",
    "credits": 400,
}
CREATIONS: dict[str, Any] = {
    "id": FILM,
    "state": "success",
    "err_code": "",
    "credits": 400,
    "payload": "",
    "creations": [
        {
            "id": "your_creations_id",
            "url": "https://x/url",
            "cover_url": "https://x/cover_url",
            "watermarked_url": "https://x/watermarked_url",
        }
    ],
    "progress": 90,
}
EDITED = {
    "ad_one_click_task_id": FILM,
    "sub_task_id": NEW,
    "state": "success",
    "err_code": "",
    "credits": 400,
}
COMPOSED = {
    "ad_one_click_task_id": FILM,
    "compose_sub_task_id": NEW,
    "state": "success",
    "credits": 400,
}


def record(number: int) -> dict[str, Any]:
    return {
        "id": f"89110109592382259{number}",
        "type": "generate_video",
        "prompt": f"prompt {number}",
        "creation_url": f"https://x/{number}",
        "state": "success",
        "err_code": "",
    }


DETAIL: dict[str, Any] = {
    "id": FILM,
    "err_code": "",
    "state": "success",
    "data_records": {
        "storyboards": [
            {"stroyboard_id": 0, "records": [record(2), record(3)]},
            {"stroyboard_id": 1, "records": [record(4)]},
            {"stroyboard_id": 2, "records": [record(5)]},
        ],
        "narration_records": [record(6)],
        "bgm_records": [record(7)],
        "completed_creation_records": [
            {
                "id": "891100914109132807",
                "state": "success",
                "params": {
                    "video_task_ids": [record(n)["id"] for n in (2, 3, 4, 5)],
                    "bgm_task_id": record(7)["id"],
                    "narration_task_id": record(6)["id"],
                },
                "creation_url": "https://x/f",
                "err_code": "",
            }
        ],
    },
}


def sent(order: Order) -> str:
    return first_request(Vidu().submit(ACCESS, order)).content.decode()


def receipt(order: Order, body: dict[str, Any]) -> Receipt:
    return value_of(Vidu().submit(ACCESS, order), httpx.Response(200, json=body))


def report(**changed: Any) -> Report:
    answer = httpx.Response(200, json={**CREATIONS, **changed})
    return value_of(Vidu().check(ACCESS, FILM), answer)


def tree(detail: dict[str, Any]) -> FilmReport:
    return value_of(Vidu().film(ACCESS, FILM), httpx.Response(200, json=detail))


def first_of(**changed: Any) -> dict[str, Any]:
    """The detail whose first record has other members."""
    shot = {"stroyboard_id": 0, "records": [{**record(2), **changed}]}
    return {**DETAIL, "data_records": {"storyboards": [shot]}}


def offered() -> Offer:
    offer = catalogue("vidu").offer("film", "one-click")
    assert offer is not None
    return offer


def problems(**members: Any) -> list[tuple[str, str]]:
    found = offered().problems(replace(BRIEF, **members))
    return [(problem.field, problem.code) for problem in found]


# ---- POST /ent/v2/ad-one-click --------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "path"),
    [(BRIEF, ""), (EDIT, "/edit"), (CUT, "/compose")],
    ids=["create", "edit", "compose"],
)
def test_seed_004_names_method_path_and_headers(order: Order, path: str) -> None:
    request = first_request(Vidu().submit(ACCESS, order))
    expected = ("POST", f"https://api.vidu.com/ent/v2/ad-one-click{path}")
    assert (request.method, str(request.url)) == expected
    assert (b"Content-Type", b"application/json") in request.headers.raw
    assert (b"Authorization", b"Token your_api_key") in request.headers.raw


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"images": [PICTURE, PICTURE]}, '"images":["https://app.example/p.png","https://app.e'),
        ({"prompt": "盐与琥珀"}, '"prompt":"盐与琥珀"'),
        ({"duration": 60}, '"duration":60'),
        ({"aspect_ratio": "1:1"}, '"aspect_ratio":"1:1"'),
        ({"options": {"language": "en"}}, '"language":"en"'),
        ({"callback_url": "https://a/c"}, '"callback_url":"https://a/c"'),
    ],
    ids=["images", "prompt", "duration", "aspect_ratio", "language", "callback_url"],
)
def test_seed_004_create_sends_the_field(said: dict[str, Any], expected: str) -> None:
    assert expected in sent(replace(BRIEF, **said))


def test_seed_004_create_has_no_model_and_no_payload() -> None:
    body = msgspec.json.decode(sent(replace(BRIEF, reference="attempt-18", resolution="720p")))
    assert body == {"images": ["https://app.example/p.png"]}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"images": [PICTURE] * 7, "prompt": "x" * 2000, "duration": 10}, []),
        ({"images": []}, [("images", "count")]),
        ({"images": [PICTURE] * 8}, [("images", "count")]),
        ({"images": [replace(PICTURE, width=2401)]}, [("images", "ratio")]),
        ({"images": [replace(PICTURE, height=3201)]}, [("images", "ratio")]),
        ({"images": [replace(PICTURE, size=50 * 1024**2 + 1)]}, [("images", "large")]),
        ({"prompt": "x" * 2001}, [("prompt", "too_long")]),
        ({"duration": 9}, [("duration", "range")]),
        ({"duration": 61}, [("duration", "range")]),
        ({"aspect_ratio": "4:3"}, [("aspect_ratio", "choice")]),
        ({"options": {"language": "fr"}}, [("language", "choice")]),
        ({"resolution": "720p"}, [("resolution", "unwanted")]),
        ({"seed": 7}, [("seed", "unwanted")]),
    ],
)
def test_seed_004_create_limits_the_field(
    said: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    assert problems(**said) == wrong


def test_seed_004_create_has_the_defaults_and_no_price() -> None:
    offer = offered()
    language = offer.option("language")
    assert language is not None
    assert (offer.duration, offer.aspect_ratio, language.default) == (15, "16:9", "zh")
    assert (offer.durations[0], offer.durations[-1]) == (10, 60)
    assert offer.aspect_ratios == ("16:9", "9:16", "1:1")
    assert language.choices == ("zh", "en")
    assert offer.estimate(BRIEF) is None


def test_seed_004_create_reply_is_read_and_its_echoes_are_kept() -> None:
    read = receipt(BRIEF, CREATED)
    assert (read.remote_id, read.state, read.cost) == (FILM, RemoteState.QUEUED, 400)
    kept = msgspec.json.decode(read.raw)
    for echo in ("images", "prompt", "duration", "aspect_ratio", "language"):
        assert kept[echo] == CREATED[echo]


@pytest.mark.parametrize(("word", "state"), STATES)
def test_seed_004_reads_each_state_of_a_create(word: str, state: RemoteState) -> None:
    """A success has no links yet, so it is asked for."""
    expected = RemoteState.RUNNING if state is RemoteState.SUCCEEDED else state
    assert receipt(BRIEF, {**CREATED, "state": word}).state is expected
    assert receipt(EDIT, {**EDITED, "state": word}).state is expected
    assert receipt(CUT, {**COMPOSED, "state": word}).state is expected


# ---- GET /ent/v2/tasks/{id}/creations -------------------------------------------------------


def test_seed_004_asks_for_a_task_by_either_id() -> None:
    for remote_id in (FILM, NEW):
        request = first_request(Vidu().check(ACCESS, remote_id))
        assert request.method == "GET"
        assert str(request.url) == f"https://api.vidu.com/ent/v2/tasks/{remote_id}/creations"


@pytest.mark.parametrize(("word", "state"), STATES)
def test_seed_004_reads_each_state_of_a_task(word: str, state: RemoteState) -> None:
    read = report(state=word, creations=[])
    assert (read.state, read.state_word) == (state, word)


def test_seed_004_reads_the_fields_of_a_task() -> None:
    read = report(payload="attempt-19", state="failed", err_code="CreationPolicyViolation")
    assert (read.cost, read.progress, read.reference) == (400, 90, "attempt-19")
    assert read.code == "CreationPolicyViolation"


def test_seed_004_keeps_what_a_task_echoes() -> None:
    kept = msgspec.json.decode(report(bgm=False, off_peak=True).raw)
    assert (kept["id"], kept["bgm"], kept["off_peak"]) == (FILM, False, True)


def test_seed_004_reads_the_links_of_a_creation() -> None:
    assert [(each.role, each.url, each.remote_id) for each in report().results] == [
        ("video", "https://x/url", "your_creations_id"),
        ("cover", "https://x/cover_url", "your_creations_id"),
        ("watermarked", "https://x/watermarked_url", "your_creations_id"),
    ]


def test_seed_004_says_that_links_live_an_hour() -> None:
    assert catalogue("vidu").link_life == 3600


# ---- GET /ent/v2/ad-one-click/{id} ----------------------------------------------------------


def test_seed_004_asks_for_the_tree() -> None:
    request = first_request(Vidu().film(ACCESS, FILM))
    assert request.method == "GET"
    assert str(request.url) == f"https://api.vidu.com/ent/v2/ad-one-click/{FILM}"


def test_seed_004_detail_is_read_as_its_example_shows_it() -> None:
    read = tree(DETAIL)
    assert (read.state, read.state_word, read.code, read.unreadable_count) == (
        RemoteState.SUCCEEDED,
        "success",
        "",
        0,
    )
    numbers = [[take.remote_id[-1] for take in shot.records] for shot in read.shots]
    assert ([shot.index for shot in read.shots], numbers) == ([0, 1, 2], [["2", "3"], ["4"], ["5"]])
    assert [take.prompt for take in read.narrations] == ["prompt 6"]
    assert [take.prompt for take in read.musics] == ["prompt 7"]
    (cut,) = read.cuts
    assert (cut.remote_id, cut.state, cut.url) == (
        "891100914109132807",
        RemoteState.SUCCEEDED,
        "https://x/f",
    )


def test_seed_004_detail_names_what_a_cut_was_made_of_whatever_its_count() -> None:
    (cut,) = tree(DETAIL).cuts
    assert [take[-1] for take in cut.take_remote_ids] == ["2", "3", "4", "5"]
    assert (cut.narration_remote_id[-1], cut.music_remote_id[-1]) == ("6", "7")


def test_seed_004_detail_tells_errors() -> None:
    failed = {"state": "failed", "err_code": "CreationPolicyViolation", "creation_url": ""}
    (shot,) = tree(first_of(**failed)).shots
    assert (shot.records[0].state, shot.records[0].code) == (
        RemoteState.FAILED,
        "CreationPolicyViolation",
    )
    read = tree({**DETAIL, "state": "failed", "err_code": "Canceled"})
    assert (read.state, read.code) == (RemoteState.FAILED, "Canceled")
    cut = {**DETAIL["data_records"]["completed_creation_records"][0], **failed}
    read = tree({**DETAIL, "data_records": {"completed_creation_records": [cut]}})
    assert (read.cuts[0].state, read.cuts[0].code) == (
        RemoteState.FAILED,
        "CreationPolicyViolation",
    )


@pytest.mark.parametrize(("word", "state"), STATES)
def test_seed_004_reads_each_state_of_a_record(word: str, state: RemoteState) -> None:
    (shot,) = tree(first_of(state=word, creation_url="")).shots
    (take,) = shot.records
    waiting = RemoteState.RUNNING if state is RemoteState.SUCCEEDED else state
    assert (take.state, take.state_word, take.url) == (waiting, word, "")
    (shot,) = tree(first_of(state=word)).shots
    (take,) = shot.records
    taken_in = state if state is RemoteState.FAILED else RemoteState.SUCCEEDED
    assert (take.state, take.state_word, take.url) == (taken_in, word, "https://x/2")


@pytest.mark.parametrize("said", ["generate_video", "generate_narration", "generate_bgm", None])
def test_seed_004_type_of_a_record_does_not_tell_what_it_is(said: str | None) -> None:
    """Its own example calls narration and music generate_video: the list decides."""
    read = tree(first_of(type=said))
    assert (len(read.shots[0].records), read.narrations, read.musics) == (1, [], [])


@pytest.mark.parametrize("spelling", ["stroyboard_id", "storyboard_id"])
def test_seed_004_index_of_a_shot_is_read_in_either_spelling(spelling: str) -> None:
    shot = {spelling: 3, "records": [record(2)]}
    read = tree({**DETAIL, "data_records": {"storyboards": [shot]}})
    assert [shot.index for shot in read.shots] == [3]


# ---- POST /ent/v2/ad-one-click/edit ---------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, '"ad_one_click_task_id":"891100896237203456"'),
        ({}, '"type":"generate_video"'),
        ({"kind": "narration_take"}, '"type":"generate_narration"'),
        ({"kind": "music_take"}, '"type":"generate_bgm"'),
        ({"film_edit": FilmEdit(FILM, shot_index=3)}, '"storyboard_video_index":3'),
        ({"prompt": "新的镜头"}, '"prompt":"新的镜头"'),
        ({"callback_url": "https://a/c"}, '"callback_url":"https://a/c"'),
        ({"reference": "attempt-19"}, '"payload":"attempt-19"'),
    ],
)
def test_seed_004_edit_sends_the_field(said: dict[str, Any], expected: str) -> None:
    assert expected in sent(replace(EDIT, **said))


def test_seed_004_edit_reply_is_read() -> None:
    read = receipt(EDIT, {**EDITED, "state": "failed", "err_code": "AuditSubmitIllegal"})
    assert (read.remote_id, read.cost, read.code) == (NEW, 400, "AuditSubmitIllegal")


# ---- POST /ent/v2/ad-one-click/compose ------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, '"ad_one_click_task_id":"891100896237203456"'),
        ({}, '"video_task_ids":["1","2"]'),
        ({}, '"bgm_task_id":"4"'),
        ({}, '"narration_task_id":"3"'),
        ({"callback_url": "https://a/c"}, '"callback_url":"https://a/c"'),
        ({"reference": "attempt-20"}, '"payload":"attempt-20"'),
    ],
)
def test_seed_004_compose_sends_the_field(said: dict[str, Any], expected: str) -> None:
    assert expected in sent(replace(CUT, **said))


def test_seed_004_compose_reply_is_read() -> None:
    read = receipt(CUT, COMPOSED)
    assert (read.remote_id, read.state, read.cost) == (NEW, RemoteState.RUNNING, 400)


# ---- Callback -------------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["state", "status"])
@pytest.mark.parametrize("word", ["processing", "success", "failed"])
def test_seed_004_word_of_a_callback_is_read_in_either_member(member: str, word: str) -> None:
    body = msgspec.json.encode({**CREATIONS, "state": None, member: word})
    reading = Vidu().read_callback(ACCESS, CallbackRequest("POST", "/c", "", {}, body), now=0)
    assert (reading.remote_id, reading.state_word) == (FILM, word)

"""Vidu's pictures, speech, lip-sync, upscaling and kept subjects (docs/wire.md, 2.16 to 2.22)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers.catalogue import Offer, catalogue
from generations.providers.contract import (
    Order,
    Picture,
    Reason,
    Refused,
    RemoteState,
    Source,
    Unavailable,
)
from generations.providers.vidu.adapter import Vidu

from .contract_suite import CreateSuite
from .driver import first_request, run, value_of, value_when_always_answered
from .recorded import Recorded, recorded
from .test_vidu import ACCESS, PICTURES, REMOTE_ID

CALLBACK = "https://app.example/callbacks/vidu/9f1c"
FILM = Source(address="https://app.example/f.mp4", seconds=12.5, lines=720)
SOUND = Source(address="https://app.example/s.mp3", seconds=7.2)
PICTURE = Order(
    kind="references_to_image",
    model="viduq2",
    prompt="the same bottle on wet sand at dusk",
    images=PICTURES[:1],
    aspect_ratio="16:9",
    resolution="2K",
    seed=7,
    reference="attempt-21",
    callback_url=CALLBACK,
)
SPEECH = Order(
    kind="text_to_speech",
    model="audio-tts",
    prompt="你好<#2#>很高兴见到你",
    options={"voice_id": "female-shaonv", "speed": "1.5", "volume": 3, "pitch": -2},
    reference="attempt-22",
)
LIP_SYNC = Order(
    kind="lip_sync",
    model="lip-sync",
    prompt="",
    source=FILM,
    sound=SOUND,
    reference="attempt-23",
    callback_url=CALLBACK,
)
SPOKEN = replace(
    LIP_SYNC,
    prompt="欢迎来到海边",
    sound=None,
    options={"voice_id": "wumei_yujie", "speed": "1.0", "volume": 0},
    reference="attempt-24",
)
UPSCALE = Order(
    kind="upscale",
    model="upscale",
    prompt="",
    resolution="4K",
    source=replace(FILM, remote_id="911026903847563264"),
    reference="attempt-25",
    callback_url=CALLBACK,
)
SUBJECT = Order(kind="subject", model="subject", prompt="bottle", images=PICTURES)


class SiblingSuite(CreateSuite):
    """One of the creates; ``TestVidu`` asks the questions, which all of them share."""

    provider = Vidu()
    access = ACCESS
    remote_id = REMOTE_ID
    folder: str

    def replies(self) -> Sequence[Recorded]:
        return recorded(self.folder)


class TestPicture(SiblingSuite):
    order = PICTURE
    folder = "vidu_picture"


class TestSpeech(SiblingSuite):
    order = SPEECH
    folder = "vidu_speech"


class TestLipSync(SiblingSuite):
    order = LIP_SYNC
    folder = "vidu_lip_sync"


class TestUpscale(SiblingSuite):
    order = UPSCALE
    folder = "vidu_upscale"


class TestSubject(SiblingSuite):
    order = SUBJECT
    folder = "vidu_subject"


# ---- What is sent ---------------------------------------------------------------------------


# Each order with its address and the body of the documents' example, but for its defaults.
CREATES: Mapping[str, tuple[Order, str, dict[str, Any]]] = {
    "picture": (
        PICTURE,
        "reference2image",
        {
            "model": "viduq2",
            "prompt": "the same bottle on wet sand at dusk",
            "images": ["https://app.example/a.png"],
            "aspect_ratio": "16:9",
            "resolution": "2K",
            "seed": 7,
            "payload": "attempt-21",
            "callback_url": CALLBACK,
        },
    ),
    "picture from a text": (
        Order(kind="references_to_image", model="viduq2", prompt="A lamp"),
        "reference2image",
        {"model": "viduq2", "prompt": "A lamp"},
    ),
    "speech": (
        SPEECH,
        "audio-tts",
        {
            "text": "你好<#2#>很高兴见到你",
            "voice_setting_voice_id": "female-shaonv",
            "voice_setting_speed": 1.5,
            "voice_setting_volume": 3,
            "voice_setting_pitch": -2,
            "payload": "attempt-22",
        },
    ),
    "speech with a feeling": (
        replace(SPEECH, options={"voice_id": "v1", "emotion": "calm"}, reference=""),
        "audio-tts",
        {
            "text": "你好<#2#>很高兴见到你",
            "voice_setting_voice_id": "v1",
            "voice_setting_emotion": "calm",
        },
    ),
    "speech without a voice": (
        replace(SPEECH, options={}, reference=""),
        "audio-tts",
        {"text": "你好<#2#>很高兴见到你", "voice_setting_voice_id": "female-shaonv"},
    ),
    "lip-sync by a sound": (
        LIP_SYNC,
        "lip-sync",
        {
            "video_url": "https://app.example/f.mp4",
            "audio_url": "https://app.example/s.mp3",
            "payload": "attempt-23",
            "callback_url": CALLBACK,
        },
    ),
    "lip-sync by a text": (
        SPOKEN,
        "lip-sync",
        {
            "video_url": "https://app.example/f.mp4",
            "text": "欢迎来到海边",
            "voice_id": "wumei_yujie",
            "speed": 1.0,
            "volume": 0,
            "payload": "attempt-24",
            "callback_url": CALLBACK,
        },
    ),
    "lip-sync by both": (
        replace(SPOKEN, sound=SOUND, reference="", callback_url=""),
        "lip-sync",
        {"video_url": "https://app.example/f.mp4", "audio_url": "https://app.example/s.mp3"},
    ),
    "upscale of a creation": (
        UPSCALE,
        "upscale-new",
        {
            "video_creation_id": "911026903847563264",
            "upscale_resolution": "4K",
            "payload": "attempt-25",
            "callback_url": CALLBACK,
        },
    ),
    "upscale of a film from elsewhere": (
        Order(kind="upscale", model="upscale", prompt="", source=FILM),
        "upscale-new",
        {"video_url": "https://app.example/f.mp4"},
    ),
    "subject": (
        SUBJECT,
        "subjects",
        {
            "name": "bottle",
            "images": ["https://app.example/a.png", "https://app.example/b.png"],
        },
    ),
}


def sent(order: Order) -> tuple[httpx.Request, dict[str, Any]]:
    """The request of a create, and its body."""
    request = first_request(Vidu().submit(ACCESS, order))
    body: dict[str, Any] = msgspec.json.decode(request.content)
    return request, body


@pytest.mark.parametrize("name", CREATES)
def test_each_create_is_sent_as_the_documents_say(name: str) -> None:
    order, address, expected = CREATES[name]
    request, body = sent(order)
    assert (request.method, str(request.url)) == ("POST", f"https://api.vidu.com/ent/v2/{address}")
    assert request.headers["Authorization"] == "Token vda_test_secret/0001"
    # As text too: 1 and 1.0 and true are equal in Python.
    assert json.dumps(body, sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_a_speech_takes_no_address_for_callbacks() -> None:
    assert "callback_url" not in sent(replace(SPEECH, callback_url=CALLBACK))[1]


def test_no_member_of_another_endpoint_is_sent() -> None:
    """2.16: an endpoint refuses what it does not declare."""
    declared = {
        "references_to_image": {"model", "prompt", "images", "seed", "aspect_ratio", "resolution"},
        "text_to_speech": {
            *("text", "voice_setting_voice_id", "voice_setting_speed", "voice_setting_volume"),
            *("voice_setting_pitch", "voice_setting_emotion", "pronunciation_dict_tone"),
        },
        "lip_sync": {"video_url", "audio_url", "text", "voice_id", "speed", "volume"},
        "upscale": {"video_creation_id", "video_url", "upscale_resolution"},
        "subject": {"name", "images"},
    }
    everything: dict[str, str | int | bool] = {
        **{"voice_id": "v1", "speed": "1.0", "volume": 1, "pitch": 1, "emotion": "calm"},
        **{"audio": True, "bgm": True, "off_peak": True, "watermark": True, "invented": 1},
        **{"style": "anime", "is_rec": True},
    }
    for order in (PICTURE, SPEECH, LIP_SYNC, SPOKEN, UPSCALE, SUBJECT):
        _, body = sent(replace(order, options=everything))
        assert {*body} - {"payload", "callback_url"} <= declared[order.kind]


def test_a_kept_subject_is_named_by_its_id_beside_new_ones() -> None:
    kept = replace(PICTURES[0], name="bottle", kept_id="3216549870123456")
    new = replace(PICTURES[1], name="vase")
    order = Order(
        kind="references_to_video",
        model="viduq2",
        prompt="@bottle beside @vase",
        images=(kept, new),
    )
    _, body = sent(order)
    assert "images" not in body
    assert body["subjects"] == [
        {"name": "bottle", "server_id": "3216549870123456"},
        {"name": "vase", "images": ["https://app.example/b.png"]},
    ]


# ---- What comes back ------------------------------------------------------------------------


TASK_NOT_FOUND = httpx.Response(
    404, json={"code": 404, "reason": "TaskNotFound", "message": "", "metadata": {}}
)
MUSIC_VIDEO: Mapping[str, Any] = {
    "id": "901243326567555072",
    "type": "mv",
    "creator_id": "869085108764676096",
    "state": "success",
    "input": "",
    "job_records": [
        {
            "type": "generate_video",
            "index": 0,
            "jobs": [
                {
                    "id": "901245331704909824",
                    "type": "generate_video",
                    "state": "success",
                    "signed_url": "https://cdn.example/0.mp4",
                    "mv_generate_video_input": {"duration": 3, "prompt": "p"},
                    "index": 0,
                }
            ],
        },
        {
            "type": "compose",
            "index": 0,
            "jobs": [
                {
                    "id": "901245503243554816",
                    "type": "compose",
                    "state": "success",
                    "err_code": "",
                    "err_msg": "",
                    "signed_url": "https://cdn.example/f.mp4",
                    "index": 0,
                }
            ],
        },
    ],
    "created_at": "2025-12-24T02:51:34.070650Z",
    "updated_at": "2025-12-24T03:00:13.734086Z",
    "err_code": "",
    "err_msg": "",
    "signed_url": "https://cdn.example/f.mp4",
}
LONG_VIDEO = {name: value for name, value in MUSIC_VIDEO.items() if name != "signed_url"}


@pytest.mark.parametrize("body", [MUSIC_VIDEO, LONG_VIDEO], ids=["short", "long"])
def test_a_music_video_is_found_where_no_task_is(body: Mapping[str, Any]) -> None:
    video_id = "901243326567555072"
    report, asked = run(
        Vidu().check(ACCESS, video_id), TASK_NOT_FOUND, httpx.Response(200, json=body)
    )
    assert str(asked[1].url) == f"https://api.vidu.com/ent/v2/one-click/mv/{video_id}"
    assert asked[1].headers["Authorization"] == "Token vda_test_secret/0001"
    assert (report.state, report.cost) == (RemoteState.SUCCEEDED, None)
    assert [(each.role, each.url) for each in report.results] == [
        ("video", "https://cdn.example/f.mp4")
    ]


def test_a_music_video_under_way_has_no_film_yet() -> None:
    records = [MUSIC_VIDEO["job_records"][0]]
    body = {**LONG_VIDEO, "state": "processing", "job_records": records}
    report, _ = run(Vidu().check(ACCESS, "1"), TASK_NOT_FOUND, httpx.Response(200, json=body))
    assert (report.state, tuple(report.results)) == (RemoteState.RUNNING, ())


def test_what_neither_address_knows_is_not_found() -> None:
    with pytest.raises(Refused) as caught:
        run(Vidu().check(ACCESS, "1"), TASK_NOT_FOUND, TASK_NOT_FOUND)
    assert caught.value.status == 404


# ---- The list of kept subjects --------------------------------------------------------------


SUBJECTS = "https://api.vidu.com/ent/v2/subjects"


def kept(number: int) -> dict[str, Any]:
    """A subject as the list of 2.20 shows it."""
    return {
        "id": f"32165498701{number:05}",
        "name": f"bottle {number}",
        "images": ["https://cdn.example/a.png"],
        "videos": [],
        "voice_id": "",
        "style": "product",
        "description": "a green bottle",
    }


def page(*numbers: int, token: str = "") -> dict[str, Any]:
    return {"subjects": [*map(kept, numbers)], "next_page_token": token, "count": 100}


def as_number(body: dict[str, Any]) -> dict[str, Any]:
    rows = [row | {"id": int(row["id"])} for row in body["subjects"]]
    token = body["next_page_token"]
    return body | {"subjects": rows, "next_page_token": int(token) if token else 0}


# Forms of two pages, of which the first names the second.
FORMS: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "as documented": lambda body: body,
    "ids and tokens as numbers": as_number,
    "wrapped": lambda body: {"code": 0, "data": body},
    "the list wrapped": lambda body: {
        "data": {"subjects": body["subjects"]},
        "next_page_token": body["next_page_token"],
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_the_kept_subjects_are_listed_from_all_pages(form: str) -> None:
    pages = [FORMS[form](body) for body in (page(3, 2, token="2"), page(1))]
    found, asked = run(Vidu().subjects(ACCESS), *(httpx.Response(200, json=each) for each in pages))
    assert [(row.remote_id, row.prompt) for row in found] == [
        (kept(number)["id"], f"bottle {number}") for number in (3, 2, 1)
    ]
    assert [(each.method, str(each.url.copy_with(query=None))) for each in asked] == [
        ("GET", SUBJECTS)
    ] * 2
    assert [dict(each.url.params) for each in asked] == [
        {"count": "100"},
        {"count": "100", "next_page_token": "2"},
    ]


def test_a_list_of_subjects_ends_where_it_has_none_or_repeats_itself() -> None:
    empty, repeated = (httpx.Response(200, json=each) for each in (page(), page(1, token="t")))
    assert value_of(Vidu().subjects(ACCESS), empty) == []
    (row,) = value_of(Vidu().subjects(ACCESS), repeated, repeated)
    assert row.remote_id == kept(1)["id"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, json={"code": 0, "message": "ok"}),
        httpx.Response(200, json=[]),
        httpx.Response(200, text="<html>Welcome</html>"),
        httpx.Response(502, text="Bad Gateway"),
        httpx.Response(404, text="Not Found"),
        httpx.Response(404, json={"code": 404, "reason": "NotFound", "message": ""}),
    ],
)
def test_what_is_no_list_is_no_proof_that_a_name_is_free(answer: httpx.Response) -> None:
    with pytest.raises((Unavailable, Refused)):
        value_when_always_answered(Vidu().subjects(ACCESS), answer)


def test_more_subjects_than_are_read_are_not_taken_for_all() -> None:
    pages = [httpx.Response(200, json=page(n, token=str(n))) for n in range(1, 21)]
    with pytest.raises(Refused, match="too_many"):
        run(Vidu().subjects(ACCESS), *pages)


@pytest.mark.parametrize("form", FORMS)
def test_a_subject_is_asked_for_in_the_list(form: str) -> None:
    answer = httpx.Response(200, json=FORMS[form](page(2, 1)))
    report, (asked,) = run(Vidu().check(ACCESS, kept(1)["id"], wanted=("subject",)), answer)
    assert (report.state, tuple(report.results), report.cost) == (RemoteState.SUCCEEDED, (), None)
    assert str(asked.url.copy_with(query=None)) == SUBJECTS
    assert asked.url.params["subject_ids"] == kept(1)["id"]
    with pytest.raises(Refused) as refused:
        value_of(Vidu().check(ACCESS, kept(7)["id"], wanted=("subject",)), answer)
    assert refused.value.reason == Reason.NOT_FOUND


# ---- What it will cost ----------------------------------------------------------------------


def offered(order: Order) -> Offer:
    offer = catalogue("vidu").offer_for(order)
    assert offer is not None
    return offer


def picture(model: str, resolution: str, count: int) -> Order:
    images = (Picture(1280, 720, 500_000),) * count
    return replace(PICTURE, model=model, resolution=resolution, images=images)


ESTIMATES: list[tuple[Order, int | None]] = [
    (picture("viduq2", "1080p", 0), 6),
    (picture("viduq2", "2K", 0), 8),
    (picture("viduq2", "4K", 0), 10),
    (picture("viduq2", "1080p", 1), 8),
    (picture("viduq2", "2K", 3), 12),
    (picture("viduq2", "4K", 3), 20),
    (picture("viduq2", "1080p", 4), 10),
    (picture("viduq2", "2K", 7), 16),
    (picture("viduq2", "4K", 7), 30),
    (picture("viduq1", "1080p", 1), 20),
    (picture("viduq1", "1080p", 7), 20),
    (replace(SPEECH, prompt="x"), 10),
    (replace(SPEECH, prompt="x" * 500), 10),
    (replace(SPEECH, prompt="x" * 501), 20),
    (replace(SPEECH, prompt="x" * 9_999), 200),
    (replace(LIP_SYNC, sound=replace(SOUND, seconds=5.0)), 20),
    (replace(LIP_SYNC, sound=replace(SOUND, seconds=5.1)), 40),
    (replace(LIP_SYNC, sound=replace(SOUND, seconds=600.0)), 2_400),
    (replace(LIP_SYNC, sound=replace(SOUND, seconds=None)), None),
    (SPOKEN, None),
    (replace(UPSCALE, resolution=""), 130),
    (replace(UPSCALE, resolution="2K"), 260),
    (replace(UPSCALE, resolution="4K"), 520),
    (replace(UPSCALE, resolution="8K"), 2_080),
    (replace(UPSCALE, source=replace(FILM, seconds=5.0)), 200),
    (replace(UPSCALE, source=replace(FILM, seconds=None)), None),
    (SUBJECT, 5),
]


def test_each_order_is_estimated_by_the_prices_of_the_documents() -> None:
    wrong = [
        (order.kind, order.model, order.resolution, expected, found)
        for order, expected in ESTIMATES
        if (found := offered(order).estimate(order)) != expected
    ]
    assert not wrong


PROBLEMS: list[tuple[Order, str | None]] = [
    (PICTURE, None),
    (picture("viduq2", "4K", 0), None),
    (picture("viduq1", "1080p", 0), "images"),
    (picture("viduq2", "2K", 8), "images"),
    (picture("viduq1", "2K", 1), "resolution"),
    (replace(picture("viduq1", "1080p", 1), aspect_ratio="21:9"), "aspect_ratio"),
    (replace(PICTURE, prompt="x" * 2_001), "prompt"),
    (replace(PICTURE, images=(Picture(100, 100, 9_000),)), "images"),
    (SPEECH, None),
    (replace(SPEECH, prompt=""), "prompt"),
    (replace(SPEECH, prompt="x" * 10_000), "prompt"),
    (LIP_SYNC, None),
    (SPOKEN, None),
    (replace(LIP_SYNC, source=None), "source"),
    (replace(LIP_SYNC, sound=None), "prompt"),
    (replace(LIP_SYNC, source=replace(FILM, seconds=601.0)), "source"),
    (replace(LIP_SYNC, sound=replace(SOUND, seconds=0.4)), "sound"),
    (UPSCALE, None),
    (replace(UPSCALE, source=None), "source"),
    (replace(UPSCALE, source=replace(FILM, seconds=301.0)), "source"),
    (replace(UPSCALE, source=replace(FILM, lines=1080), resolution="1080p"), "resolution"),
    (replace(UPSCALE, source=replace(FILM, lines=2160), resolution="4K"), "resolution"),
    (replace(UPSCALE, source=replace(FILM, lines=2160), resolution="8K"), None),
    (replace(UPSCALE, resolution="4k"), "resolution"),
    (SUBJECT, None),
    (replace(SUBJECT, prompt=" "), "prompt"),
    (replace(SUBJECT, prompt="x" * 40), None),
    (replace(SUBJECT, prompt="x" * 41), "prompt"),
    (replace(SUBJECT, images=()), "images"),
    (replace(SUBJECT, duration=5), "duration"),
    (replace(SUBJECT, options={"voice_id": "v1"}), "voice_id"),
]


def test_what_the_documents_forbid_is_said_before_it_is_sent() -> None:
    wrong = []
    for order, field in PROBLEMS:
        found = {problem.field for problem in offered(order).problems(order)}
        if found != ({field} if field else set()):
            wrong.append((order.kind, order.model, field, found))
    assert not wrong

"""What APIXO refuses, and how; its limits."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.sandbox.dialects import body_of, inside

CREATE = "/api/v1/generateTask/vidu-q3"
LOOK = "/api/v1/statusTask/vidu-q3"
BALANCE = "/api/v1/apikeys/current-balance"
URL = "https://cdn.example/a.png"
IMAGES = {"mode": "image-to-video", "image_urls": [URL]}


@pytest.fixture
def indoors() -> Iterator[Sandbox]:
    with Sandbox.indoors() as sandbox:
        yield sandbox


@pytest.fixture
def apixo(indoors: Sandbox) -> httpx.Client:
    return inside(indoors, "apixo")


def post(
    client: httpx.Client, outer: dict[str, Any] | None = None, **fields: Any
) -> httpx.Response:
    usual = {"mode": "text-to-video", "prompt": "x", "resolution": "720p", "duration": 4}
    return client.post(CREATE, json={"input": usual | fields} | (outer or {}))


def assert_refused(response: httpx.Response, status: int, message: str = "") -> None:
    body = body_of(response, status)
    assert (body["code"], body["data"]) == (status, None)
    assert message in body["message"]
    assert body["message"]


@pytest.mark.parametrize(
    "authorization",
    ["", "Token sandbox-apixo", "sandbox-apixo", "Bearer nobody", "Bearer sandbox-bad"],
)
def test_only_a_known_key_behind_the_word_bearer_may_order(
    indoors: Sandbox, apixo: httpx.Client, authorization: str
) -> None:
    for method, path in [("POST", CREATE), ("GET", LOOK), ("GET", BALANCE)]:
        response = apixo.request(method, path, headers={"Authorization": authorization})
        assert_refused(response, 401)


def test_a_key_may_lack_the_permission_or_the_money(indoors: Sandbox) -> None:
    for key, status, message in [
        ("sandbox-forbidden", 403, ""),
        ("sandbox-broke", 402, "balance"),
        ("sandbox-broke400", 400, "Insufficient credits"),
        ("sandbox-few", 402, "balance"),
        ("sandbox-busy", 429, ""),
    ]:
        assert_refused(post(inside(indoors, "apixo", key)), status, message)
    assert indoors.counts.creates == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "x" * 5001},
        {"mode": "reference-to-video"},
        {"mode": ["text-to-video"]},
        {"resolution": "360p"},
        {"duration": 17},
        {"duration": 0},
        {"duration": "4"},
        {"duration": 4.0},
        {"duration": True},
        {"style": "noir"},
        {"aspect_ratio": "21:9"},
        {"movement": "huge"},
        {"sound": "true"},
        {"bgm": 1},
        {"seed": -2},
        {"seed": 2**31},
        {"seed": "7"},
        {"seed": None},
        {"watermark": True},
        {"image_urls": []},
        {"image_urls": [URL]},
        IMAGES | {"image_urls": []},
        IMAGES | {"image_urls": [URL] * 3},
        IMAGES | {"image_urls": URL},
        IMAGES | {"image_urls": ["data:image/png;base64,AAAA"]},
        IMAGES | {"image_urls": [7]},
        IMAGES | {"style": "anime"},
        IMAGES | {"aspect_ratio": "16:9"},
    ],
)
def test_an_input_that_the_page_forbids_is_refused(
    indoors: Sandbox, apixo: httpx.Client, fields: dict[str, Any]
) -> None:
    assert_refused(post(apixo, **fields), 400)
    assert indoors.counts.creates == 0


@pytest.mark.parametrize(
    ("outer", "fields", "name"),
    [
        ({}, {"prompt": ""}, "input.prompt"),
        ({}, {"mode": None}, "input.mode"),
        ({}, {"resolution": None}, "input.resolution"),
        ({}, {"duration": None}, "input.duration"),
        ({}, {"mode": "image-to-video"}, "input.image_urls"),
        ({"input": None}, {}, "input"),
        ({"request_type": "callback"}, {}, "callback_url"),
    ],
)
def test_a_field_that_is_lacking_is_named(
    apixo: httpx.Client, outer: dict[str, Any], fields: dict[str, Any], name: str
) -> None:
    body = body_of(post(apixo, outer, **fields), 400)
    assert body["code"] == 400
    assert body["data"] == {"error": f"Missing required field: {name}"}


@pytest.mark.parametrize(
    "outer",
    [
        {"request_type": "sync"},
        {"provider": ""},
        {"provider": 7},
        {"callback_url": "ftp://app.example/"},
        {"request_type": "callback", "callback_url": "/c"},
        {"model": "vidu-q3"},
        {"input": []},
        {"input": "x"},
    ],
)
def test_what_stands_around_the_input_is_judged_too(
    apixo: httpx.Client, outer: dict[str, Any]
) -> None:
    assert_refused(post(apixo, outer), 400)


@pytest.mark.parametrize(
    ("mode", "count", "is_taken"),
    [
        *[(mode, n, n == 0) for mode in ("text-to-video", "turbo-text-to-video") for n in range(4)],
        *[
            (mode, n, n in (1, 2))
            for mode in ("image-to-video", "turbo-image-to-video")
            for n in range(4)
        ],
    ],
)
def test_the_mode_decides_how_many_images_there_are(
    apixo: httpx.Client, mode: str, count: int, is_taken: bool
) -> None:
    images: dict[str, Any] = {"image_urls": [URL] * count} if count else {}
    assert post(apixo, mode=mode, **images).status_code == (200 if is_taken else 400)


def test_every_documented_field_is_taken(apixo: httpx.Client) -> None:
    outer = {"request_type": "callback", "callback_url": "https://a.example/c", "provider": "value"}
    fields = {"style": "anime", "aspect_ratio": "4:3", "movement": "small", "seed": -1}
    response = post(apixo, outer, **fields, sound=True, bgm=False, duration=16)
    assert response.status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"input": {}, "input": {}}'])
def test_a_body_that_is_no_object_is_refused(apixo: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert_refused(apixo.post(CREATE, content=body, headers=headers), 400)


def test_a_body_must_say_that_it_is_json(apixo: httpx.Client) -> None:
    assert_refused(apixo.post(CREATE, content=json.dumps({"input": {}}).encode()), 400)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("refuse", 400),
        ("refuse 402", 402),
        ("refuse 403", 403),
        ("refuse 404", 404),
        ("refuse 503", 503),
        ("refuse Insufficient credits", 400),
        ("429", 429),
        ("500 before", 500),
    ],
)
def test_an_error_can_be_asked_for(
    indoors: Sandbox, apixo: httpx.Client, word: str, status: int
) -> None:
    message = "Insufficient credits" if "credits" in word else ""
    assert_refused(post(apixo, prompt=f"x [{word}]"), status, message)
    assert indoors.counts.creates == 0


@pytest.mark.parametrize(
    ("word", "made"), [("code in 200", 0), ("garbled", 1), ("not JSON", 1), ("no data", 1)]
)
def test_a_200_may_be_no_success(
    indoors: Sandbox, apixo: httpx.Client, word: str, made: int
) -> None:
    response = post(apixo, prompt=f"x [{word}]")
    assert response.status_code == 200
    assert b"taskId" not in response.content or word == "garbled"
    assert indoors.counts.creates == made


def test_an_unknown_model_or_task_is_404(indoors: Sandbox, apixo: httpx.Client) -> None:
    number = post(apixo).json()["data"]["taskId"]
    other = inside(indoors, "apixo", "sandbox-other")
    assert_refused(apixo.get(LOOK, params={"taskId": "task_1"}), 404)
    assert_refused(other.get(LOOK, params={"taskId": number}), 404)
    assert_refused(apixo.post("/api/v1/generateTask/vidu-q9", json={}), 404, "vidu-q9")
    assert_refused(apixo.get("/api/v1/statusTask/vidu-q9", params={"taskId": number}), 404)
    assert_refused(apixo.get(CREATE), 404)
    assert body_of(apixo.get(LOOK), 400)["data"]["error"].endswith("taskId")


def test_an_eleventh_task_at_once_is_refused_until_one_ends(
    indoors: Sandbox, apixo: httpx.Client
) -> None:
    for _ in range(10):
        assert post(apixo, prompt="x [fail CONTENT_VIOLATION]").status_code == 200
    assert_refused(post(apixo), 429)
    indoors.advance(30)
    assert post(apixo).status_code == 200


def test_sixty_requests_a_minute_count_creates_and_looks_together(
    indoors: Sandbox, apixo: httpx.Client
) -> None:
    number = post(apixo).json()["data"]["taskId"]
    looks = [apixo.get(LOOK, params={"taskId": number}) for _ in range(60)]
    assert [look.status_code for look in looks] == [200] * 59 + [429]
    assert_refused(post(apixo), 429)
    assert apixo.get(BALANCE).status_code == 200
    other = inside(indoors, "apixo", "sandbox-other")
    assert post(other).status_code == 200
    indoors.advance(60)
    assert post(apixo).status_code == 200


def test_ten_tasks_that_are_looked_at_every_five_seconds_break_the_limit(
    indoors: Sandbox, apixo: httpx.Client
) -> None:
    numbers = [post(apixo, prompt="x [stuck]").json()["data"]["taskId"] for _ in range(10)]
    statuses = []
    for _ in range(6):
        indoors.advance(5)
        looks = [apixo.get(LOOK, params={"taskId": number}) for number in numbers]
        statuses.append({look.status_code for look in looks})
    assert statuses == [{200}] * 5 + [{429}]


def test_a_key_may_have_another_rate_and_more_slots(indoors: Sandbox) -> None:
    client = inside(indoors, "apixo", "sandbox-rate100-slots80")
    statuses = [post(client).status_code for _ in range(101)]
    assert statuses == [200] * 80 + [429] * 21
    assert_refused(post(client), 429, "Rate")

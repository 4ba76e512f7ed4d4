"""What APIXO refuses, and how; its limits (docs/wire.md, 5.5 and 5.6)."""

import json
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import body_of, in_process_client

CREATE = "/api/v1/generateTask/vidu-q3"
QUERY = "/api/v1/statusTask/vidu-q3"
BALANCE = "/api/v1/apikeys/current-balance"
URL = "https://cdn.example/a.png"
IMAGES = {"mode": "image-to-video", "image_urls": [URL]}

FORBIDDEN_INPUTS: list[dict[str, Any]] = [
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
]

# Members around the input, members of the input, and the name of the missing one.
MISSING_FIELDS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"prompt": ""}, "input.prompt"),
    ({}, {"mode": None}, "input.mode"),
    ({}, {"resolution": None}, "input.resolution"),
    ({}, {"duration": None}, "input.duration"),
    ({}, {"mode": "image-to-video"}, "input.image_urls"),
    ({"input": None}, {}, "input"),
    ({"request_type": "callback"}, {}, "callback_url"),
]

FORBIDDEN_OUTER_FIELDS: list[dict[str, Any]] = [
    {"request_type": "sync"},
    {"provider": ""},
    {"provider": 7},
    {"callback_url": "ftp://app.example/"},
    {"request_type": "callback", "callback_url": "/c"},
    {"model": "vidu-q3"},
    {"input": []},
    {"input": "x"},
]


@pytest.fixture
def apixo(in_process: Sandbox) -> httpx.Client:
    return in_process_client(in_process, "apixo")


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


def test_only_a_known_key_behind_the_word_bearer_may_order(apixo: httpx.Client) -> None:
    for authorization in (
        "",
        "Token sandbox-apixo",
        "sandbox-apixo",
        "Bearer nobody",
        "Bearer sandbox-bad",
    ):
        apixo.headers["Authorization"] = authorization
        for method, path in [("POST", CREATE), ("GET", QUERY), ("GET", BALANCE)]:
            with case((authorization, path)):
                assert_refused(apixo.request(method, path), 401)


def test_a_key_may_lack_the_permission_or_the_money(in_process: Sandbox) -> None:
    for key, status, message in [
        ("sandbox-forbidden", 403, ""),
        ("sandbox-broke", 402, "balance"),
        ("sandbox-broke400", 400, "Insufficient credits"),
        ("sandbox-few", 402, "balance"),
        ("sandbox-busy", 429, ""),
    ]:
        with case(key):
            client = in_process_client(in_process, "apixo", key)
            assert_refused(post(client), status, message)
    assert in_process.counts.creates == 0


def test_an_input_that_the_page_forbids_is_refused(
    in_process: Sandbox, apixo: httpx.Client
) -> None:
    for fields in FORBIDDEN_INPUTS:
        with case(fields):
            assert_refused(post(apixo, **fields), 400)
            assert in_process.counts.creates == 0


def test_a_field_that_is_missing_is_named(apixo: httpx.Client) -> None:
    for outer, fields, name in MISSING_FIELDS:
        with case(name):
            body = body_of(post(apixo, outer, **fields), 400)
            assert body["code"] == 400
            assert body["data"] == {"error": f"Missing required field: {name}"}


def test_the_members_around_the_input_are_checked_too(apixo: httpx.Client) -> None:
    for outer in FORBIDDEN_OUTER_FIELDS:
        with case(outer):
            assert_refused(post(apixo, outer), 400)


def test_the_mode_decides_how_many_images_there_are(in_process: Sandbox) -> None:
    client = in_process_client(in_process, "apixo", "sandbox-slots99")
    for mode, counts in [
        ("text-to-video", {0}),
        ("turbo-text-to-video", {0}),
        ("image-to-video", {1, 2}),
        ("turbo-image-to-video", {1, 2}),
    ]:
        for count in range(4):
            with case((mode, count)):
                images: dict[str, Any] = {"image_urls": [URL] * count} if count else {}
                status = post(client, mode=mode, **images).status_code
                assert status == (200 if count in counts else 400)


def test_every_documented_field_is_accepted(apixo: httpx.Client) -> None:
    outer = {"request_type": "callback", "callback_url": "https://a.example/c", "provider": "value"}
    fields = {"style": "anime", "aspect_ratio": "4:3", "movement": "small", "seed": -1}
    response = post(apixo, outer, **fields, sound=True, bgm=False, duration=16)
    assert response.status_code == 200


def test_a_body_that_is_no_object_is_refused(apixo: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[]", b'{"input": {}, "input": {}}'):
        with case(body):
            assert_refused(apixo.post(CREATE, content=body, headers=headers), 400)


def test_a_body_must_say_that_it_is_json(apixo: httpx.Client) -> None:
    assert_refused(apixo.post(CREATE, content=json.dumps({"input": {}}).encode()), 400)


def test_an_error_can_be_asked_for(in_process: Sandbox, apixo: httpx.Client) -> None:
    for directive, status in [
        ("refuse", 400),
        ("refuse 402", 402),
        ("refuse 403", 403),
        ("refuse 404", 404),
        ("refuse 503", 503),
        ("refuse Insufficient credits", 400),
        ("429", 429),
        ("500 before", 500),
    ]:
        with case(directive):
            message = "Insufficient credits" if "credits" in directive else ""
            assert_refused(post(apixo, prompt=f"x [{directive}]"), status, message)
            assert in_process.counts.creates == 0


def test_a_200_may_be_no_success(in_process: Sandbox, apixo: httpx.Client) -> None:
    for directive, creates in [
        ("code in 200", 0),
        ("garbled", 1),
        ("not JSON", 1),
        ("no data", 1),
    ]:
        with case(directive):
            in_process.reset()
            response = post(apixo, prompt=f"x [{directive}]")
            assert response.status_code == 200
            assert b"taskId" not in response.content or directive == "garbled"
            assert in_process.counts.creates == creates


def test_an_unknown_model_or_task_is_404(in_process: Sandbox, apixo: httpx.Client) -> None:
    task_id = post(apixo).json()["data"]["taskId"]
    other = in_process_client(in_process, "apixo", "sandbox-other")
    assert_refused(apixo.get(QUERY, params={"taskId": "task_1"}), 404)
    assert_refused(other.get(QUERY, params={"taskId": task_id}), 404)
    assert_refused(apixo.post("/api/v1/generateTask/vidu-q9", json={}), 404, "vidu-q9")
    assert_refused(apixo.get("/api/v1/statusTask/vidu-q9", params={"taskId": task_id}), 404)
    assert_refused(apixo.get(CREATE), 404)
    assert body_of(apixo.get(QUERY), 400)["data"]["error"].endswith("taskId")


def test_an_eleventh_task_at_once_is_refused_until_one_ends(
    in_process: Sandbox, apixo: httpx.Client
) -> None:
    for _ in range(10):
        assert post(apixo, prompt="x [fail CONTENT_VIOLATION]").status_code == 200
    assert_refused(post(apixo), 429)
    in_process.advance(30)
    assert post(apixo).status_code == 200


def test_sixty_requests_a_minute_count_creates_and_queries_together(
    in_process: Sandbox, apixo: httpx.Client
) -> None:
    task_id = post(apixo).json()["data"]["taskId"]
    replies = [apixo.get(QUERY, params={"taskId": task_id}) for _ in range(60)]
    assert [reply.status_code for reply in replies] == [200] * 59 + [429]
    assert_refused(post(apixo), 429)
    assert apixo.get(BALANCE).status_code == 200
    other = in_process_client(in_process, "apixo", "sandbox-other")
    assert post(other).status_code == 200
    in_process.advance(60)
    assert post(apixo).status_code == 200


def test_ten_tasks_that_are_polled_every_five_seconds_exceed_the_limit(
    in_process: Sandbox, apixo: httpx.Client
) -> None:
    task_ids = [post(apixo, prompt="x [stuck]").json()["data"]["taskId"] for _ in range(10)]
    statuses = []
    for _ in range(6):
        in_process.advance(5)
        replies = [apixo.get(QUERY, params={"taskId": task_id}) for task_id in task_ids]
        statuses.append({reply.status_code for reply in replies})
    assert statuses == [{200}] * 5 + [{429}]


def test_a_key_may_have_another_rate_and_more_slots(in_process: Sandbox) -> None:
    client = in_process_client(in_process, "apixo", "sandbox-rate100-slots80")
    statuses = [post(client).status_code for _ in range(101)]
    assert statuses == [200] * 80 + [429] * 21
    assert_refused(post(client), 429, "Rate")

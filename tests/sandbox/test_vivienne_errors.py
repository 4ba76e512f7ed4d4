"""What Vivienne's gateway refuses, and how."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.sandbox.dialects import body_of, inside

CREATE = "/open/aigw/gateway/generations"
LOOK = "/open/aigw/gateway/generationTask"


@pytest.fixture
def indoors() -> Iterator[Sandbox]:
    with Sandbox.indoors() as sandbox:
        yield sandbox


@pytest.fixture
def vivienne(indoors: Sandbox) -> httpx.Client:
    return inside(indoors, "vivienne")


def post(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> httpx.Response:
    return client.post(CREATE, json={"model": "viduq2_text2video", "prompt": prompt} | fields)


def assert_refused(response: httpx.Response, status: int, code: int) -> None:
    body = body_of(response, status)
    assert (body["code"], body["data"]) == (code, None)
    assert body["message"]


@pytest.mark.parametrize(
    "authorization",
    ["", "Token sandbox-vivienne", "sandbox-vivienne", "Bearer nobody", "Bearer sandbox-bad"],
)
def test_only_a_known_key_behind_the_word_bearer_may_order(
    indoors: Sandbox, vivienne: httpx.Client, authorization: str
) -> None:
    order = {"model": "viduq2_text2video", "prompt": "x"}
    headers = {"Authorization": authorization}
    assert_refused(vivienne.post(CREATE, json=order, headers=headers), 401, 401)
    assert indoors.counts.creates == 0


def test_a_disabled_key_and_an_empty_account_are_told_apart_by_the_message(
    indoors: Sandbox,
) -> None:
    disabled = post(inside(indoors, "vivienne", "sandbox-forbidden"))
    broke = post(inside(indoors, "vivienne", "sandbox-broke"))
    assert_refused(disabled, 403, 403)
    assert_refused(broke, 403, 403)
    assert "disabled" in disabled.json()["message"]
    assert "balance" in broke.json()["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ""},
        {"prompt": "x" * 5001},
        {"model": ""},
        {"model": "viduq2"},
        {"model": "viduq9_text2video"},
        {"model": "viduq2_img2video"},
        {"model": 7},
        {"duration": 11},
        {"duration": 0},
        {"duration": "5"},
        {"duration": True},
        {"model": "viduq1_text2video", "duration": 4},
        {"model": "viduq1_text2video", "resolution": "720p"},
        {"model": "viduq1_text2video", "aspect_ratio": "4:3"},
        {"resolution": "4k"},
        {"aspect_ratio": "21:9"},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": "7"},
        {"bgm": "true"},
        {"callbackUrl": ""},
        {"callbackUrl": "ftp://example.com/"},
        {"callback_url": "https://example.com/"},
        {"style": "anime"},
        {"payload": "job-17"},
        {"params": {}},
    ],
)
def test_an_order_with_other_members_or_values_is_refused(
    indoors: Sandbox, vivienne: httpx.Client, fields: dict[str, Any]
) -> None:
    assert_refused(post(vivienne, **fields), 400, 400)
    assert indoors.counts.creates == 0


@pytest.mark.parametrize("name", ["viduq3-pro", "viduq3_pro", "viduq3_turbo", "viduq2", "viduq1"])
def test_a_model_is_named_with_its_kind(vivienne: httpx.Client, name: str) -> None:
    assert body_of(post(vivienne, model=f"{name}_text2video"))["code"] == 1000


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(vivienne: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert_refused(vivienne.post(CREATE, content=body, headers=headers), 400, 400)


def test_a_body_must_say_that_it_is_json(vivienne: httpx.Client) -> None:
    body = json.dumps({"model": "viduq2_text2video", "prompt": "x"}).encode()
    assert_refused(vivienne.post(CREATE, content=body), 400, 400)


def test_a_key_may_want_its_fields_nested(indoors: Sandbox) -> None:
    client = inside(indoors, "vivienne", "sandbox-params")
    nested = {"model": "viduq2_text2video", "params": {"prompt": "A lighthouse", "duration": 3}}
    assert body_of(client.post(CREATE, json=nested))["code"] == 1000
    assert_refused(post(client), 400, 400)
    (task,) = indoors.tasks.values()
    assert (task.order["prompt"], task.order["duration"]) == ("A lighthouse", 3)


@pytest.mark.parametrize(
    ("fields", "points"),
    [
        ({}, 10),
        ({"resolution": "1080p", "duration": 10}, 30),
        ({"model": "viduq3-pro_text2video", "duration": 16}, 128),
        ({"model": "viduq3-turbo_text2video", "resolution": "540p"}, 15),
        ({"model": "viduq1_text2video"}, 25),
    ],
)
def test_points_follow_the_figures(
    indoors: Sandbox, vivienne: httpx.Client, fields: dict[str, Any], points: int
) -> None:
    number = post(vivienne, **fields).json()["data"]["taskNo"]
    assert indoors.tasks[number].price == points


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("refuse", 400, 400),
        ("refuse 401", 401, 401),
        ("refuse disabled", 403, 403),
        ("refuse balance", 403, 403),
        ("refuse 2001", 200, 2001),
        ("429", 429, 429),
        ("500 before", 500, 500),
    ],
)
def test_an_error_can_be_asked_for(
    indoors: Sandbox, vivienne: httpx.Client, word: str, status: int, code: int
) -> None:
    assert_refused(post(vivienne, f"x [{word}]"), status, code)
    assert indoors.counts.creates == 0


def test_a_busy_account_is_throttled(indoors: Sandbox) -> None:
    assert_refused(post(inside(indoors, "vivienne", "sandbox-busy")), 429, 429)


@pytest.mark.parametrize(
    ("word", "made"), [("code in 200", 0), ("garbled", 1), ("not JSON", 1), ("503 after", 1)]
)
def test_a_reply_may_be_an_error_or_no_json(
    indoors: Sandbox, vivienne: httpx.Client, word: str, made: int
) -> None:
    response = post(vivienne, f"x [{word}]")
    assert response.status_code == (503 if word[0] == "5" else 200)
    if word == "code in 200":
        assert response.json()["code"] == 1001
    else:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            response.json()
    assert indoors.counts.creates == made


def test_a_reply_may_lack_its_data_or_hold_its_number_elsewhere(vivienne: httpx.Client) -> None:
    assert body_of(post(vivienne, "x [no data]")) == {"code": 1000, "message": "success"}
    assert body_of(post(vivienne, "x [no task id]"))["data"] == {}
    assert len(body_of(post(vivienne, "x [top level]"))["taskNo"]) == 32


def test_the_first_look_may_lack_its_data(vivienne: httpx.Client) -> None:
    number = post(vivienne, "x [query no data]").json()["data"]["taskNo"]
    looks = [body_of(vivienne.get(LOOK, params={"taskNo": number})) for _ in range(2)]
    assert ["data" in look for look in looks] == [False, True]


def test_an_unknown_number_is_an_error_in_a_200(indoors: Sandbox, vivienne: httpx.Client) -> None:
    number = post(vivienne).json()["data"]["taskNo"]
    assert_refused(vivienne.get(LOOK, params={"taskNo": "0" * 32}), 200, 1004)
    other = inside(indoors, "vivienne", "sandbox-other")
    assert_refused(other.get(LOOK, params={"taskNo": number}), 200, 1004)
    assert_refused(vivienne.get(LOOK), 400, 400)


def test_what_is_not_there_is_404(vivienne: httpx.Client) -> None:
    assert_refused(vivienne.get(CREATE), 404, 404)
    assert_refused(vivienne.post("/open/aigw/gateway/other"), 404, 404)

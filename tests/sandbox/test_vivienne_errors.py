"""What Vivienne's gateway refuses, and how (docs/wire.md, 3.5)."""

import json
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import body_of, in_process_client

CREATE = "/open/aigw/gateway/generations"
QUERY = "/open/aigw/gateway/generationTask"

FORBIDDEN_ORDERS: list[dict[str, Any]] = [
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
]


@pytest.fixture
def vivienne(in_process: Sandbox) -> httpx.Client:
    return in_process_client(in_process, "vivienne")


def post(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> httpx.Response:
    return client.post(CREATE, json={"model": "viduq2_text2video", "prompt": prompt} | fields)


def assert_refused(response: httpx.Response, status: int, code: int) -> None:
    body = body_of(response, status)
    assert (body["code"], body["data"]) == (code, None)
    assert body["message"]


def test_only_a_known_key_behind_the_word_bearer_may_order(
    in_process: Sandbox, vivienne: httpx.Client
) -> None:
    for authorization in (
        "",
        "Token sandbox-vivienne",
        "sandbox-vivienne",
        "Bearer nobody",
        "Bearer sandbox-bad",
    ):
        with case(authorization):
            vivienne.headers["Authorization"] = authorization
            assert_refused(post(vivienne, "x"), 401, 401)
            assert in_process.counts.creates == 0


def test_the_message_distinguishes_a_disabled_key_from_an_empty_account(
    in_process: Sandbox,
) -> None:
    disabled = post(in_process_client(in_process, "vivienne", "sandbox-forbidden"))
    broke = post(in_process_client(in_process, "vivienne", "sandbox-broke"))
    assert_refused(disabled, 403, 403)
    assert_refused(broke, 403, 403)
    assert "disabled" in disabled.json()["message"]
    assert "balance" in broke.json()["message"]


def test_an_order_with_other_members_or_values_is_refused(
    in_process: Sandbox, vivienne: httpx.Client
) -> None:
    for fields in FORBIDDEN_ORDERS:
        with case(fields):
            assert_refused(post(vivienne, **fields), 400, 400)
            assert in_process.counts.creates == 0


def test_a_model_is_named_with_its_kind(vivienne: httpx.Client) -> None:
    for name in ("viduq3-pro", "viduq3_pro", "viduq3_turbo", "viduq2", "viduq1"):
        with case(name):
            assert body_of(post(vivienne, model=f"{name}_text2video"))["code"] == 1000


def test_a_body_that_is_no_object_is_refused(vivienne: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[]", b"\xff"):
        with case(body):
            assert_refused(vivienne.post(CREATE, content=body, headers=headers), 400, 400)


def test_a_body_must_say_that_it_is_json(vivienne: httpx.Client) -> None:
    body = json.dumps({"model": "viduq2_text2video", "prompt": "x"}).encode()
    assert_refused(vivienne.post(CREATE, content=body), 400, 400)


def test_a_key_may_want_its_fields_nested(in_process: Sandbox) -> None:
    client = in_process_client(in_process, "vivienne", "sandbox-params")
    nested = {"model": "viduq2_text2video", "params": {"prompt": "A lighthouse", "duration": 3}}
    assert body_of(client.post(CREATE, json=nested))["code"] == 1000
    assert_refused(post(client), 400, 400)
    (task,) = in_process.tasks.values()
    assert (task.order["prompt"], task.order["duration"]) == ("A lighthouse", 3)


def test_points_follow_the_figures(in_process: Sandbox, vivienne: httpx.Client) -> None:
    orders: list[tuple[dict[str, Any], int]] = [
        ({}, 10),
        ({"resolution": "1080p", "duration": 10}, 30),
        ({"model": "viduq3-pro_text2video", "duration": 16}, 128),
        ({"model": "viduq3-turbo_text2video", "resolution": "540p"}, 15),
        ({"model": "viduq1_text2video"}, 25),
    ]
    for fields, points in orders:
        with case(fields):
            task_id = post(vivienne, **fields).json()["data"]["taskNo"]
            assert in_process.tasks[task_id].price == points


def test_an_error_can_be_asked_for(in_process: Sandbox, vivienne: httpx.Client) -> None:
    for directive, status, code in [
        ("refuse", 400, 400),
        ("refuse 401", 401, 401),
        ("refuse disabled", 403, 403),
        ("refuse balance", 403, 403),
        ("refuse 2001", 200, 2001),
        ("429", 429, 429),
        ("500 before", 500, 500),
    ]:
        with case(directive):
            assert_refused(post(vivienne, f"x [{directive}]"), status, code)
            assert in_process.counts.creates == 0


def test_a_busy_account_is_throttled(in_process: Sandbox) -> None:
    busy = in_process_client(in_process, "vivienne", "sandbox-busy")
    assert_refused(post(busy), 429, 429)


def test_a_reply_may_be_an_error_or_no_json(in_process: Sandbox, vivienne: httpx.Client) -> None:
    for directive, creates in [
        ("code in 200", 0),
        ("garbled", 1),
        ("not JSON", 1),
        ("503 after", 1),
    ]:
        with case(directive):
            in_process.reset()
            response = post(vivienne, f"x [{directive}]")
            assert response.status_code == (503 if directive[0] == "5" else 200)
            if directive == "code in 200":
                assert response.json()["code"] == 1001
            else:
                with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
                    response.json()
            assert in_process.counts.creates == creates


def test_a_reply_may_lack_its_data_or_hold_its_id_elsewhere(vivienne: httpx.Client) -> None:
    assert body_of(post(vivienne, "x [no data]")) == {"code": 1000, "message": "success"}
    assert body_of(post(vivienne, "x [no task id]"))["data"] == {}
    assert len(body_of(post(vivienne, "x [top level]"))["taskNo"]) == 32


def test_the_first_query_may_lack_its_data(vivienne: httpx.Client) -> None:
    task_id = post(vivienne, "x [query no data]").json()["data"]["taskNo"]
    replies = [body_of(vivienne.get(QUERY, params={"taskNo": task_id})) for _ in range(2)]
    assert ["data" in reply for reply in replies] == [False, True]


def test_an_unknown_task_is_an_error_in_a_200(in_process: Sandbox, vivienne: httpx.Client) -> None:
    task_id = post(vivienne).json()["data"]["taskNo"]
    assert_refused(vivienne.get(QUERY, params={"taskNo": "0" * 32}), 200, 1004)
    other = in_process_client(in_process, "vivienne", "sandbox-other")
    assert_refused(other.get(QUERY, params={"taskNo": task_id}), 200, 1004)
    assert_refused(vivienne.get(QUERY), 400, 400)


def test_an_unknown_address_is_404(vivienne: httpx.Client) -> None:
    assert_refused(vivienne.get(CREATE), 404, 404)
    assert_refused(vivienne.post("/open/aigw/gateway/other"), 404, 404)

"""What the relay refuses, and in which of its error bodies (docs/wire.md, 4.4)."""

import json
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import body_of, client_of, in_process_client

CREATE = "/ent/v2/text2video"
QUERY = "/vidu-native/video/generations/{}"
BUSY = "当前分组上游负载已饱和，请稍后再试"

FORBIDDEN_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "FieldLacking"),
    ({"model": None}, "FieldLacking"),
    ({"model": "viduq2-pro"}, "FieldInvalid"),
    ({"model": ["viduq2"]}, "FieldInvalid"),
    ({"prompt": "x" * 2001}, "FieldInvalid"),
    ({"prompt": 7}, "FieldInvalid"),
    ({"style": "noir"}, "FieldInvalid"),
    ({"duration": 11}, "FieldInvalid"),
    ({"duration": 0}, "FieldInvalid"),
    ({"duration": "5"}, "FieldInvalid"),
    ({"duration": 5.5}, "FieldInvalid"),
    ({"duration": True}, "FieldInvalid"),
    ({"model": "viduq3-pro", "duration": 17}, "FieldInvalid"),
    ({"model": "viduq1", "duration": 4}, "FieldInvalid"),
    ({"model": "viduq1", "resolution": "720p"}, "FieldInvalid"),
    ({"model": "viduq3-pro", "aspect_ratio": "4:3"}, "FieldInvalid"),
    ({"model": "viduq3-turbo", "aspect_ratio": "3:4"}, "FieldInvalid"),
    ({"model": "viduq1", "aspect_ratio": "4:3"}, "FieldInvalid"),
    ({"aspect_ratio": "21:9"}, "FieldInvalid"),
    ({"resolution": "4k"}, "FieldInvalid"),
    ({"seed": -1}, "FieldInvalid"),
    ({"seed": "-1"}, "FieldInvalid"),
    ({"seed": 2**31}, "FieldInvalid"),
    ({"seed": str(2**31)}, "FieldInvalid"),
    ({"seed": "9" * 5000}, "FieldInvalid"),
    ({"seed": None}, "FieldInvalid"),
    ({"movement_amplitude": "huge"}, "FieldInvalid"),
    ({"bgm": "yes"}, "FieldInvalid"),
    ({"bgm": 1}, "FieldInvalid"),
    ({"watermark": "True"}, "FieldInvalid"),
    ({"wm_position": 5}, "FieldInvalid"),
    ({"wm_position": "0"}, "FieldInvalid"),
    ({"wm_position": True}, "FieldInvalid"),
    ({"wm_url": "ftp://cdn.example/x"}, "FieldInvalid"),
    ({"meta_data": "{"}, "FieldInvalid"),
    ({"meta_data": {}}, "FieldInvalid"),
    ({"payload": "x" * 1_048_577}, "FieldInvalid"),
    ({"callback_url": "/callbacks"}, "FieldInvalid"),
    ({"audio": True}, "FieldUnwanted"),
    ({"off_peak": False}, "FieldUnwanted"),
    ({"images": []}, "FieldUnwanted"),
    ({"client_request_id": ""}, "FieldUnwanted"),
]
NO_OBJECTS = [
    b"",
    b"[]",
    b"{",
    b'{"model": NaN}',
    b'{"a": 1, "a": 2}',
    b'{"prompt": "\\ud800"}',
]


@pytest.fixture
def relay(in_process: Sandbox) -> httpx.Client:
    return in_process_client(in_process, "relay")


def post(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> httpx.Response:
    return client.post(CREATE, json={"model": "viduq2", "prompt": prompt} | fields)


def vidu_reason(response: httpx.Response, status: int = 400) -> str:
    """The reason of Vidu's error, which the relay passes on as text."""
    body = body_of(response, status)
    assert (body["code"], body["data"]) == ("fail_to_fetch_task", None)
    return str(json.loads(body["message"])["reason"])


def test_only_a_known_key_behind_the_word_bearer_may_order(
    in_process: Sandbox, relay: httpx.Client
) -> None:
    for authorization in (
        "",
        "Token sandbox-relay",
        "sandbox-relay",
        "Bearer nobody",
        "Bearer sandbox-bad",
    ):
        with case(authorization):
            relay.headers["Authorization"] = authorization
            error = body_of(post(relay, "x"), 401)["error"]
            assert (error["type"], error["code"]) == ("new_api_error", "")
            assert "request id: " in error["message"]
            assert in_process.counts.creates == 0


def test_the_base_path_distinguishes_the_relay_from_vidu(sandbox: Sandbox) -> None:
    for dialect, scheme, status in [
        ("vidu", "Token", 200),
        ("vidu", "Bearer", 401),
        ("relay", "Bearer", 200),
        ("relay", "Token", 401),
    ]:
        with case((dialect, scheme)), client_of(sandbox, dialect) as client:
            client.headers["Authorization"] = f"{scheme} sandbox-both"
            assert post(client, "x").status_code == status
    assert sandbox.counts.by_dialect == {"vidu": 1, "relay": 1}


def test_an_order_that_the_page_forbids_is_refused_with_an_error_of_vidu(
    in_process: Sandbox, relay: httpx.Client
) -> None:
    for fields, reason in FORBIDDEN_ORDERS:
        with case(fields):
            assert vidu_reason(post(relay, **fields)) == reason
            assert in_process.counts.creates == 0


def test_a_body_that_is_no_plain_object_is_refused(relay: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in NO_OBJECTS:
        with case(body):
            assert vidu_reason(relay.post(CREATE, content=body, headers=headers)) == "BadRequest"


def test_a_body_must_say_that_it_is_json(relay: httpx.Client) -> None:
    body = json.dumps({"model": "viduq2", "prompt": "x"}).encode()
    assert vidu_reason(relay.post(CREATE, content=body)) == "BadRequest"


def test_a_key_without_quota_is_refused_with_403(in_process: Sandbox) -> None:
    body = body_of(post(in_process_client(in_process, "relay", "sandbox-broke")), 403)
    assert (body["code"], body["data"]) == ("insufficient_user_quota", None)


def test_quota_may_be_refused_with_429_or_in_the_other_body(relay: httpx.Client) -> None:
    body = body_of(post(relay, "x [429 insufficient_user_quota]"), 429)
    assert (body["code"], body["message"]) == ("insufficient_user_quota", BUSY)
    nested = body_of(post(relay, "x [refuse error insufficient_user_quota]"), 403)["error"]
    assert (nested["type"], nested["code"]) == ("new_api_error", "insufficient_user_quota")


def test_the_message_of_every_429_is_the_same_sentence(
    in_process: Sandbox, relay: httpx.Client
) -> None:
    for directive in ("[429]", "[429 SystemThrottling]"):
        with case(directive):
            assert body_of(post(relay, f"x {directive}"), 429)["message"] == BUSY
    busy = in_process_client(in_process, "relay", "sandbox-busy")
    assert body_of(post(busy), 429)["message"] == BUSY


def test_the_relay_has_errors_of_its_own(in_process: Sandbox) -> None:
    for key, directive, status in [
        ("sandbox-forbidden", "", 403),
        ("", "[refuse unauthorized]", 401),
        ("", "[refuse no_channel]", 503),
    ]:
        with case((key, directive)):
            client = in_process_client(in_process, "relay", key)
            body = body_of(post(client, f"x {directive}"), status)
            assert body["error"]["type"] == "new_api_error"


def test_an_error_of_vidu_is_passed_on_as_text(relay: httpx.Client) -> None:
    for reason, status in [
        ("CreationPolicyViolation", 400),
        ("CreditInsufficient", 400),
        ("InternalServiceFailure", 500),
    ]:
        with case(reason):
            assert vidu_reason(post(relay, f"x [refuse {reason}]"), status) == reason


def test_the_text_that_is_passed_on_may_be_a_page(relay: httpx.Client) -> None:
    body = body_of(post(relay, "x [refuse fail_to_fetch_task]"), 500)
    assert body["code"] == "fail_to_fetch_task"
    assert body["message"].startswith("<html>")


def test_an_answer_may_be_a_page_or_broken(in_process: Sandbox, relay: httpx.Client) -> None:
    for directive, status, creates in [
        ("502 before", 502, 0),
        ("502 after", 502, 1),
        ("not JSON", 200, 1),
        ("garbled", 200, 1),
        ("code in 200", 200, 0),
    ]:
        with case(directive):
            in_process.reset()
            response = post(relay, f"x [{directive}]")
            assert response.status_code == status
            assert in_process.counts.creates == creates
            assert response.content.startswith(b"<html" if directive[0] in "5n" else b"{")


def test_a_connection_may_drop_after_the_task_was_created(sandbox: Sandbox) -> None:
    with client_of(sandbox, "relay") as client, pytest.raises(httpx.RemoteProtocolError):
        post(client, "x [drop after]")
    assert sandbox.counts.creates == 1


def test_a_task_that_is_unknown_or_of_another_key_does_not_exist(
    in_process: Sandbox, relay: httpx.Client
) -> None:
    task_id = post(relay).json()["task_id"]
    for key, asked in [("", "1"), ("", "abc"), ("sandbox-other", task_id)]:
        with case((key, asked)):
            client = in_process_client(in_process, "relay", key)
            body = body_of(client.get(QUERY.format(asked)), 400)
            assert body == {"code": "task_not_exist", "message": "task_not_exist", "data": None}


def test_the_first_query_may_fail(relay: httpx.Client) -> None:
    address = QUERY.format(post(relay, "x [query 502 before]").json()["task_id"])
    assert [relay.get(address).status_code for _ in range(2)] == [502, 200]


def test_the_task_id_may_be_missing_or_a_json_number(relay: httpx.Client) -> None:
    assert "task_id" not in post(relay, "x [no task id]").json()
    assert isinstance(post(relay, "x [task id number]").json()["task_id"], int)


def test_a_fault_of_a_key_applies_as_often_as_it_was_set(
    in_process: Sandbox, relay: httpx.Client
) -> None:
    in_process.set_fault("sandbox-relay", "[429 SystemThrottling]", on="create", times=2)
    assert [post(relay).status_code for _ in range(3)] == [429, 429, 200]
    in_process.set_fault("sandbox-relay", "[503 before]", on="query", times=1)
    address = QUERY.format(post(relay).json()["task_id"])
    assert [relay.get(address).status_code for _ in range(2)] == [503, 200]


def test_an_unknown_address_is_404(relay: httpx.Client) -> None:
    for method, path in [
        ("GET", CREATE),
        ("POST", "/ent/v2/img2video"),
        ("GET", "/ent/v2/credits"),
    ]:
        with case((method, path)):
            error = body_of(relay.request(method, path), 404)["error"]
            assert error["type"] == "new_api_error"

"""What the relay refuses, and in which of its error bodies."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.sandbox.dialects import body_of, inside, speaking

CREATE = "/ent/v2/text2video"
BUSY = "当前分组上游负载已饱和，请稍后再试"


@pytest.fixture
def indoors() -> Iterator[Sandbox]:
    with Sandbox.indoors() as sandbox:
        yield sandbox


def post(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> httpx.Response:
    return client.post(CREATE, json={"model": "viduq2", "prompt": prompt} | fields)


def upstream_reason(response: httpx.Response, status: int = 400) -> str:
    """The reason of the error that the relay passes on as text."""
    body = body_of(response, status)
    assert (body["code"], body["data"]) == ("fail_to_fetch_task", None)
    return str(json.loads(body["message"])["reason"])


@pytest.mark.parametrize(
    "authorization",
    ["", "Token sandbox-relay", "sandbox-relay", "Bearer nobody", "Bearer sandbox-bad"],
)
def test_only_a_known_key_behind_the_word_bearer_may_order(
    indoors: Sandbox, authorization: str
) -> None:
    client = inside(indoors, "relay")
    headers = {"Authorization": authorization}
    response = client.post(CREATE, json={"model": "viduq2", "prompt": "x"}, headers=headers)
    error = body_of(response, 401)["error"]
    assert (error["type"], error["code"]) == ("new_api_error", "")
    assert "request id: " in error["message"]
    assert indoors.counts.creates == 0


def test_the_base_path_tells_the_relay_from_vidu(sandbox: Sandbox) -> None:
    order = {"model": "viduq2", "prompt": "x"}
    for dialect, scheme, status in [
        ("vidu", "Token", 200),
        ("vidu", "Bearer", 401),
        ("relay", "Bearer", 200),
        ("relay", "Token", 401),
    ]:
        headers = {"Authorization": f"{scheme} sandbox-both"}
        response = httpx.post(sandbox.address(dialect) + CREATE, json=order, headers=headers)
        assert response.status_code == status
    assert sandbox.counts.by_dialect == {"vidu": 1, "relay": 1}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
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
    ],
)
def test_an_order_that_the_page_forbids_is_refused_with_the_error_of_vidu(
    indoors: Sandbox, fields: dict[str, Any], reason: str
) -> None:
    assert upstream_reason(post(inside(indoors, "relay"), **fields)) == reason
    assert indoors.counts.creates == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"model": NaN}', b'{"a": 1, "a": 2}', b'{"prompt": "\\ud800"}']
)
def test_a_body_that_is_no_plain_object_is_refused(indoors: Sandbox, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = inside(indoors, "relay").post(CREATE, content=body, headers=headers)
    assert upstream_reason(response) == "BadRequest"


def test_a_body_must_say_that_it_is_json(indoors: Sandbox) -> None:
    body = json.dumps({"model": "viduq2", "prompt": "x"}).encode()
    response = inside(indoors, "relay").post(CREATE, content=body)
    assert upstream_reason(response) == "BadRequest"


def test_a_key_without_quota_is_refused_with_403(indoors: Sandbox) -> None:
    body = body_of(post(inside(indoors, "relay", "sandbox-broke")), 403)
    assert (body["code"], body["data"]) == ("insufficient_user_quota", None)


def test_quota_may_be_refused_with_429_or_in_the_other_body(indoors: Sandbox) -> None:
    client = inside(indoors, "relay")
    body = body_of(post(client, "x [429 insufficient_user_quota]"), 429)
    assert (body["code"], body["message"]) == ("insufficient_user_quota", BUSY)
    nested = body_of(post(client, "x [refuse error insufficient_user_quota]"), 403)["error"]
    assert (nested["type"], nested["code"]) == ("new_api_error", "insufficient_user_quota")


@pytest.mark.parametrize("where", ["[429]", "[429 SystemThrottling]"])
def test_the_message_of_every_429_is_the_same_sentence(indoors: Sandbox, where: str) -> None:
    assert body_of(post(inside(indoors, "relay"), f"x {where}"), 429)["message"] == BUSY
    assert body_of(post(inside(indoors, "relay", "sandbox-busy")), 429)["message"] == BUSY


@pytest.mark.parametrize(
    ("key", "word", "status"),
    [
        ("sandbox-forbidden", "", 403),
        ("", "[refuse unauthorized]", 401),
        ("", "[refuse no_channel]", 503),
    ],
)
def test_the_relay_has_errors_of_its_own(
    indoors: Sandbox, key: str, word: str, status: int
) -> None:
    body = body_of(post(inside(indoors, "relay", key), f"x {word}"), status)
    assert body["error"]["type"] == "new_api_error"


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("CreationPolicyViolation", 400),
        ("CreditInsufficient", 400),
        ("InternalServiceFailure", 500),
    ],
)
def test_an_upstream_error_is_passed_on_as_text(indoors: Sandbox, reason: str, status: int) -> None:
    response = post(inside(indoors, "relay"), f"x [refuse {reason}]")
    assert upstream_reason(response, status) == reason


def test_the_upstream_text_may_be_a_page(indoors: Sandbox) -> None:
    body = body_of(post(inside(indoors, "relay"), "x [refuse fail_to_fetch_task]"), 500)
    assert body["code"] == "fail_to_fetch_task"
    assert body["message"].startswith("<html>")


@pytest.mark.parametrize(
    ("word", "status", "made"),
    [
        ("502 before", 502, 0),
        ("502 after", 502, 1),
        ("not JSON", 200, 1),
        ("garbled", 200, 1),
        ("code in 200", 200, 0),
    ],
)
def test_an_answer_may_be_a_page_or_broken(
    indoors: Sandbox, word: str, status: int, made: int
) -> None:
    response = post(inside(indoors, "relay"), f"x [{word}]")
    assert response.status_code == status
    assert indoors.counts.creates == made
    assert response.content.startswith(b"<html" if word[0] in "5n" else b"{")


def test_a_connection_may_drop_after_the_task_was_made(sandbox: Sandbox) -> None:
    with speaking(sandbox, "relay") as client, pytest.raises(httpx.RemoteProtocolError):
        post(client, "x [drop after]")
    assert sandbox.counts.creates == 1


def test_a_task_that_is_unknown_or_of_another_key_does_not_exist(indoors: Sandbox) -> None:
    number = post(inside(indoors, "relay")).json()["task_id"]
    for key, asked in [("", "1"), ("", "abc"), ("sandbox-other", number)]:
        client = inside(indoors, "relay", key)
        body = body_of(client.get(f"/vidu-native/video/generations/{asked}"), 400)
        assert body == {"code": "task_not_exist", "message": "task_not_exist", "data": None}


def test_the_first_look_may_go_wrong(indoors: Sandbox) -> None:
    client = inside(indoors, "relay")
    number = post(client, "x [query 502 before]").json()["task_id"]
    address = f"/vidu-native/video/generations/{number}"
    assert [client.get(address).status_code for _ in range(2)] == [502, 200]


def test_the_number_may_be_lacking_or_a_json_number(indoors: Sandbox) -> None:
    client = inside(indoors, "relay")
    assert "task_id" not in post(client, "x [no task id]").json()
    assert isinstance(post(client, "x [task id number]").json()["task_id"], int)


def test_a_fault_of_a_key_strikes_as_often_as_it_was_told(indoors: Sandbox) -> None:
    client = inside(indoors, "relay")
    indoors.fault("sandbox-relay", "[429 SystemThrottling]", on="create", times=2)
    assert [post(client).status_code for _ in range(3)] == [429, 429, 200]
    indoors.fault("sandbox-relay", "[503 before]", on="query", times=1)
    number = post(client).json()["task_id"]
    address = f"/vidu-native/video/generations/{number}"
    assert [client.get(address).status_code for _ in range(2)] == [503, 200]


def test_what_is_not_there_is_404(indoors: Sandbox) -> None:
    client = inside(indoors, "relay")
    for method, path in [
        ("GET", CREATE),
        ("POST", "/ent/v2/img2video"),
        ("GET", "/ent/v2/credits"),
    ]:
        assert body_of(client.request(method, path), 404)["error"]["type"] == "new_api_error"

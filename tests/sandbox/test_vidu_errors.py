"""What Vidu refuses, and with which of its errors (docs/wire.md, 2.10)."""

from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import http_client
from tests.sandbox.orders import create, finish, order, post, query_task

# https://platform.vidu.com/docs/error-code
STATUSES = {
    "BadRequest": 400,
    "FieldInvalid": 400,
    "FieldLacking": 400,
    "FieldUnwanted": 400,
    "FieldItemCountOutOfRange": 400,
    "PageSizeOutOfRange": 400,
    "ImageDownloadFailure": 400,
    "ImageFormatInvalid": 400,
    "ImageCheckBodyJointsFailed": 400,
    "ImageCheckFaceFailed": 400,
    "ImageObjectsUndetected": 400,
    "OperationInProcess": 400,
    "TaskPromptPolicyViolation": 400,
    "AuditSubmitIllegal": 400,
    "CreationPolicyViolation": 400,
    "CreditInsufficient": 400,
    "ModelUnavailable": 400,
    "UserCancelled": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "TaskNotFound": 404,
    "CreationNotFound": 404,
    "NotFound": 404,
    "Conflict": 409,
    "QuotaExceeded": 429,
    "TooManyRequests": 429,
    "SystemThrottling": 429,
    "Canceled": 499,
    "InternalServiceFailure": 500,
}

AUTHORIZATIONS = [
    (None, 401, "Unauthorized"),
    ("Bearer sandbox-studio", 401, "Unauthorized"),
    ("sandbox-studio", 401, "Unauthorized"),
    ("Token nobody", 401, "Unauthorized"),
    ("Token sandbox-bad", 401, "Unauthorized"),
    ("Token sandbox-forbidden", 403, "Forbidden"),
    ("Token sandbox-broke", 400, "CreditInsufficient"),
    ("Token sandbox-busy", 429, "TooManyRequests"),
]

FORBIDDEN_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "FieldLacking"),
    ({"model": ""}, "FieldLacking"),
    ({"model": "viduq9"}, "FieldInvalid"),
    ({"model": "viduq3-pro-fast"}, "FieldInvalid"),
    ({"duration": 17}, "FieldInvalid"),
    ({"duration": "5"}, "FieldInvalid"),
    ({"duration": True}, "FieldInvalid"),
    ({"model": "viduq2", "duration": 11}, "FieldInvalid"),
    ({"model": "viduq1", "duration": 4}, "FieldInvalid"),
    ({"model": "viduq1", "resolution": "720p"}, "FieldInvalid"),
    ({"model": "viduq1", "aspect_ratio": "4:3"}, "FieldInvalid"),
    ({"model": "viduq2", "audio": True}, "FieldInvalid"),
    ({"resolution": "4k"}, "FieldInvalid"),
    ({"aspect_ratio": "21:9"}, "FieldInvalid"),
    ({"seed": -1}, "FieldInvalid"),
    ({"seed": 2**31}, "FieldInvalid"),
    ({"style": "noir"}, "FieldInvalid"),
    ({"wm_position": 5}, "FieldInvalid"),
    ({"meta_data": "not JSON"}, "FieldInvalid"),
    ({"callback_url": "ftp://example.com/"}, "FieldInvalid"),
    ({"prompt": "x" * 5001}, "FieldInvalid"),
    ({"payload": "x" * 1_048_577}, "FieldInvalid"),
    ({"images": []}, "FieldUnwanted"),
    ({"negative_prompt": "x"}, "FieldUnwanted"),
]

CREDITS: list[tuple[dict[str, Any], int]] = [
    ({"model": "viduq3-pro"}, 100),
    ({"model": "viduq3-pro", "off_peak": True}, 50),
    ({"model": "viduq3-pro", "resolution": "1080p", "duration": 16}, 384),
    ({"model": "viduq3-turbo", "resolution": "540p", "duration": 1}, 7),
    ({"model": "viduq2"}, 35),
    ({"model": "viduq2", "resolution": "1080p", "duration": 10}, 110),
    ({"model": "viduq2", "off_peak": True}, 18),
    ({"model": "viduq1"}, 80),
]


def assert_refused(response: httpx.Response, status: int, reason: str) -> None:
    """The response is an error with this status and reason."""
    body = response.json()
    assert (response.status_code, body["code"], body["reason"]) == (status, status, reason)
    assert body["message"]
    assert body["metadata"]["trace_id"]


def balance(client: httpx.Client) -> dict[str, Any]:
    """The row of the credits reply."""
    remains: dict[str, Any] = client.get("/ent/v2/credits?show_detail=false").json()["remains"][0]
    return remains


def test_only_a_known_key_behind_the_word_token_may_order(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    del client.headers["Authorization"]
    for authorization, status, reason in AUTHORIZATIONS:
        headers = {"Authorization": authorization} if authorization else {}
        with case(authorization):
            response = client.post("/ent/v2/text2video", json=order(), headers=headers)
            assert_refused(response, status, reason)
            assert sandbox.counts.creates == 0


def test_an_order_that_the_documents_forbid_is_refused(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for fields, reason in FORBIDDEN_ORDERS:
        with case(fields):
            response = client.post("/ent/v2/text2video", json=order() | fields)
            assert_refused(response, 400, reason)
            assert sandbox.counts.creates == 0


def test_a_body_that_is_no_object_is_a_bad_request(client: httpx.Client) -> None:
    for body in (b"", b"{", b"[]", b"\xff"):
        with case(body):
            assert_refused(client.post("/ent/v2/text2video", content=body), 400, "BadRequest")


def test_a_body_over_20_megabytes_is_too_large(client: httpx.Client) -> None:
    response = client.post("/ent/v2/text2video", content=b" " * (20 * 1024 * 1024 + 1))
    assert_refused(response, 413, "BadRequest")


def test_credits_follow_the_price_table(client: httpx.Client) -> None:
    for fields, credits in CREDITS:
        with case(fields):
            assert post(client, "A lighthouse", **fields).json()["credits"] == credits


def test_every_row_of_the_error_table_can_be_asked_for(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for reason, status in STATUSES.items():
        with case(reason):
            assert_refused(post(client, f"A lighthouse [refuse {reason}]"), status, reason)
            assert sandbox.counts.creates == 0


def test_a_throttled_create_can_be_asked_for(client: httpx.Client) -> None:
    assert_refused(post(client, "x [429 SystemThrottling]"), 429, "SystemThrottling")
    assert_refused(post(client, "x [429]"), 429, "TooManyRequests")


def test_a_failed_task_names_its_code_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for reason in ("CreationPolicyViolation", "AuditSubmitIllegal", "ImageCheckFaceFailed"):
        with case(reason):
            body = finish(sandbox, client, f"A lighthouse [fail {reason}]")
            assert (body["state"], body["err_code"], body["credits"]) == ("failed", reason, 0)
            assert body["creations"] == []
            assert balance(client)["credit_remain"] == 100_000


def test_a_task_can_fail_in_its_create_reply(client: httpx.Client) -> None:
    body = post(client, "x [failed at once]").json()
    assert (body["state"], body["credits"]) == ("failed", 0)
    assert query_task(client, body["task_id"])["state"] == "failed"


def test_the_balance_moves_with_the_tasks(sandbox: Sandbox, client: httpx.Client) -> None:
    for index in range(7):
        create(client, f"Clip {index}", model="viduq2")
    sandbox.advance(2)
    remains = balance(client)
    assert remains["credit_remain"] == 100_000 - 7 * 35
    assert (remains["concurrency_limit"], remains["current_concurrency"]) == (5, 5)
    assert remains["queue_count"] == 2


def test_an_account_runs_out_of_credits(sandbox: Sandbox) -> None:
    with http_client(sandbox.url, "Token sandbox-few") as client:
        for _ in range(2):
            assert post(client, "x", model="viduq2").status_code == 200
        assert_refused(post(client, "x", model="viduq2"), 400, "CreditInsufficient")


def test_a_task_over_the_slots_is_refused_when_a_directive_or_the_key_says_so(
    client: httpx.Client,
) -> None:
    for index in range(5):
        create(client, f"Clip {index} [quota]")
    assert_refused(post(client, "Clip 6 [quota]"), 429, "QuotaExceeded")
    assert post(client, "Clip 7").status_code == 200


def test_an_id_that_is_no_number_is_refused_before_the_key_is_checked(
    client: httpx.Client,
) -> None:
    del client.headers["Authorization"]
    assert_refused(client.get("/ent/v2/tasks/abc/creations"), 400, "CODEC")


def test_task_zero_distinguishes_a_good_key_from_a_bad_one(client: httpx.Client) -> None:
    assert_refused(client.get("/ent/v2/tasks/0/creations"), 404, "TaskNotFound")
    del client.headers["Authorization"]
    assert_refused(client.get("/ent/v2/tasks/0/creations"), 401, "Unauthorized")


def test_a_task_is_hidden_from_other_keys(client: httpx.Client) -> None:
    task_id = create(client)
    response = client.get(
        f"/ent/v2/tasks/{task_id}/creations", headers={"Authorization": "Token sandbox-other"}
    )
    assert_refused(response, 404, "TaskNotFound")


def test_a_waiting_task_is_cancelled_and_its_credits_are_refunded(client: httpx.Client) -> None:
    task_id = create(client)
    response = client.post(f"/ent/v2/tasks/{task_id}/cancel", json={"id": task_id})
    assert (response.status_code, response.json()) == (200, {})
    body = query_task(client, task_id)
    assert (body["state"], body["err_code"]) == ("failed", "UserCancelled")
    assert balance(client)["credit_remain"] == 100_000


def test_a_running_task_is_not_cancelled(sandbox: Sandbox, client: httpx.Client) -> None:
    task_id = create(client)
    sandbox.advance(2)
    response = client.post(f"/ent/v2/tasks/{task_id}/cancel", json={"id": task_id})
    assert_refused(response, 400, "BadRequest")
    assert response.json()["message"] == "task state is scheduled, can not cancel"

"""The control page and its endpoints."""

from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from generations.sandbox.dialects import DIALECTS
from generations.sandbox.help_tables import TABLES
from tests.cases import case
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import ORDERS, client_of, order_of
from tests.sandbox.orders import LONG, create, post, query_task


def test_the_page_explains_keys_and_directives_in_both_languages_and_shows_tasks(
    client: httpx.Client,
) -> None:
    task_id = create(client, "A <b>bold</b> lamp")
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(part in page.text for part in (task_id, "Keys · 密钥", "sandbox-broke…"))
    assert "A &lt;b&gt;bold&lt;/b&gt; lamp" in page.text
    assert all(entry.english and entry.chinese for _, entries in TABLES for entry in entries)


def test_the_page_shows_every_address_and_its_demo_key(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    page = client.get("/").text
    for dialect in DIALECTS:
        assert f"<code>{sandbox.base_url(dialect.name)}</code>" in page
        assert f"<code>{dialect.authorization}</code>" in page
    assert [dialect.name for dialect in DIALECTS] == ["vidu", "relay", "vivienne", "apixo"]


def test_the_clock_can_be_moved_over_http(client: httpx.Client) -> None:
    task_id = create(client, "x [fail BadRequest]")
    client.post("/control/advance", json={"seconds": LONG})
    assert query_task(client, task_id)["state"] == "failed"


def test_faults_can_be_set_over_http(client: httpx.Client) -> None:
    fault = {"key": KEY, "words": "[refuse ModelUnavailable]", "on": "create", "times": 1}
    client.post("/control/faults", json=fault)
    assert post(client).json()["reason"] == "ModelUnavailable"
    assert post(client).status_code == 200


def test_requests_are_recorded_whole(sandbox: Sandbox, client: httpx.Client) -> None:
    post(client, "x", payload="job-17")
    (seen,) = client.get("/control/requests").json()
    assert (seen["method"], seen["path"]) == ("POST", "/ent/v2/text2video")
    assert seen["headers"]["authorization"] == f"Token {KEY}"
    assert "job-17" in seen["body"]
    assert sandbox.requests[0].body.decode() == seen["body"]


def test_creates_are_counted_by_key_prompt_and_payload(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for payload in ("a", "a", "b"):
        post(client, f"Clip {payload}", payload=payload)
    post(client, "x [refuse FieldInvalid]")
    counts = client.get("/control/counts").json()
    assert counts["creates"] == sandbox.counts.creates == 3
    assert counts["by_payload"] == {"a": 2, "b": 1}
    assert counts["by_prompt"] == {"Clip a": 2, "Clip b": 1}
    assert counts["by_key"] == {KEY: 3}
    assert counts["requests"] == {"POST /ent/v2/text2video": 4}


def test_creates_of_every_dialect_are_counted(sandbox: Sandbox) -> None:
    address = "https://app.example/c/1"
    for dialect in ORDERS:
        with client_of(sandbox, dialect) as client:
            path, order = order_of(dialect, f"For {dialect}", address)
            assert client.post(path, json=order).status_code == 200
    counts = sandbox.counts
    assert counts.creates == 4
    assert counts.by_dialect == dict.fromkeys(ORDERS, 1)
    assert counts.by_prompt == {f"For {dialect}": 1 for dialect in ORDERS}
    assert counts.by_callback == {address: 4}
    assert counts.by_payload == {"": 2}
    assert counts.requests["POST /relay/ent/v2/text2video"] == 1
    assert counts.requests["POST /apixo/api/v1/generateTask/vidu-q3"] == 1


def test_reset_forgets_everything_but_never_repeats_an_id(client: httpx.Client) -> None:
    first = create(client)
    client.post("/control/reset")
    assert client.get("/control/tasks").json() == []
    assert client.get(f"/ent/v2/tasks/{first}/creations").status_code == 404
    assert int(create(client)) > int(first)


def test_what_is_not_there_is_refused(client: httpx.Client) -> None:
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("/control/advance", {"seconds": "much"}, 400),
        ("/control/nothing", {}, 404),
        ("/control/fire/1", {}, 404),
        ("/nowhere", {}, 404),
    ]
    for path, body, status in cases:
        with case(path):
            assert client.post(path, json=body).status_code == status

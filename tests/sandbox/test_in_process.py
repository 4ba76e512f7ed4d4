"""A sandbox without a server: fast enough for thousands of orders."""

import json

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.dialects import dialect_named
from generations.sandbox.http import Request
from tests.cases import case
from tests.sandbox.dialects import ORDERS, authorization, client_of, in_process_client, order_of

KEY = "sandbox-slots9999-rate9999"


def test_two_thousand_orders_of_each_dialect_make_no_clip_and_need_no_socket() -> None:
    for dialect in ORDERS:
        headers = {"Authorization": authorization(dialect, KEY), "Content-Type": "application/json"}
        with case(dialect), Sandbox.in_process() as sandbox:
            for index in range(2000):
                path, body = order_of(dialect, f"Clip {index}")
                target = dialect_named(dialect).path + path
                request = Request.of("POST", target, headers, json.dumps(body).encode())
                assert sandbox.respond(request).status == 200
            assert sandbox.counts.by_dialect == {dialect: 2000}
            assert sandbox.context.clips.wait() is False
            with pytest.raises(RuntimeError, match="not started"):
                assert sandbox.url


def test_a_response_in_process_is_that_of_the_server(sandbox: Sandbox, in_process: Sandbox) -> None:
    def summary(client: httpx.Client, prompt: str) -> tuple[int, str, set[str]]:
        path, body = order_of(dialect, prompt)
        response = client.post(path, json=body)
        return response.status_code, response.headers["content-type"], set(response.json())

    for dialect in ORDERS:
        with client_of(sandbox, dialect) as of_server:
            other = in_process_client(in_process, dialect)
            for prompt in ("A lighthouse", "", "x [429]", "x [500 after]"):
                with case((dialect, prompt)):
                    assert summary(of_server, prompt) == summary(other, prompt)


def test_the_clock_can_be_moved_in_process(in_process: Sandbox) -> None:
    client = in_process_client(in_process, "vidu")
    path, body = order_of("vidu", "x [fail BadRequest]")
    task_id = client.post(path, json=body).json()["task_id"]
    in_process.advance(30)
    assert client.get(f"/ent/v2/tasks/{task_id}/creations").json()["state"] == "failed"

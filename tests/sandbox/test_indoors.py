"""A sandbox that answers in process: quick enough for thousands of orders."""

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.sandbox.dialects import ORDERS, inside, order_of, speaking

KEY = "sandbox-slots9999-rate9999"


@pytest.mark.parametrize("dialect", ORDERS)
def test_two_thousand_orders_are_taken_without_a_clip_or_a_socket(dialect: str) -> None:
    with Sandbox.indoors() as sandbox:
        client = inside(sandbox, dialect, KEY)
        for nth in range(2000):
            path, body = order_of(dialect, f"Clip {nth}")
            assert client.post(path, json=body).status_code == 200
        assert sandbox.counts.by_dialect == {dialect: 2000}
        assert sandbox.stage.clips.wait() is False
        with pytest.raises(RuntimeError, match="not started"):
            assert sandbox.url


@pytest.mark.parametrize("dialect", ORDERS)
def test_an_answer_indoors_is_that_of_the_server(sandbox: Sandbox, dialect: str) -> None:
    def shape(client: httpx.Client, prompt: str) -> tuple[int, str, set[str]]:
        path, body = order_of(dialect, prompt)
        response = client.post(path, json=body)
        return response.status_code, response.headers["content-type"], set(response.json())

    with speaking(sandbox, dialect) as outside, Sandbox.indoors() as indoors:
        for prompt in ("A lighthouse", "", "x [429]", "x [500 after]"):
            assert shape(outside, prompt) == shape(inside(indoors, dialect), prompt)


def test_time_can_be_moved_indoors() -> None:
    with Sandbox.indoors() as sandbox:
        client = inside(sandbox, "vidu")
        path, body = order_of("vidu", "x [fail BadRequest]")
        number = client.post(path, json=body).json()["task_id"]
        sandbox.advance(30)
        assert client.get(f"/ent/v2/tasks/{number}/creations").json()["state"] == "failed"

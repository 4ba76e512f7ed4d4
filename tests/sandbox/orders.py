"""Orders and looks at them, over HTTP."""

from typing import Any

import httpx

from generations.sandbox.app import Sandbox

LONG = 30.0  # seconds in which every task of five seconds is done


def order(prompt: str = "A lighthouse at dusk", **fields: Any) -> dict[str, Any]:
    return {"model": "viduq3-pro", "prompt": prompt} | fields


def post(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> httpx.Response:
    return client.post("/ent/v2/text2video", json=order(prompt, **fields))


def create(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    """The number of a new task."""
    response = post(client, prompt, **fields)
    assert response.status_code == 200, response.text
    return str(response.json()["task_id"])


def look(client: httpx.Client, number: str) -> dict[str, Any]:
    response = client.get(f"/ent/v2/tasks/{number}/creations")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def finish(sandbox: Sandbox, client: httpx.Client, prompt: str, **fields: Any) -> dict[str, Any]:
    """The query reply for a task that was ordered and waited for."""
    number = create(client, prompt, **fields)
    sandbox.advance(LONG)
    return look(client, number)

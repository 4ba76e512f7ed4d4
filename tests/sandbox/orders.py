"""Orders of clips, and queries of their tasks, over HTTP."""

from typing import Any

import httpx

from generations.sandbox.app import Sandbox

LONG = 30.0  # seconds in which every task of five seconds is done


def order(prompt: str = "A lighthouse at dusk", **fields: Any) -> dict[str, Any]:
    """A body with a seed, so that equal orders have equal clips, which are made once."""
    return {"model": "viduq3-pro", "prompt": prompt, "seed": 7} | fields


def post(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> httpx.Response:
    return client.post("/ent/v2/text2video", json=order(prompt, **fields))


def create(client: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    """The id of a new task."""
    response = post(client, prompt, **fields)
    assert response.status_code == 200, response.text
    return str(response.json()["task_id"])


def query_task(client: httpx.Client, task_id: str) -> dict[str, Any]:
    response = client.get(f"/ent/v2/tasks/{task_id}/creations")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def finish(sandbox: Sandbox, client: httpx.Client, prompt: str, **fields: Any) -> dict[str, Any]:
    """The query reply for a new task after it has ended."""
    task_id = create(client, prompt, **fields)
    sandbox.advance(LONG)
    return query_task(client, task_id)

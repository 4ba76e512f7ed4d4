"""Orders of films, edits and compositions, and looks at them, over HTTP."""

from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from tests.sandbox.orders import LONG
from tests.sandbox.stills import still

ADDRESS = "/ent/v2/ad-one-click"
PRODUCT = still(320, 180)


def post_film(client: httpx.Client, prompt: str = "Coffee", **fields: Any) -> httpx.Response:
    """A good order with some fields set otherwise; None takes a field away."""
    order = {"images": [PRODUCT], "prompt": prompt, "language": "en"} | fields
    body = {name: value for name, value in order.items() if value is not None}
    return client.post(ADDRESS, json=body)


def create_film(client: httpx.Client, prompt: str = "Coffee", **fields: Any) -> str:
    response = post_film(client, prompt, **fields)
    assert response.status_code == 200, response.text
    return str(response.json()["task_id"])


def finished_film(
    sandbox: Sandbox, client: httpx.Client, prompt: str = "Coffee [one take]", **fields: Any
) -> str:
    number = create_film(client, prompt, **fields)
    sandbox.advance(LONG)
    return number


def detail(client: httpx.Client, number: str) -> dict[str, Any]:
    response = client.get(f"{ADDRESS}/{number}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def records(client: httpx.Client, number: str) -> dict[str, Any]:
    found: dict[str, Any] = detail(client, number)["data_records"]
    return found


def post_edit(client: httpx.Client, film: str, **fields: Any) -> httpx.Response:
    """A good edit of the footage of storyboard 0, with some fields set otherwise."""
    order = {
        "ad_one_click_task_id": film,
        "type": "generate_video",
        "storyboard_video_index": 0,
        "prompt": "From above",
    } | fields
    body = {name: value for name, value in order.items() if value is not None}
    return client.post(f"{ADDRESS}/edit", json=body)


def edit(sandbox: Sandbox, client: httpx.Client, film: str, **fields: Any) -> str:
    """The number of an edit that was waited for."""
    response = post_edit(client, film, **fields)
    assert response.status_code == 200, response.text
    sandbox.advance(LONG)
    return str(response.json()["sub_task_id"])


def choice(client: httpx.Client, film: str) -> dict[str, Any]:
    """The newest record of each storyboard, narration and music, as compose takes them."""
    found = records(client, film)
    return {
        "video_task_ids": [each["records"][-1]["id"] for each in found["storyboards"]],
        "narration_task_id": found["narration_records"][-1]["id"],
        "bgm_task_id": found["bgm_records"][-1]["id"],
    }


def post_compose(client: httpx.Client, film: str, **fields: Any) -> httpx.Response:
    """A good composition with some fields set otherwise; None takes a field away."""
    order = {"ad_one_click_task_id": film} | choice(client, film) | fields
    body = {name: value for name, value in order.items() if value is not None}
    return client.post(f"{ADDRESS}/compose", json=body)


def compose(sandbox: Sandbox, client: httpx.Client, film: str, **fields: Any) -> str:
    """The number of a composition that was waited for."""
    response = post_compose(client, film, **fields)
    assert response.status_code == 200, response.text
    sandbox.advance(LONG)
    return str(response.json()["compose_sub_task_id"])

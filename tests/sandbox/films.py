"""Orders of films, edits and cuts, and queries of them, over HTTP."""

from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from tests.sandbox.orders import LONG
from tests.sandbox.stills import still

PATH = "/ent/v2/ad-one-click"
PRODUCT = still(320, 180)


def post_film(client: httpx.Client, prompt: str = "Coffee", **fields: Any) -> httpx.Response:
    """Order a film; `fields` replace those of a valid order, None takes a field away."""
    order = {"images": [PRODUCT], "prompt": prompt, "language": "en"} | fields
    return client.post(PATH, json=_given(order))


def create_film(client: httpx.Client, prompt: str = "Coffee", **fields: Any) -> str:
    """The id of a new film."""
    response = post_film(client, prompt, **fields)
    assert response.status_code == 200, response.text
    return str(response.json()["task_id"])


def finished_film(
    sandbox: Sandbox, client: httpx.Client, prompt: str = "Coffee [one take]", **fields: Any
) -> str:
    """The id of a new film after it has ended."""
    film = create_film(client, prompt, **fields)
    sandbox.advance(LONG)
    return film


def detail(client: httpx.Client, film: str) -> dict[str, Any]:
    response = client.get(f"{PATH}/{film}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def records(client: httpx.Client, film: str) -> dict[str, Any]:
    found: dict[str, Any] = detail(client, film)["data_records"]
    return found


def post_edit(client: httpx.Client, film: str, **fields: Any) -> httpx.Response:
    """Edit the footage of storyboard 0; `fields` replace those of a valid edit."""
    order = {
        "ad_one_click_task_id": film,
        "type": "generate_video",
        "storyboard_video_index": 0,
        "prompt": "From above",
    } | fields
    return client.post(f"{PATH}/edit", json=_given(order))


def edit(sandbox: Sandbox, client: httpx.Client, film: str, **fields: Any) -> str:
    """The id of an edit after it has ended."""
    response = post_edit(client, film, **fields)
    assert response.status_code == 200, response.text
    sandbox.advance(LONG)
    return str(response.json()["sub_task_id"])


def newest_records(client: httpx.Client, film: str) -> dict[str, Any]:
    """The newest take of each storyboard, narration and music, as fields of a compose order."""
    found = records(client, film)
    return {
        "video_task_ids": [each["records"][-1]["id"] for each in found["storyboards"]],
        "narration_task_id": found["narration_records"][-1]["id"],
        "bgm_task_id": found["bgm_records"][-1]["id"],
    }


def post_compose(client: httpx.Client, film: str, **fields: Any) -> httpx.Response:
    """Compose the newest records; `fields` replace those of a valid order."""
    order = {"ad_one_click_task_id": film} | newest_records(client, film) | fields
    return client.post(f"{PATH}/compose", json=_given(order))


def compose(sandbox: Sandbox, client: httpx.Client, film: str, **fields: Any) -> str:
    """The id of a cut after it has ended."""
    response = post_compose(client, film, **fields)
    assert response.status_code == 200, response.text
    sandbox.advance(LONG)
    return str(response.json()["compose_sub_task_id"])


def _given(order: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if value is not None}

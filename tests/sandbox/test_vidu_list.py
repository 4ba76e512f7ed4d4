"""Vidu's list of tasks: pages, filters, and rows that are missing or odd (docs/wire.md, 2.8)."""

from datetime import UTC, datetime
from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from tests.sandbox.orders import LONG, create


def listed(client: httpx.Client, **params: Any) -> list[str]:
    """The ids of the rows; `__` in the name of a parameter stands for a dot."""
    names = {name.replace("__", "."): value for name, value in params.items()}
    return [row["id"] for row in client.get("/ent/v2/tasks", params=names).json()["tasks"]]


def test_the_list_has_ten_rows_a_page_newest_first(client: httpx.Client) -> None:
    task_ids = [create(client, f"Clip {index}") for index in range(12)][::-1]
    assert listed(client) == task_ids[:10]
    assert listed(client, paper__page=1) == task_ids[10:]
    assert listed(client, paper__pagesz=100) == task_ids
    assert client.get("/ent/v2/tasks?paper.pagesz=101").status_code == 400


def test_the_list_goes_on_by_its_token(client: httpx.Client) -> None:
    task_ids = [create(client, f"Clip {index}") for index in range(12)][::-1]
    token = client.get("/ent/v2/tasks").json()["next_page_token"]
    rest = client.get("/ent/v2/tasks", params={"pager.page_token": token}).json()
    assert [row["id"] for row in rest["tasks"]] == task_ids[10:]
    assert rest["next_page_token"] == ""


def test_the_list_is_filtered(sandbox: Sandbox, client: httpx.Client) -> None:
    first = create(client, "One")
    sandbox.advance(LONG)
    second = create(client, "Two", model="viduq2", resolution="540p")
    assert listed(client, **{"states[]": "success"}) == [first]
    assert listed(client, **{"task_ids[]": [first, second]}) == [second, first]
    assert listed(client, **{"model_versions[]": "q2"}) == [second]
    assert listed(client, **{"resolutions[]": "540p"}) == [second]
    middle = datetime.fromtimestamp(sandbox.tasks[second].created_at - 5, UTC).isoformat()
    assert listed(client, created_at__from=middle) == [second]
    assert listed(client, created_at__to=middle) == [first]
    sandbox.advance(8 * 86_400)
    assert listed(client) == []


def test_a_row_has_no_payload_and_may_be_missing_or_hold_one_object(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    create(client, "One [list missing]")
    create(client, "Two [creations object]", payload="secret")
    sandbox.advance(LONG)
    (row,) = client.get("/ent/v2/tasks").json()["tasks"]
    assert row["creations"]["url"].startswith(sandbox.url)
    assert "payload" not in row

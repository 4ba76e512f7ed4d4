"""The sandbox as a process, over restarts, and under many orders at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generations.sandbox.app import Sandbox
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import ORDERS, client_of, download, http_client, order_of
from tests.sandbox.orders import LONG, create, order, query_task
from tests.sandbox.stills import still

AUTHORIZATION = f"Token {KEY}"


def test_the_command_line_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generations.sandbox", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with http_client(url, AUTHORIZATION) as client:
            response = client.post("/ent/v2/text2video", json=order())
        process.terminate()
        assert process.wait(10) == 0
    assert response.status_code == 200


def test_tasks_outlive_a_restart(tmp_path: Path) -> None:
    with (
        Sandbox.running(folder=tmp_path) as first,
        http_client(first.url, AUTHORIZATION) as client,
    ):
        done = create(client, "One", model="viduq2")
        first.advance(LONG)
        under_way = create(client, "Two", model="viduq2")
        first.advance(2)
    with (
        Sandbox.running(folder=tmp_path) as second,
        http_client(second.url, AUTHORIZATION) as client,
    ):
        url = query_task(client, done)["creations"][0]["url"]
        assert download(url).status_code == 200
        second.advance(LONG)
        assert query_task(client, under_way)["state"] == "success"
        remains = client.get("/ent/v2/credits").json()["remains"][0]
        assert remains["credit_remain"] == 100_000 - 70


def test_the_pictures_of_a_task_outlive_a_restart(tmp_path: Path) -> None:
    body = {"model": "viduq2-pro", "images": [still(180, 320)]}
    with (
        Sandbox.running(folder=tmp_path) as first,
        http_client(first.url, AUTHORIZATION) as client,
    ):
        task_id = client.post("/ent/v2/img2video", json=body).json()["task_id"]
        pictures = first.tasks[task_id].order["pictures"]
    with (
        Sandbox.running(folder=tmp_path) as second,
        http_client(second.url, AUTHORIZATION) as client,
    ):
        assert second.tasks[task_id].order["pictures"] == pictures
        second.advance(LONG)
        assert query_task(client, task_id)["state"] == "success"


def test_tasks_of_every_dialect_outlive_a_restart(tmp_path: Path) -> None:
    with Sandbox.running(folder=tmp_path) as first:
        for dialect in ORDERS:
            with client_of(first, dialect) as client:
                path, body = order_of(dialect, "x [fail BadRequest]")
                assert client.post(path, json=body).status_code == 200
        first.advance(1)
        before = list(first.tasks)
    with Sandbox.running(folder=tmp_path) as second:
        assert list(second.tasks) == before
        second.advance(LONG)
        assert {task.state for task in second.tasks.values()} == {"failed"}
        assert {task.dialect for task in second.tasks.values()} == set(ORDERS)


def test_many_orders_at_once_lose_nothing_and_repeat_no_id(sandbox: Sandbox) -> None:
    def order_twenty(index: int) -> list[str]:
        with http_client(sandbox.url, f"Token sandbox-{index}") as client:
            client.timeout = 30
            return [create(client, f"Clip {count} [fail BadRequest]") for count in range(20)]

    with ThreadPoolExecutor(10) as pool:
        task_ids = [task_id for part in pool.map(order_twenty, range(10)) for task_id in part]
    assert len(set(task_ids)) == 200 == sandbox.counts.creates
    sandbox.advance(60)
    assert {task.state for task in sandbox.tasks.values()} == {"failed"}

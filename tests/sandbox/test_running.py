"""The sandbox as a process, over restarts, and under many orders at once."""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from generations.sandbox.app import Sandbox
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import ORDERS, order_of, speaking
from tests.sandbox.orders import LONG, create, look, order
from tests.sandbox.stills import still

HEADERS = {"Authorization": f"Token {KEY}"}
FOLDER = Path(sys.modules[Sandbox.__module__].__file__ or "").parent


def test_the_command_line_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generations.sandbox", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        answer = httpx.post(f"{url}/ent/v2/text2video", json=order(), headers=HEADERS)
        process.terminate()
        assert process.wait(10) == 0
    assert answer.status_code == 200


def test_tasks_outlive_a_restart(tmp_path: Path) -> None:
    with (
        Sandbox.running(folder=tmp_path) as first,
        httpx.Client(base_url=first.url, headers=HEADERS) as client,
    ):
        done = create(client, "One", model="viduq2")
        first.advance(LONG)
        under_way = create(client, "Two", model="viduq2")
        first.advance(2)
    with (
        Sandbox.running(folder=tmp_path) as second,
        httpx.Client(base_url=second.url, headers=HEADERS) as client,
    ):
        url = look(client, done)["creations"][0]["url"]
        assert httpx.get(url).status_code == 200
        second.advance(LONG)
        assert look(client, under_way)["state"] == "success"
        remains = client.get("/ent/v2/credits").json()["remains"][0]
        assert remains["credit_remain"] == 100_000 - 70


def test_the_pictures_of_a_task_outlive_a_restart(tmp_path: Path) -> None:
    body = {"model": "viduq2-pro", "images": [still(180, 320)]}
    with (
        Sandbox.running(folder=tmp_path) as first,
        httpx.Client(base_url=first.url, headers=HEADERS) as client,
    ):
        number = client.post("/ent/v2/img2video", json=body).json()["task_id"]
        pictures = first.tasks[number].order["pictures"]
    with (
        Sandbox.running(folder=tmp_path) as second,
        httpx.Client(base_url=second.url, headers=HEADERS) as client,
    ):
        assert second.tasks[number].order["pictures"] == pictures
        second.advance(LONG)
        assert look(client, number)["state"] == "success"


def test_tasks_of_every_dialect_outlive_a_restart(tmp_path: Path) -> None:
    with Sandbox.running(folder=tmp_path) as first:
        for dialect in ORDERS:
            with speaking(first, dialect) as client:
                path, body = order_of(dialect, "x [fail BadRequest]")
                assert client.post(path, json=body).status_code == 200
        first.advance(1)
        before = list(first.tasks)
    with Sandbox.running(folder=tmp_path) as second:
        assert list(second.tasks) == before
        second.advance(LONG)
        assert {task.state for task in second.tasks.values()} == {"failed"}
        assert {task.dialect for task in second.tasks.values()} == set(ORDERS)


def test_many_orders_at_once_lose_nothing_and_repeat_no_number(sandbox: Sandbox) -> None:
    def order_twenty(nth: int) -> list[str]:
        headers = {"Authorization": f"Token sandbox-{nth}"}
        with httpx.Client(base_url=sandbox.url, headers=headers, timeout=30) as client:
            return [create(client, f"Clip {count} [fail BadRequest]") for count in range(20)]

    with ThreadPoolExecutor(10) as pool:
        numbers = [number for part in pool.map(order_twenty, range(10)) for number in part]
    assert len(set(numbers)) == 200 == sandbox.counts.creates
    sandbox.advance(60)
    assert {task.state for task in sandbox.tasks.values()} == {"failed"}


def test_the_sandbox_imports_nothing_else_of_the_project() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            ours = [name for name in names if name.split(".")[0] in ("generations", "project")]
            assert all(name.startswith("generations.sandbox") for name in ours), path

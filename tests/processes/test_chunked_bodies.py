"""Bodies that come in chunks reach Django whole (a real server)."""

import gzip
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import StartResponse

import httpx
import pytest

from generations.web.files import uploads
from project import bodies
from tests.processes.web_server import WebServer

pytestmark = pytest.mark.slow

# A member who can sign in, and a task whose callbacks are not signed; prints its secret token.
TASK = """
from generations.models import Attempt
from generations.teams import credentials
user.set_password("a password of the lighthouse")
user.save()
relay = credentials.add(
    team, None, kind="relay", name="Relay", base_url="https://relay.example", key="relay-key",
    slots=5, requests_per_minute=0,
)
task = Task.objects.create(team=team, created_by=user, credential=relay, model="viduq2")
print(Attempt.objects.create(task=task, credential=relay, ordinal=1).token)
"""


class Stage(WebServer):
    """Answers requests whose bodies have no length."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, TASK)
        self.token = self.made
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = data / "rushes.sqlite3"

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """Send the body in chunks of at most 1,000 bytes."""
        chunks = (body[at : at + 1000] for at in range(0, len(body), 1000))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.post(self.url + path, content=chunks, headers=named, timeout=20)
        assert answer.request.headers["Transfer-Encoding"] == "chunked"
        return answer

    def callbacks(self) -> list[tuple[str, str]]:
        """The id and the body of each callback that is stored."""
        with closing(sqlite3.connect(self.database)) as rows:
            found = rows.execute("SELECT remote_id, body FROM generations_callback ORDER BY id")
            return found.fetchall()


@pytest.fixture(scope="module")
def server(copied_house: Path) -> Iterator[Stage]:
    server = Stage(copied_house)
    yield server
    server.kill()


def test_a_callback_in_chunks_names_its_task(server: Stage) -> None:
    path = f"/callbacks/relay/{server.token}"
    said = json.dumps({"task_id": "T-7", "status": "completed", "note": "x" * 5000})
    assert server.post(path, said.encode()).status_code == 200
    packed = gzip.compress(said.encode())
    assert server.post(path, packed, Content_Encoding="gzip").status_code == 200
    assert server.callbacks() == [("T-7", said), ("T-7", said)]
    large = json.dumps({"task_id": "T-8", "note": "x" * 70_000}).encode()
    assert server.post(path, large).status_code == 413
    assert server.post(path, gzip.compress(large), Content_Encoding="gzip").status_code == 413
    assert len(server.callbacks()) == 2


def test_a_form_in_chunks_signs_a_person_in(server: Stage) -> None:
    page = httpx.get(f"{server.url}/accounts/login/", timeout=20)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = {
        "csrfmiddlewaretoken": token[1],
        "login": "member@rushes.example",
        "password": "a password of the lighthouse",
    }
    answer = server.post(
        "/accounts/login/",
        urlencode(form).encode(),
        Content_Type="application/x-www-form-urlencoded",
        Cookie=f"csrftoken={page.cookies['csrftoken']}",
    )
    assert answer.status_code == 302
    assert answer.cookies["sessionid"]


def test_the_largest_body_is_the_largest_upload() -> None:
    assert bodies.MOST_BYTES == uploads.MOST_BODY


def test_a_body_without_end_is_refused_and_never_reaches_the_application() -> None:
    class Endless:
        def read(self, size: int) -> bytes:
            return bytes(size)

    statuses: list[str] = []

    def never(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        raise AssertionError

    def start(status: str, headers: object, error: object = None, /) -> Callable[..., object]:
        statuses.append(status)
        return print

    environ = {
        "REQUEST_METHOD": "POST",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "5",  # not to be believed beside the chunks
        "wsgi.input": Endless(),
        "wsgi.input_terminated": True,
    }
    bodies.WholeBodies(never, most_bytes=10**6)(environ, start)
    assert statuses[0].startswith("413 ")

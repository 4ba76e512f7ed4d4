"""Orders clips that play manners, and sees what came, byte for byte."""

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from generations.sandbox.app import Sandbox
from generations.sandbox.manners.player import MannerChoice
from generations.sandbox.tasks import SandboxTask
from tests.sandbox.dialects import authorization, order_of

KEY = "sandbox-manners-slots9999-rate9999"
QUERIES = {
    "vidu": "/ent/v2/tasks/{}/creations",
    "relay": "/vidu-native/video/generations/{}",
    "vivienne": "/open/aigw/gateway/generationTask?taskNo={}",
    "apixo": "/api/v1/statusTask/vidu-q3?taskId={}",
}
# What differs between two orders anyway: ids, links, times, progress.
ANYWAY = re.compile(
    rb'\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d|[0-9a-f]{4,}|Number=\d+|[\d.]*\d{4,}|"progress": \d+'
)
HEADERS = ("content-type", "content-encoding", "location", "content-length")


@dataclass(frozen=True)
class Answer:
    """A response as it came, byte for byte."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def text(self) -> str:
        return json.dumps(self.body, ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")

    @property
    def seen(self) -> tuple[Any, ...]:
        """What is seen of it, but for what differs anyway."""
        names = HEADERS if len(self.content) > 10_000 else HEADERS[:3]
        head = [ANYWAY.sub(b"#", self.headers.get(name, "(absent)").encode()) for name in names]
        return (self.status, *head, ANYWAY.sub(b"#", self.content))


def ask(
    url: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """Ask by the simplest client, because others unpack what only claims to be packed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        content = None if body is None else json.dumps(body).encode()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, content, headers or {})
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read())
    except http.client.RemoteDisconnected:
        return Answer(0, {}, b"")
    finally:
        connection.close()


@dataclass
class Ordered:
    """One order and what a client saw of it."""

    dialect: str
    task: SandboxTask | None
    answers: list[Answer] = field(default_factory=list)

    @property
    def seen(self) -> list[tuple[Any, ...]]:
        return [answer.seen for answer in self.answers]


class Client:
    """A client of one provider in the sandbox."""

    def __init__(self, sandbox: Sandbox, dialect: str) -> None:
        self.sandbox, self.dialect = sandbox, dialect
        self.query_path = QUERIES[dialect]
        self._base = sandbox.base_url(dialect)
        self._headers = {"Authorization": authorization(dialect, KEY)}

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Answer:
        json_type = {"Content-Type": "application/json"}
        return ask(self._base + path, method, body, self._headers | json_type)

    def order(self, *words: str, callback: str = "", **fields: Any) -> Ordered:
        """Order a clip that plays these manners; equal orders have equal clips."""
        manners = self.sandbox.context.manners
        for word in words:
            manners.choose(MannerChoice.of(self.dialect, (word,), 1.0))
        known = set(self.sandbox.tasks)
        path, body = order_of(self.dialect, "A lamp", callback)
        body.get("input", body).update({"seed": 7} | fields)
        answer = self.ask(path, "POST", body)
        manners.choose(MannerChoice.of(self.dialect, (), 0))
        new = [task for task in self.sandbox.tasks.values() if task.id not in known]
        return Ordered(self.dialect, new[0] if new else None, [answer])

    def task_of(self, words: str) -> SandboxTask:
        """The task of an order with these words in its prompt."""
        path, body = order_of(self.dialect, f"A lamp {words}")
        assert self.ask(path, "POST", body).status == 200
        return list(self.sandbox.tasks.values())[-1]

    def query(self, ordered: Ordered) -> Answer:
        """Ask for the task; a query for none at all where there is none."""
        remote_id = quote(ordered.task.remote_id, safe="") if ordered.task else "0"
        ordered.answers.append(self.ask(self.query_path.format(remote_id)))
        return ordered.answers[-1]

    def fetch(self, ordered: Ordered) -> Answer:
        """Ask for the film itself, by a link of the usual form."""
        assert ordered.task is not None
        path = self.sandbox.context.links.sign(f"/media/{ordered.task.id}/video.mp4", 3600)
        ordered.answers.append(ask(self.sandbox.url + path))
        return ordered.answers[-1]

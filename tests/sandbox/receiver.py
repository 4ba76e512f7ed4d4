"""A small server that takes callbacks and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Ring:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Receiver:
    """`statuses` are answered one after the other, then 200; `on_ring` runs before the answer."""

    url: str = ""
    rings: list[Ring] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    on_ring: Callable[[Ring], None] = lambda ring: None

    @property
    def states(self) -> list[str]:
        return [ring.body["state"] for ring in self.rings]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ring = Ring(self.path, dict(self.headers.items()), json.loads(body))
            receiver.rings.append(ring)
            receiver.on_ring(ring)
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A small server that receives callbacks."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class ReceivedCallback:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Receiver:
    """`statuses` are answered one after the other, then 200; `on_callback` runs before that."""

    url: str = ""
    received: list[ReceivedCallback] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    on_callback: Callable[[ReceivedCallback], None] = lambda callback: None

    @property
    def states(self) -> list[str]:
        return [callback.body["state"] for callback in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            callback = ReceivedCallback(self.path, dict(self.headers.items()), json.loads(body))
            receiver.received.append(callback)
            receiver.on_callback(callback)
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

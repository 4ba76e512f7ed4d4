"""The HTTP server: reads requests, asks those who answer, writes answers."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

logger = logging.getLogger(__name__)

KEPT_BODY = 21 * 1024 * 1024
IDLE_SECONDS = 75


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; header names are lower case, `size` is the length of the whole body.

    `body` holds at most the first 21 MB.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    size: int
    at: float

    @classmethod
    def of(
        cls, method: str, target: str, headers: Mapping[str, str], body: bytes, at: float = 0.0
    ) -> "Request":
        """A request that is held in memory as a whole; `target` is the path with its query."""
        path, _, query = target.partition("?")
        names = {name.lower(): value for name, value in headers.items()}
        return cls(method, path, query, names, body, len(body), at)

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def values(self, name: str) -> list[str]:
        """All values of a query parameter, written `name` or `name[]`."""
        found = parse_qs(self.query, keep_blank_values=True)
        return found.get(name, []) + found.get(f"{name}[]", [])

    def value(self, name: str, default: str = "") -> str:
        return next(iter(self.values(name)), default)


@dataclass(slots=True)
class Answer:
    """One answer; a body in pieces needs `length`, or else ends with the connection.

    A dropped answer closes the connection without a word.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    dropped: bool = False


Respond = Callable[[Request], Answer]


class Server(ThreadingHTTPServer):
    """One thread for each connection, so that a stalled one holds up nobody."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(
        self, address: tuple[str, int], respond: Respond, now: Callable[[], float]
    ) -> None:
        super().__init__(address, Handler)
        self.respond = respond
        self.now = now
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut all connections."""
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _cut(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Sandbox"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: Server

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:
            logger.exception("a request could not be answered")

    def finish(self) -> None:
        """Close both files, also when the other side went before it had read all."""
        try:
            super().finish()
        except OSError:
            logger.debug("the other side had gone")
        finally:
            self.rfile.close()

    def _handle_any(self) -> None:
        request = self._read()
        self._write(self.server.respond(request) if request else _length_required())

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle_any

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def _read(self) -> Request | None:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            return None
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(min(size, KEPT_BODY))
        self._skip(size - len(body))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, path, query, headers, body, size, self.server.now())

    def _skip(self, size: int) -> None:
        while size > 0 and (piece := self.rfile.read(min(size, 1 << 20))):
            size -= len(piece)

    def _write(self, answer: Answer) -> None:
        if answer.dropped:
            self.close_connection = True
            return
        pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
        length = len(answer.body) if isinstance(answer.body, bytes) else answer.length
        self._write_head(answer, length)
        if self.command == "HEAD" or answer.status == 304:
            return
        written = 0
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            written += len(piece)
        # A body that is shorter than it said can only end with its connection.
        self.close_connection = self.close_connection or written != length
        self.wfile.flush()

    def _write_head(self, answer: Answer, length: int | None) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
        self.end_headers()


def _length_required() -> Answer:
    return json_answer({"message": "a body needs its length"}, 411)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        logger.debug("the other side had gone")


def json_answer(value: Any, status: int = 200) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status, body, "application/json; charset=utf-8")


class Refusal(Exception):
    """A request is answered with an error of the dialect's own table."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message

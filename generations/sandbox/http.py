"""The HTTP server: reads requests, lets the sandbox respond, writes responses."""

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

MAX_KEPT_BODY = 21 * 1024 * 1024  # Vidu refuses more than 20 MB; of the rest only the size counts
IDLE_SECONDS = 75


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case, `size` is the length of the whole body.

    `body` is at most the first 21 MB.
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
        """A request whose body is complete; `target` is the path with its query."""
        path, _, query = target.partition("?")
        names = {name.lower(): value for name, value in headers.items()}
        return cls(method, path, query, names, body, len(body), at)

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def url(self) -> str:
        return self.base_url + self.path + (f"?{self.query}" if self.query else "")

    def values(self, name: str) -> list[str]:
        """All values of a query parameter, written `name` or `name[]`."""
        found = parse_qs(self.query, keep_blank_values=True)
        return found.get(name, []) + found.get(f"{name}[]", [])

    def value(self, name: str, default: str = "") -> str:
        return next(iter(self.values(name)), default)


@dataclass(slots=True)
class Response:
    """One response; the body may be an iterator of chunks, whose `length` need not be known.

    A `dropped` response closes the connection and sends nothing.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    dropped: bool = False


class ApiError(Exception):
    """A request is answered with an error; `reason` is a word of the dialect's own table."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


def json_response(value: Any, status: int = 200) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, body, "application/json; charset=utf-8")


Respond = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """Has one thread for each connection, so that a slow one does not hold up the others."""

    daemon_threads = True
    request_queue_size = 1024  # the usual 5 make clients wait when hundreds connect at once

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
        """Stop listening and close all connections."""
        self.shutdown()
        self.server_close()
        # Else a thread that waits for the next request of a kept connection would answer it, though
        # the sandbox is stopped.
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _shut_down(connection)

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
        """Close both files, even if the client went before it had read all."""
        try:
            super().finish()
        except OSError:
            logger.debug("the client had gone")
        finally:
            self.rfile.close()

    def _handle_any(self) -> None:
        request = self._read()
        if request is None:
            self._write(json_response({"message": "a body needs its length"}, 411))
        else:
            self._write(self.server.respond(request))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle_any

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def _read(self) -> Request | None:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            return None
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(min(size, MAX_KEPT_BODY))
        # The rest is read too: a client that still writes would not read our answer.
        self._skip(size - len(body))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, path, query, headers, body, size, self.server.now())

    def _skip(self, size: int) -> None:
        while size > 0 and (chunk := self.rfile.read(min(size, 1 << 20))):
            size -= len(chunk)

    def _write(self, response: Response) -> None:
        if response.dropped:
            self.close_connection = True
            return
        body = response.body
        chunks = [body] if isinstance(body, bytes) else body
        length = len(body) if isinstance(body, bytes) else response.length
        self._write_head(response, length)
        if self.command == "HEAD" or response.status == 304:
            return
        written = 0
        for chunk in chunks:
            self.wfile.write(chunk)
            self.wfile.flush()  # at once, because some directives send a file slowly
            written += len(chunk)
        # A body that is shorter than its Content-Length can only end with its connection.
        self.close_connection = self.close_connection or written != length
        self.wfile.flush()

    def _write_head(self, response: Response, length: int | None) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            # Only the end of the connection tells where such a body ends.
            self.send_header("Connection", "close")
        self.end_headers()


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        logger.debug("the client had gone")

"""Sends callbacks in the background, and retries those that failed."""

import http.client
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from .clock import Clock, Scheduler

RETRY_SECONDS = (1.0, 2.0, 4.0)
TIMEOUT_SECONDS = 5.0
MAX_AT_ONCE = 16

# Makes the headers of one attempt from the current time, because signatures hold a date.
Headers = Callable[[float], dict[str, str]]
# Makes the bytes of a body.
Encode = Callable[[Any], bytes]


def encode_json(body: Any) -> bytes:
    return json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class OutgoingCallback:
    """One callback to send; `attempt` counts from 0, `delays` are seconds before each retry.

    With `chunk_bytes` the body is sent in chunks of that size, without its length.
    """

    task_id: str
    url: str
    body: dict[str, Any]
    headers: Headers
    is_retried: bool
    attempt: int = 0
    delays: tuple[float, ...] = RETRY_SECONDS
    timeout: float = TIMEOUT_SECONDS
    encode: Encode = encode_json
    chunk_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
    """The result of one attempt; `status` is None without an answer, and `error` says why."""

    task_id: str
    url: str
    body: dict[str, Any]
    headers: dict[str, str]
    attempt: int
    at: float
    status: int | None
    error: str


class CallbackSender:
    """Sends the callbacks of one task one after the other, those of different tasks at once."""

    def __init__(self, clock: Clock, scheduler: Scheduler) -> None:
        self.attempts: list[CallbackAttempt] = []
        self._clock = clock
        self._scheduler = scheduler
        self._pool = ThreadPoolExecutor(MAX_AT_ONCE, "callbacks")
        self._lock = threading.Lock()
        self._under_way: set[Future[None]] = set()
        # A task is in it exactly as long as a thread sends its callbacks.
        self._waiting: dict[str, deque[OutgoingCallback]] = {}

    def send_at(self, due: float, *callbacks: OutgoingCallback) -> None:
        """Schedule callbacks of one task, which are sent in this order."""
        if callbacks:
            self._scheduler.at(due, lambda _: self._start(callbacks))

    def send_now(self, callback: OutgoingCallback) -> CallbackAttempt:
        """Make one attempt in the caller's thread, and schedule the next if it failed."""
        headers = {"Content-Type": "application/json"} | callback.headers(self._clock.now())
        status, error = _post(callback, callback.encode(callback.body), headers)
        at = self._clock.now()
        attempt = CallbackAttempt(
            callback.task_id,
            callback.url,
            callback.body,
            headers,
            callback.attempt,
            at,
            status,
            error,
        )
        self.attempts.append(attempt)
        has_failed = status != 200 and callback.is_retried
        if has_failed and callback.attempt < len(callback.delays):
            again = replace(callback, attempt=callback.attempt + 1)
            self.send_at(at + callback.delays[callback.attempt], again)
        return attempt

    def wait(self) -> bool:
        """Wait for all callbacks under way; False if there were none."""
        # One that failed has scheduled its retry meanwhile, so `Context.settle` asks again.
        with self._lock:
            under_way = set(self._under_way)
        wait_for(under_way)
        return bool(under_way)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _start(self, callbacks: tuple[OutgoingCallback, ...]) -> None:
        """Give the callbacks to the thread that sends those of their task, or start one."""
        task_id = callbacks[0].task_id
        with self._lock:
            if task_id in self._waiting:
                self._waiting[task_id].extend(callbacks)
                return
            self._waiting[task_id] = deque(callbacks)
            future = self._pool.submit(self._send_all, task_id)
            self._under_way.add(future)
        # Outside of the lock: a future that is done already calls back at once, in this thread.
        future.add_done_callback(self._forget)

    def _send_all(self, task_id: str) -> None:
        while (callback := self._next(task_id)) is not None:
            self.send_now(callback)

    def _next(self, task_id: str) -> OutgoingCallback | None:
        # Under one lock with _start, so that none is added to a queue that nobody reads any more.
        with self._lock:
            if self._waiting[task_id]:
                return self._waiting[task_id].popleft()
            del self._waiting[task_id]
            return None

    def _forget(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(future)


def _post(
    callback: OutgoingCallback, body: bytes, headers: dict[str, str]
) -> tuple[int | None, str]:
    """The status of the answer, or None and the reason why there is none."""
    parts = urlsplit(callback.url)
    is_secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=callback.timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        if callback.chunk_bytes:
            chunked = headers | {"Transfer-Encoding": "chunked"}
            chunks = _chunks(body, callback.chunk_bytes)
            connection.request("POST", target, chunks, chunked, encode_chunked=True)
        else:
            connection.request("POST", target, body, headers)
        return connection.getresponse().status, ""
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def _chunks(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))

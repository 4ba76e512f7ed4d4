"""Sends callbacks in the background and tries the failed ones again."""

import http.client
import json
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from generations.sandbox.clock import Agenda, Clock

RETRY_SECONDS = (1.0, 2.0, 4.0)
TIMEOUT_SECONDS = 5.0

# The headers of one try, made anew each time from the sandbox's time.
Headers = Callable[[float], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """One callback to send; `attempt` counts from 0, `delays` are seconds before each retry."""

    task_id: str
    url: str
    body: dict[str, Any]
    headers: Headers
    is_retried: bool
    attempt: int = 0
    delays: tuple[float, ...] = RETRY_SECONDS
    timeout: float = TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one try; `status` is None when nothing answered, and `error` says why."""

    task_id: str
    url: str
    body: dict[str, Any]
    headers: dict[str, str]
    attempt: int
    at: float
    status: int | None
    error: str


class Callbacks:
    """`sent` is the record of every try."""

    def __init__(self, clock: Clock, agenda: Agenda) -> None:
        self.sent: list[Sent] = []
        self._clock = clock
        self._agenda = agenda
        self._pool = ThreadPoolExecutor(16, "callbacks")
        self._lock = threading.Lock()
        self._under_way: set[Future[None]] = set()
        self._waiting: dict[str, deque[Letter]] = {}

    def send_at(self, due: float, *letters: Letter) -> None:
        """Send the letters one after the other, when the time has come."""
        if letters:
            self._agenda.at(due, lambda _: self._start(letters))

    def send_now(self, letter: Letter) -> Sent:
        """One try, in the caller's thread."""
        headers = {"Content-Type": "application/json"} | letter.headers(self._clock.now())
        status, error = _post(letter, json.dumps(letter.body).encode(), headers)
        at = self._clock.now()
        sent = Sent(
            letter.task_id, letter.url, letter.body, headers, letter.attempt, at, status, error
        )
        self.sent.append(sent)
        if status != 200 and letter.is_retried and letter.attempt < len(letter.delays):
            again = replace(letter, attempt=letter.attempt + 1)
            self.send_at(at + letter.delays[letter.attempt], again)
        return sent

    def settle(self) -> bool:
        """Wait for the callbacks under way; False when there were none."""
        with self._lock:
            under_way = set(self._under_way)
        wait_for(under_way)
        return bool(under_way)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _start(self, letters: tuple[Letter, ...]) -> None:
        """Letters of one task go out one after the other, those of others beside them."""
        task_id = letters[0].task_id
        with self._lock:
            if task_id in self._waiting:
                self._waiting[task_id].extend(letters)
                return
            self._waiting[task_id] = deque(letters)
            future = self._pool.submit(self._send_all, task_id)
            self._under_way.add(future)
        future.add_done_callback(self._forget)

    def _send_all(self, task_id: str) -> None:
        while (letter := self._next(task_id)) is not None:
            self.send_now(letter)

    def _next(self, task_id: str) -> Letter | None:
        with self._lock:
            if self._waiting[task_id]:
                return self._waiting[task_id].popleft()
            del self._waiting[task_id]
            return None

    def _forget(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(future)


def _post(letter: Letter, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
    parts = urlsplit(letter.url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.netloc, timeout=letter.timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers)
        return connection.getresponse().status, ""
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()

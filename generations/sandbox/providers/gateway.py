"""What the gateways share: a Bearer key, an order that becomes a task, looks, callbacks."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from generations.sandbox import callbacks, faults, tasks
from generations.sandbox.callbacks import Letter
from generations.sandbox.context import HOUR, Stage
from generations.sandbox.faults import Words
from generations.sandbox.fields import Order
from generations.sandbox.files import Files, files_of
from generations.sandbox.http import (
    Answer,
    Refusal,
    Request,
    json_answer,
)
from generations.sandbox.tasks import FINAL, Account, Task


class Gateway(ABC):
    """Answers what lies under a base path of its own, which tells it from Vidu.

    `told` are the states that are told to a callback address; `delays` are the seconds before each
    retry, `timeout` those that one try may take; a link lives `link_seconds`.
    """

    name: str
    manners: faults.Manners
    told: frozenset[str] = FINAL
    delays: tuple[float, ...] = callbacks.RETRY_SECONDS
    timeout: float = callbacks.TIMEOUT_SECONDS
    link_seconds: float = HOUR

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @abstractmethod
    def route(self, request: Request, path: str) -> Answer:
        """`path` is without the base path."""

    @abstractmethod
    def refused(self, refusal: Refusal) -> Answer:
        """The error body of this dialect."""

    @abstractmethod
    def read_order(self, request: Request, key: str, salt: str) -> Order:
        """The order with its defaults; Refusal when the documents forbid it."""

    @abstractmethod
    def price(self, order: Order) -> int: ...

    @abstractmethod
    def admit(self, task: Task, account: Account) -> None:
        """Refusal when the account may not have this task now."""

    @abstractmethod
    def created(self, task: Task) -> Any:
        """The reply to an order."""

    @abstractmethod
    def described(self, task: Task, files: Files) -> Any:
        """The reply to a query."""

    @abstractmethod
    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        """The body that is sent to the callback address."""

    def new_number(self) -> str:
        return self.stage.studio.identifiers.take()

    def answer(self, request: Request) -> Answer | None:
        """None when the address is another's."""
        path = request.path.removeprefix(f"/{self.name}")
        if path == request.path or not path.startswith("/"):
            return None
        try:
            return self.route(request, path)
        except Refusal as refusal:
            return self.refused(refusal)

    def announce(self, task: Task, at: float) -> None:
        """Tell the callback address of a new state, or ahead of it."""
        words = task.words.under("callback")
        if "ahead" in words:
            if task.state != "processing":
                return
            task = replace(task, state="success", ended_at=at)
        if task.state in self.told:
            late = words.number("late", 30) if words.after("late") is not None else 0.0
            self.stage.callbacks.send_at(at + late, *self._letters(task, at))

    def key(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not tasks.is_known(key):
            raise Refusal(401, "unauthorized", "the key is not known")
        if self.account(key).forbidden:
            raise Refusal(403, "forbidden", "the key is disabled")
        return key

    def account(self, key: str) -> Account:
        return self.stage.studio.account(tasks.purse(self.name, key))

    def create(self, request: Request, key: str) -> Answer:
        number = self.new_number()
        order = self.read_order(request, key, number)
        words = Words.of(order["prompt"]) + self.stage.faults.take(key, "create")
        task = Task(
            id=number,
            creation_id=self.stage.studio.identifiers.take(),
            dialect=self.name,
            kind=order.get("mode", "text2video"),
            key=key,
            order=order,
            phrases=words.phrases,
            price=self.price(order),
            created_at=self.stage.clock.now(),
            base_url=request.base_url,
        )
        return self._exchange(words, lambda: self.take(task))

    def take(self, task: Task) -> Answer:
        """Take the task in and answer; an early callback comes before the answer."""
        with self.stage.studio.lock:
            self.admit(task, self.account(task.key))
            self.stage.studio.create(task)
        reply = json_answer(self.created(task))
        if "early" in task.words.under("callback"):
            for letter in self._letters(task, task.created_at):
                self.stage.callbacks.send_now(letter)
        return reply

    def look(self, request: Request, task: Task) -> Answer:
        words = self.stage.faults.take(task.key, "query")
        glitches = task.words.under("query")
        if glitches.phrases and task.once("query"):
            words += glitches
        return self._exchange(words, lambda: json_answer(self._seen(task, request.base_url)))

    def find(self, number: str, key: str) -> Task | None:
        """A task of this key at this provider."""
        task = self.stage.studio.tasks.get(number)
        return task if task and (task.dialect, task.key) == (self.name, key) else None

    def _exchange(self, words: Words, produce: Callable[[], Answer]) -> Answer:
        return faults.exchange(words, produce, self.stage.closing.wait, self.manners)

    def _seen(self, task: Task, base_url: str) -> Any:
        words, is_done = task.words, task.state == "success"
        if is_done and "empty creations" in words and task.once("empty creations"):
            return self.described(task, Files())
        if "unknown word" in words and not task.is_final and task.once("unknown word"):
            task = replace(task, state="rendering")
        return self.described(task, self._files(task, base_url))

    def _files(self, task: Task, base_url: str) -> Files:
        return files_of(self.stage, task, base_url, self.link_seconds)

    def _letters(self, task: Task, at: float) -> list[callbacks.Letter]:
        def write(seen: Task) -> Body:
            return self.callback(seen, self._files(seen, seen.base_url), at)

        return letters(task, write, self.delays, self.timeout)


def nothing_here(request: Request) -> Refusal:
    return Refusal(404, "nowhere", f"no {request.method} {request.path} here")


def is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


PADDING = "0" * (3 * 1024 * 1024)
Body = dict[str, Any]
Write = Callable[[Task], Body]


def letters(task: Task, write: Write, delays: tuple[float, ...], timeout: float) -> list[Letter]:
    """The letters that tell of the task's state; none when the task wants none.

    `write` makes the body for a task, true or not; only final states are tried again.
    """
    words, url = task.words.under("callback"), task.order["callback_url"]
    is_turned = "out of order" in words
    if not url or "never" in words or (is_turned and not task.is_final):
        return []

    def letter(told: Task) -> Letter:
        body = write(told) | ({"padding": PADDING} if "oversized" in words else {})
        return Letter(
            task.id, url, body, _no_headers, told.is_final, delays=delays, timeout=timeout
        )

    first = letter(_contradicted(task) if "contradicting" in words else task)
    copies = [first] * (5 if "five times" in words else 1)
    if is_turned:
        copies.append(letter(replace(task, state="processing")))
    return [*copies, first] if "duplicate" in words else copies


def _contradicted(task: Task) -> Task:
    if task.state == "success":
        return replace(task, state="failed", err_code="CreationPolicyViolation")
    return replace(task, state="success", err_code="", ended_at=task.created_at)


def _no_headers(_: float) -> dict[str, str]:
    return {}

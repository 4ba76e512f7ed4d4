"""Takes Vidu's orders in: looks at the key, the credits and the slots, and answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from generations.sandbox import faults, tasks
from generations.sandbox.context import Stage
from generations.sandbox.faults import Words
from generations.sandbox.fields import Order
from generations.sandbox.http import (
    Answer,
    Refusal,
    Request,
    json_answer,
)
from generations.sandbox.tasks import Task

from . import replies

DIALECT = "vidu"
Reply = Callable[[Task], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A validated order, and the words in it."""

    request: Request
    key: str
    number: str
    kind: str
    order: Order
    price: int
    words: Words


class Orders:
    """What clips and films have in common when they are ordered."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def key(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Token" or not tasks.is_known(key):
            raise Refusal(401, "Unauthorized", "the key is not known")
        if self._stage.studio.account(key).forbidden:
            raise Refusal(403, "Forbidden", "the key may not do this")
        return key

    def find(self, number: str, key: str) -> Task:
        """The task of this key, or Refusal."""
        task = self._stage.studio.tasks.get(number)
        if task is None or task.key != key or task.dialect != DIALECT:
            raise Refusal(404, "TaskNotFound", f"task {number} not found")
        return task

    def new_number(self) -> str:
        return self._stage.studio.identifiers.take()

    def exchange(self, words: Words, produce: Callable[[], Answer]) -> Answer:
        return faults.exchange(words, produce, self._stage.closing.wait)

    def query(self, task: Task, name: str, produce: Callable[[], Any]) -> Answer:
        """Answer a look at a task; the first one as its words under `name` will."""
        words = self._stage.faults.take(task.key, "query")
        glitches = task.words.under(name)
        if glitches.phrases and task.once(name):
            words += glitches
        return self.exchange(words, lambda: json_answer(produce()))

    def take(self, asked: Asked, reply: Reply) -> Answer:
        """Make a task of a validated order, unless its words or the account forbid it."""
        words = asked.words + self._stage.faults.take(asked.key, "create")
        task = Task(
            id=asked.number,
            creation_id=self.new_number(),
            dialect=DIALECT,
            kind=asked.kind,
            key=asked.key,
            order=asked.order,
            phrases=words.phrases,
            price=asked.price,
            created_at=self._stage.clock.now(),
            base_url=asked.request.base_url,
        )
        return self.exchange(words, lambda: self._create(task, reply))

    def _create(self, task: Task, reply: Reply) -> Answer:
        with self._stage.studio.lock:
            self._admit(task)
            self._stage.studio.create(task)
        answer = json_answer(reply(task))
        self._ring_early(task)
        return answer

    def _admit(self, task: Task) -> None:
        account = self._stage.studio.account(task.key)
        if account.busy:
            raise Refusal(429, "TooManyRequests", "too many requests")
        if account.credits < task.price:
            raise Refusal(400, "CreditInsufficient", "the credits do not suffice")
        unfinished = len(self._stage.studio.unfinished(task.key))
        if unfinished >= account.slots and (account.refuses_over_slots or "quota" in task.words):
            raise Refusal(429, "QuotaExceeded", "the concurrency of the account is used up")

    def _ring_early(self, task: Task) -> None:
        if "early" not in task.words.under("callback"):
            return
        body = replies.describe(self._stage, task, task.base_url, task.created_at) | {
            "state": "processing"
        }
        for letter in replies.letters(task, body):
            self._stage.callbacks.send_now(letter)

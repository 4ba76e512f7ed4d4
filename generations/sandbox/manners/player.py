"""Plays manners: draws them for orders, and applies them to replies, callbacks and links."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from generations.sandbox.callbacks import OutgoingCallback
from generations.sandbox.clock import Clock
from generations.sandbox.directives import Directives
from generations.sandbox.http import Response, json_response
from generations.sandbox.tasks import SandboxTask

from .amounts import BARE
from .catalogue import BY_WORD, LISTED, Played, complete, played
from .manner import EVERY, DraftReply, Moment

MOVED = "moved=1"  # stands in an address to which a redirect led


@dataclass(frozen=True, slots=True)
class MannerChoice:
    """Of all following orders of a dialect each gets, with this chance, one of the words."""

    dialect: str
    words: tuple[str, ...]
    chance: float

    @classmethod
    def of(cls, dialect: str, words: tuple[str, ...], chance: float) -> "MannerChoice":
        """All manners of the dialect where no words are given; ValueError for an unknown word."""
        unknown = [word for word in words if word.lower() not in BY_WORD]
        if dialect not in EVERY or unknown or not 0 <= chance <= 1:
            raise ValueError(f"no such dialect, word or chance: {dialect} {unknown} {chance}")
        given = [BY_WORD[word.lower()] for word in words] or LISTED
        return cls(dialect, tuple(each.word for each in given if dialect in each.dialects), chance)


class MannerPlayer:
    """Holds what was chosen, and how often a manner that comes a few times has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._choices: list[MannerChoice] = []
        self._used: Counter[tuple[str, ...]] = Counter()
        self._dice = random.Random(0)  # noqa: S311

    @property
    def choices(self) -> tuple[MannerChoice, ...]:
        return tuple(self._choices)

    def choose(self, choice: MannerChoice) -> None:
        """Add a choice; one without any chance removes those of its dialect."""
        with self._lock:
            if choice.chance:
                self._choices.append(choice)
            else:
                self._choices = [each for each in self._choices if each.dialect != choice.dialect]

    def clear(self) -> None:
        with self._lock:
            self._choices.clear()
            self._used.clear()
            self._dice.seed(0)

    def draw(self, dialect: str, directives: Directives) -> Directives:
        """The directives of a new order, with the manners that are drawn for it."""
        with self._lock:
            drawn = [
                self._dice.choice(choice.words)
                for choice in self._choices
                if choice.dialect == dialect and choice.words
                if self._dice.random() < choice.chance
            ]
        return complete(dialect, Directives(directives.phrases + tuple(drawn)))

    def exchange(
        self, task: SandboxTask, moment: Moment, address: str, produce: Callable[[], Response]
    ) -> Response:
        """The provider's response, or what answers in its place."""
        for each in _of(task):
            interruption = each.manner.interruption
            if interruption is None or interruption.moment != moment or address.endswith(MOVED):
                continue
            if not self._is_due(task, each):
                continue
            if interruption.is_after:
                produce()
            return interruption.build(task, address)
        return produce()

    def respond(self, task: SandboxTask, moment: Moment, body: Any) -> Response:
        """The response that says this, as the manners of the task say and write it."""
        if not _of(task):
            return json_response(body)
        changed = self._changed(task, moment, body)
        response = Response(200, _written(task, moment, changed), "application/json; charset=utf-8")
        for each in _of(task):
            if each.manner.response is not None and moment in each.manner.moments:
                response = each.manner.response(response)
        return response

    def callback(self, task: SandboxTask, callback: OutgoingCallback) -> OutgoingCallback:
        """The callback, as the manners of the task say, write and send it."""
        if not _of(task):
            return callback
        changed = self._changed(task, "callback", callback.body)
        callback = replace(callback, body=changed, encode=partial(_written, task, "callback"))
        for each in _of(task):
            if each.manner.callback is not None:
                callback = each.manner.callback(callback)
        return callback

    def _changed(self, task: SandboxTask, moment: Moment, body: Any) -> Any:
        body = deepcopy(body)
        for each in _of(task):
            # One that has made a list or a text of the whole leaves nothing to change.
            if each.manner.body is not None and isinstance(body, dict):
                body = each.manner.body(DraftReply(task, moment, body, self._clock.now()))
        return body

    def _is_due(self, task: SandboxTask, each: Played) -> bool:
        """Count one more time; False when the manner has come as often as it should."""
        times = each.manner.interruption.times if each.manner.interruption else 0
        times = times if each.number is None else each.number
        # By the prompt and not by the id: an order that is sent again is the same order.
        name = (task.dialect, task.key, task.order.get("prompt", ""), each.manner.word)
        with self._lock:
            self._used[name] += 1
            return times == 0 or self._used[name] <= times


def price_of(dialect: str, directives: Directives, price: int) -> int:
    """The price of an order; some manners have one of their own, to show a long figure."""
    prices = [each.manner.price for each in played(dialect, directives.phrases)]
    return max(prices, default=0) or price


def written_link(task: SandboxTask, link: str) -> str:
    """The link as the provider writes it into a reply."""
    for each in _of(task):
        if each.manner.link is not None:
            link = each.manner.link(link)
    return link


def sent_file(task: SandboxTask, response: Response) -> Response:
    """The response with a file, as the store sends it."""
    for each in _of(task):
        if each.manner.file is not None:
            response = each.manner.file(response)
    return response


def _of(task: SandboxTask) -> tuple[Played, ...]:
    return played(task.dialect, task.phrases)


def _written(task: SandboxTask, moment: Moment, body: Any) -> bytes:
    text = json.dumps(body, ensure_ascii=False).replace(f'"{BARE}', "").replace(f'{BARE}"', "")
    content = text.encode()
    for each in _of(task):
        if each.manner.text is not None and moment in each.manner.moments:
            content = each.manner.text(content)
    return content

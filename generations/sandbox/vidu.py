"""The Vidu dialect: text2video, one task, the list, cancel and credits.

From https://platform.vidu.com/docs and the text of the ad film page; where they differ: links live
one hour, a sixth task waits as `queueing`, `credits` is a number, cancelling ends a task as
`failed` with UserCancelled, and a body over 20 MB is answered with 413.
"""

import re
from collections.abc import Callable
from typing import Any

from generations.sandbox import (
    accounts,
    faults,
    vidu_callbacks,
    vidu_list,
    vidu_replies,
    vidu_rules,
)
from generations.sandbox.stage import Stage
from generations.sandbox.tasks import Task
from generations.sandbox.wire import Answer, Refusal, Request, json_answer
from generations.sandbox.words import Words

MOST_BODY = 20 * 1024 * 1024
TASK_ADDRESS = re.compile(r"/ent/v2/tasks/([^/]+)/(creations|cancel)")


class Vidu:
    """Answers what lies under /ent/v2."""

    name = "vidu"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def answer(self, request: Request) -> Answer | None:
        """None when the address is not Vidu's."""
        if not request.path.startswith("/ent/v2/"):
            return None
        try:
            return self._route(request)
        except Refusal as refusal:
            return vidu_replies.error_answer(refusal)

    def announce(self, task: Task, at: float) -> None:
        """Tell the callback address of a new state."""
        if task.state not in ("processing", "success", "failed"):
            return
        words = task.words.under("callback")
        late = words.number("late", 30) if words.after("late") is not None else 0.0
        letters = vidu_callbacks.letters(
            task, vidu_replies.describe(self._stage, task, task.base_url, at)
        )
        self._stage.callbacks.send_at(at + late, *letters)

    def _route(self, request: Request) -> Answer:
        match = TASK_ADDRESS.fullmatch(request.path)
        if match is not None:
            return self._route_task(request, match[1], match[2])
        routes: dict[tuple[str, str], Callable[[Request, str], Answer]] = {
            ("POST", "/ent/v2/text2video"): self._create,
            ("GET", "/ent/v2/tasks"): self._list,
            ("GET", "/ent/v2/credits"): self._credits,
        }
        route = routes.get((request.method, request.path))
        if route is None:
            raise Refusal(404, "NotFound", f"no {request.method} {request.path} here")
        if request.size > MOST_BODY:
            raise Refusal(413, "BadRequest", "the body is larger than 20 MB")
        key = self._key(request)
        if route == self._create:
            return route(request, key)
        return self._exchange(self._stage.faults.take(key, "query"), lambda: route(request, key))

    def _route_task(self, request: Request, number: str, what: str) -> Answer:
        if not number.isdecimal():
            # The number is read before the key is looked at.
            raise Refusal(400, "CODEC", f'parsing field "id": strconv.ParseInt: parsing "{number}"')
        key = self._key(request)
        task = self._stage.studio.tasks.get(number)
        if task is None or task.key != key or task.dialect != self.name:
            raise Refusal(404, "TaskNotFound", f"task {number} not found")
        if (request.method, what) == ("GET", "creations"):
            return self._query(request, task)
        if (request.method, what) == ("POST", "cancel"):
            return self._cancel(request, task)
        raise Refusal(404, "NotFound", f"no {request.method} {request.path} here")

    def _key(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Token" or not accounts.is_known(key):
            raise Refusal(401, "Unauthorized", "the key is not known")
        if self._stage.studio.account(key).forbidden:
            raise Refusal(403, "Forbidden", "the key may not do this")
        return key

    def _exchange(self, words: Words, produce: Callable[[], Answer]) -> Answer:
        return faults.exchange(words, produce, self._stage.closing.wait)

    def _create(self, request: Request, key: str) -> Answer:
        identifier = self._stage.studio.identifiers.take()
        order = vidu_rules.read_order(request.body, identifier)
        words = Words.of(order["prompt"]) + self._stage.faults.take(key, "create")
        return self._exchange(words, lambda: self._take(request, key, identifier, order, words))

    def _take(
        self, request: Request, key: str, identifier: str, order: vidu_rules.Order, words: Words
    ) -> Answer:
        studio = self._stage.studio
        task = Task(
            id=identifier,
            creation_id=studio.identifiers.take(),
            dialect=self.name,
            kind="text2video",
            key=key,
            order=order,
            phrases=words.phrases,
            price=vidu_rules.price(order),
            created_at=self._stage.clock.now(),
            base_url=request.base_url,
        )
        with studio.lock:
            self._admit(task)
            studio.create(task)
        reply = json_answer(vidu_replies.create_reply(task))
        self._ring_early(task)
        return reply

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
        body = vidu_replies.describe(self._stage, task, task.base_url, task.created_at) | {
            "state": "processing"
        }
        for letter in vidu_callbacks.letters(task, body):
            self._stage.callbacks.send_now(letter)

    def _query(self, request: Request, task: Task) -> Answer:
        words = self._stage.faults.take(task.key, "query")
        glitches = task.words.under("query")
        if glitches.phrases and task.once("query"):
            words += glitches
        return self._exchange(words, lambda: json_answer(self._seen(request, task)))

    def _seen(self, request: Request, task: Task) -> dict[str, Any]:
        body = vidu_replies.describe(self._stage, task, request.base_url, self._stage.clock.now())
        success = body["state"] == "success"
        if success and "empty creations" in task.words and task.once("empty creations"):
            body["creations"] = []
        if "unknown word" in task.words and not success and task.once("unknown word"):
            body["state"] = "rendering"
        return body

    def _cancel(self, request: Request, task: Task) -> Answer:
        given = vidu_rules.read_object(request.body).get("id")
        if given is None:
            raise Refusal(400, "FieldLacking", "id is required")
        if given != task.id:
            raise Refusal(400, "FieldInvalid", "id is not the one of the address")
        words = self._stage.faults.take(task.key, "query")
        return self._exchange(words, lambda: self._cancelled(task))

    def _cancelled(self, task: Task) -> Answer:
        if not self._stage.studio.cancel(task, self._stage.clock.now()):
            raise Refusal(400, "BadRequest", "task state is scheduled, can not cancel")
        return json_answer({})

    def _list(self, request: Request, key: str) -> Answer:
        with self._stage.studio.lock:
            tasks = self._stage.studio.tasks.values()
            own = [task for task in tasks if (task.dialect, task.key) == (self.name, key)]
        page = vidu_list.page(request, own, self._stage.clock.now())
        rows = [vidu_replies.list_row(self._stage, task, request.base_url) for task in page.tasks]
        return json_answer({"next_page_token": page.next_token, "tasks": rows})

    def _credits(self, request: Request, key: str) -> Answer:
        studio = self._stage.studio
        account = studio.account(key)
        remains = {
            "type": "metered",
            "credit_remain": account.credits,
            "concurrency_limit": account.slots,
            "current_concurrency": len(studio.running(key)),
            "queue_count": len(studio.queued(key)),
        }
        return json_answer({"remains": [remains], "packages": []})

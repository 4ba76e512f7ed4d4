"""What all Vidu endpoints share: the key, the task of an id, and how an order becomes a task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from generations.sandbox.context import Context
from generations.sandbox.dialects import is_known_key
from generations.sandbox.directives import Directives, apply_faults
from generations.sandbox.fields import Order
from generations.sandbox.http import ApiError, Request, Response, json_response
from generations.sandbox.tasks import SandboxTask

from . import callbacks, replies
from .replies import FAULT_PROFILE

DIALECT = "vidu"
Reply = Callable[[SandboxTask], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CheckedOrder:
    """An order that keeps the rules of its endpoint, and the directives in it."""

    request: Request
    key: str
    task_id: str
    kind: str
    order: Order
    price: int
    directives: Directives


class ViduOrders:
    """The steps that clips and films have in common."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def api_key(self, request: Request) -> str:
        """The key of the request; ApiError when it is unknown or may not do this."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Token" or not is_known_key(key):
            raise ApiError(401, "Unauthorized", "the key is not known")
        if self._context.engine.account(key).is_forbidden:
            raise ApiError(403, "Forbidden", "the key may not do this")
        return key

    def find_task(self, task_id: str, key: str) -> SandboxTask:
        """The task of this key; ApiError when there is none."""
        task = self._context.engine.tasks.get(task_id)
        if task is None or task.key != key or task.dialect != DIALECT:
            raise ApiError(404, "TaskNotFound", f"task {task_id} not found")
        return task

    def new_id(self) -> str:
        """An id that no task or creation has."""
        return self._context.engine.ids.next()

    def exchange(self, directives: Directives, produce: Callable[[], Response]) -> Response:
        """Respond with what is produced, unless a directive makes this exchange fail."""
        return apply_faults(directives, produce, self._context.closing.wait, FAULT_PROFILE)

    def answer_query(self, task: SandboxTask, name: str, produce: Callable[[], Any]) -> Response:
        """Answer a query for a task; the task's directives under `name` apply to the first one."""
        directives = self._context.faults.consume(task.key, "query")
        own = task.directives.scoped(name)
        if own.phrases and task.use_once(name):
            directives += own
        return self.exchange(directives, lambda: json_response(produce()))

    def accept(self, checked: CheckedOrder, reply: Reply) -> Response:
        """Create the task of an order, unless its directives or the account forbid it."""
        directives = checked.directives + self._context.faults.consume(checked.key, "create")
        task = SandboxTask(
            id=checked.task_id,
            creation_id=self.new_id(),
            dialect=DIALECT,
            kind=checked.kind,
            key=checked.key,
            order=checked.order,
            phrases=directives.phrases,
            price=checked.price,
            created_at=self._context.clock.now(),
            base_url=checked.request.base_url,
        )
        return self.exchange(directives, lambda: self._create(task, reply))

    def _create(self, task: SandboxTask, reply: Reply) -> Response:
        with self._context.engine.lock:
            self._check_account(task)
            self._context.engine.create(task)
        response = json_response(reply(task))
        # The early callback leaves in this thread, so it arrives before the answer.
        if "early" in task.directives.scoped("callback"):
            body = replies.query_reply(self._context, task, task.base_url, task.created_at)
            for callback in callbacks.callbacks_of(task, body | {"state": "processing"}):
                self._context.callbacks.send_now(callback)
        return response

    def _check_account(self, task: SandboxTask) -> None:
        account = self._context.engine.account(task.key)
        if account.is_busy:
            raise ApiError(429, "TooManyRequests", "too many requests")
        if account.credits < task.price:
            raise ApiError(400, "CreditInsufficient", "the credits do not suffice")
        # Usually a task beyond the slots waits as `queueing`; Vidu is said to do either (2.11).
        is_full = len(self._context.engine.unfinished(task.key)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.directives):
            raise ApiError(429, "QuotaExceeded", "the concurrency of the account is used up")

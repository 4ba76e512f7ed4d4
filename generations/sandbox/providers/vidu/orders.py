"""What all Vidu endpoints share: the key, the task of an id, and how an order becomes a task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from generations.sandbox.context import Context
from generations.sandbox.dialects import is_known_key
from generations.sandbox.directives import Directives, apply_faults
from generations.sandbox.fields import Order
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.manners.manner import Moment
from generations.sandbox.manners.player import price_of
from generations.sandbox.tasks import SandboxTask

from . import callbacks, replies
from .replies import FAULT_PROFILE
from .rules import check_task_id

DIALECT = "vidu"
Reply = Callable[[SandboxTask], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CheckedOrder:
    """An order that keeps the rules of its endpoint, and the directives in it.

    The reply to an order `at_once` is its result, unless a directive makes it wait.
    """

    request: Request
    key: str
    task_id: str
    kind: str
    order: Order
    price: int
    directives: Directives
    at_once: bool = False


# Words that make an order wait whose reply would be its result.
WAITING = ("queueing", "stuck", "never starts")


class ViduOrders:
    """The steps that all orders have in common."""

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
        task = self._context.engine.find(task_id)
        if task is None or task.key != key or task.dialect != DIALECT:
            raise ApiError(404, "TaskNotFound", f"task {task_id} not found")
        return task

    def checked_id(self, text: str) -> str:
        """The id in an address; ApiError when it is neither a number nor that of a task."""
        task_id = unquote(text)
        if self._context.engine.find(task_id) is None:
            check_task_id(task_id)
        return task_id

    def new_id(self) -> str:
        """An id that no task or creation has."""
        return self._context.engine.ids.next()

    def exchange(self, directives: Directives, produce: Callable[[], Response]) -> Response:
        """Respond with what is produced, unless a directive makes this exchange fail."""
        return apply_faults(directives, produce, self._context.closing.wait, FAULT_PROFILE)

    def answer_query(
        self, request: Request, task: SandboxTask, name: str, produce: Callable[[], Any]
    ) -> Response:
        """Answer a query for a task; the task's directives under `name` apply to the first one."""
        directives = self._context.faults.consume(task.key, "query")
        own = task.directives.scoped(name)
        if own.phrases and task.use_once(name):
            directives += own
        manners = self._context.manners
        moment: Moment = "tree" if name == "detail" else "query"

        def respond() -> Response:
            return manners.respond(task, moment, produce())

        return self.exchange(
            directives, lambda: manners.exchange(task, moment, request.url, respond)
        )

    def accept(self, checked: CheckedOrder, reply: Reply) -> Response:
        """Create the task of an order, unless its directives or the account forbid it."""
        directives = checked.directives + self._context.faults.consume(checked.key, "create")
        directives = self._context.manners.draw(DIALECT, directives)
        if checked.at_once:
            directives += _ended_at_once(directives)
        task = SandboxTask(
            id=checked.task_id,
            creation_id=self.new_id(),
            dialect=DIALECT,
            kind=checked.kind,
            key=checked.key,
            order=checked.order,
            phrases=directives.phrases,
            price=price_of(DIALECT, directives, checked.price),
            created_at=self._context.clock.now(),
            base_url=checked.request.base_url,
        )
        played, address = self._context.manners.exchange, checked.request.url
        return self.exchange(
            directives, lambda: played(task, "create", address, lambda: self._create(task, reply))
        )

    def _create(self, task: SandboxTask, reply: Reply) -> Response:
        with self._context.engine.lock:
            self._check_account(task)
            self._context.engine.create(task)
        response = self._context.manners.respond(task, "create", reply(task))
        # The early callback leaves in this thread, so it arrives before the answer.
        if "early" in task.directives.scoped("callback"):
            body = replies.query_reply(self._context, task, task.base_url, task.created_at)
            early = callbacks.callbacks_of(task, body | {"state": "processing"})
            for callback in early:
                self._context.callbacks.send_now(self._context.manners.callback(task, callback))
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


def _ended_at_once(directives: Directives) -> Directives:
    """The directive that ends an order with its reply; none for one that waits."""
    if any(word in directives for word in WAITING):
        return Directives()
    is_failed = directives.argument("fail") is not None
    return Directives(("failed at once" if is_failed else "done at once",))

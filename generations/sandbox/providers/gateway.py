"""What the relay, Vivienne and APIXO share: a Bearer key, one create, one query, callbacks."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from generations.sandbox import callbacks
from generations.sandbox.callbacks import OutgoingCallback
from generations.sandbox.context import HOUR, Context
from generations.sandbox.dialects import SandboxAccount, account_name, is_known_key
from generations.sandbox.directives import Directives, FaultProfile, apply_faults
from generations.sandbox.fields import Order
from generations.sandbox.files import FileLinks, file_links
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.manners.player import price_of
from generations.sandbox.tasks import FINAL, SandboxTask

Body = dict[str, Any]
PADDING = "0" * (3 * 1024 * 1024)  # makes a body that no receiver should read to its end


class Gateway(ABC):
    """A provider under a base path of its own, /{name}, which distinguishes it from Vidu.

    `reported_states` are sent to a callback address. `retry_delays` are the seconds before each
    retry of a callback, `timeout` the seconds of one try; a link lives `link_seconds`.
    """

    name: str
    fault_profile: FaultProfile
    reported_states: frozenset[str] = FINAL
    retry_delays: tuple[float, ...] = callbacks.RETRY_SECONDS
    timeout: float = callbacks.TIMEOUT_SECONDS
    link_seconds: float = HOUR

    def __init__(self, context: Context) -> None:
        self.context = context

    @abstractmethod
    def route(self, request: Request, path: str) -> Response:
        """Answer a request; `path` is without the base path. ApiError for an unknown address."""

    @abstractmethod
    def read_order(self, request: Request, key: str, task_id: str) -> Order:
        """The order with its defaults; ApiError when it breaks a rule."""

    @abstractmethod
    def price(self, order: Order) -> int:
        """What the order costs, in the units of its account."""

    @abstractmethod
    def check_account(self, task: SandboxTask, account: SandboxAccount) -> None:
        """ApiError when the account may not have this task now."""

    @abstractmethod
    def create_reply(self, task: SandboxTask) -> Body:
        """The reply to an order."""

    @abstractmethod
    def query_reply(self, task: SandboxTask, files: FileLinks) -> Body:
        """The reply to a query."""

    @abstractmethod
    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> Body:
        """The body that is sent to the callback address."""

    @abstractmethod
    def error_response(self, error: ApiError) -> Response:
        """The error body of this provider."""

    def respond(self, request: Request) -> Response | None:
        """None when the address is another provider's."""
        path = request.path.removeprefix(f"/{self.name}")
        if path == request.path or not path.startswith("/"):
            return None
        try:
            return self.route(request, path)
        except ApiError as error:
            return self.error_response(error)

    def announce(self, task: SandboxTask, at: float) -> None:
        """Report a new state to the callback address; `[callback ahead]` reports success early."""
        directives = task.directives.scoped("callback")
        if "ahead" in directives:
            if task.state != "processing":
                return
            # A copy: the task itself goes on, so that a query contradicts this callback.
            task = replace(task, state="success", ended_at=at)
        if task.state in self.reported_states:
            is_late = directives.argument("late") is not None
            delay = directives.numeric_argument("late", 30) if is_late else 0.0
            self.context.callbacks.send_at(at + delay, *self._callbacks_of(task, at))

    def api_key(self, request: Request) -> str:
        """The key of the request; ApiError when it is unknown or disabled."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not is_known_key(key):
            raise ApiError(401, "unauthorized", "the key is not known")
        if self.account(key).is_forbidden:
            raise ApiError(403, "forbidden", "the key is disabled")
        return key

    def account(self, key: str) -> SandboxAccount:
        """The account of a key at this provider."""
        return self.context.engine.account(account_name(self.name, key))

    def new_task_id(self) -> str:
        """An id that no task has, in the form of this provider."""
        return self.context.engine.ids.next()

    def create(self, request: Request, key: str) -> Response:
        """Answer an order, unless its directives or the account forbid it."""
        # An order that breaks a rule is refused whatever its directives say, and uses up no fault.
        task_id = self.new_task_id()
        order = self.read_order(request, key, task_id)
        directives = Directives.parse(order["prompt"]) + self.context.faults.consume(key, "create")
        directives = self.context.manners.draw(self.name, directives)
        task = SandboxTask(
            id=task_id,
            creation_id=self.context.engine.ids.next(),
            dialect=self.name,
            kind=order.get("mode", "text2video"),
            key=key,
            order=order,
            phrases=directives.phrases,
            price=price_of(self.name, directives, self.price(order)),
            created_at=self.context.clock.now(),
            base_url=request.base_url,
        )
        played = self.context.manners.exchange
        return self._exchange(
            directives, lambda: played(task, "create", request.url, lambda: self.accept(task))
        )

    def accept(self, task: SandboxTask) -> Response:
        """Store the task and answer; ApiError when the account may not have it."""
        with self.context.engine.lock:
            self.check_account(task, self.account(task.key))
            self.context.engine.create(task)
        reply = self.context.manners.respond(task, "create", self.create_reply(task))
        # The early callback leaves in this thread, so it arrives before the answer.
        if "early" in task.directives.scoped("callback"):
            for callback in self._callbacks_of(task, task.created_at):
                self.context.callbacks.send_now(callback)
        return reply

    def find_task(self, task_id: str, key: str) -> SandboxTask | None:
        """A task of this key at this provider."""
        task = self.context.engine.find(task_id)
        return task if task and (task.dialect, task.key) == (self.name, key) else None

    def answer_query(self, request: Request, task: SandboxTask) -> Response:
        """Answer a query; the task's directives under `query` apply to the first one."""
        directives = self.context.faults.consume(task.key, "query")
        own = task.directives.scoped("query")
        if own.phrases and task.use_once("query"):
            directives += own
        manners = self.context.manners

        def produce() -> Response:
            return manners.respond(task, "query", self._current(task, request.base_url))

        return self._exchange(
            directives, lambda: manners.exchange(task, "query", request.url, produce)
        )

    def _exchange(self, directives: Directives, produce: Callable[[], Response]) -> Response:
        return apply_faults(directives, produce, self.context.closing.wait, self.fault_profile)

    def _current(self, task: SandboxTask, base_url: str) -> Body:
        directives, is_success = task.directives, task.state == "success"
        if is_success and "empty creations" in directives and task.use_once("empty creations"):
            return self.query_reply(task, FileLinks())
        if not task.is_final and "unknown word" in directives and task.use_once("unknown word"):
            task = replace(task, state="rendering")
        return self.query_reply(task, self._files(task, base_url))

    def _files(self, task: SandboxTask, base_url: str) -> FileLinks:
        return file_links(self.context, task, base_url, self.link_seconds)

    def _callbacks_of(self, task: SandboxTask, at: float) -> list[OutgoingCallback]:
        """The callbacks that report the task's state; none when the task wants none."""
        directives, url = task.directives.scoped("callback"), task.order["callback_url"]
        # Out of order: the earlier state is kept back now, and sent after the final one.
        is_out_of_order = "out of order" in directives
        if not url or "never" in directives or (is_out_of_order and not task.is_final):
            return []
        first = self._callback(_contradicting(task) if "contradicting" in directives else task, at)
        copies = [first] * (5 if "five times" in directives else 1)
        if is_out_of_order:
            copies.append(self._callback(replace(task, state="processing"), at))
        return [*copies, first] if "duplicate" in directives else copies

    def _callback(self, task: SandboxTask, at: float) -> OutgoingCallback:
        """One callback; only those of final states are tried again."""
        body = self.callback_body(task, self._files(task, task.base_url), at)
        if "oversized" in task.directives.scoped("callback"):
            body = body | {"padding": PADDING}
        callback = OutgoingCallback(
            task.id,
            task.order["callback_url"],
            body,
            _no_headers,
            task.is_final,
            delays=self.retry_delays,
            timeout=self.timeout,
        )
        return self.context.manners.callback(task, callback)


def unknown_address(request: Request) -> ApiError:
    """The error of an address that the provider does not have."""
    return ApiError(404, "nowhere", f"no {request.method} {request.path} here")


def is_json(request: Request) -> bool:
    """True when the request says that its body is JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def _contradicting(task: SandboxTask) -> SandboxTask:
    """The task failed where it succeeded, and succeeded anywhere else."""
    if task.state == "success":
        return replace(task, state="failed", err_code="CreationPolicyViolation")
    return replace(task, state="success", err_code="", ended_at=task.created_at)


def _no_headers(_: float) -> dict[str, str]:
    # No gateway signs its headers: docs/wire.md, 3.4, 4.4 and 5.4.
    return {}

"""A whole site in one process: the product's verbs, its queue, its clock, and people."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import import_module

import httpx
import pytest

from generations import clock, crash, media
from generations.lifecycle import actions, callbacks, fetch, order, poll, queue, stops
from generations.models import Attempt, Credential, File, Membership, Task
from generations.models.files import FileState
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import CallbackRequest
from generations.storage import store
from generations.teams import provider_access
from tests.factories import wanted

from .clips import Clip
from .faulty_provider import FaultyProvider
from .machine import Machine
from .media import copier, fetcher, is_served, looker

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
KEY = "sandbox-simulation"


class Site:
    """All of it: our rows and our queue, the provider, the machine, and a person."""

    def __init__(
        self,
        dice: random.Random,
        membership: Membership,
        credential: Credential,
        loop: asyncio.Runner,
    ) -> None:
        self.dice = dice
        self.membership = membership
        self.credential = credential
        self.true_time = START
        self.skew = timedelta(0)
        self.was_skewed = False  # at any time of the run
        self.disk = 10**12
        self.queue: list[tuple[str, int]] = []
        self.presses: list[str] = []
        self.most_tasks = 1
        self.machine = Machine(dice)
        self.provider = FaultyProvider(dice, lambda: self.true_time, self.wait)
        self.provider.call_back = self.call_back
        self._throttle = poll.EnqueueThrottle(every=0)
        self._loop = loop

    @contextmanager
    def open(self) -> Iterator[None]:
        """Everything that the product reaches is the simulation's, until the end."""
        with ExitStack() as stack:
            logging.disable(logging.CRITICAL)  # faults are what the run is about
            stack.callback(logging.disable, logging.NOTSET)
            self._frozen_clock = stack.enter_context(clock.frozen(START))
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(
                queue, "async_task", lambda path, row_id, broker: self.enqueue(path, row_id)
            )
            patch.setattr(queue, "_broker", lambda: None)
            patch.setattr(crash, "point", self.machine.point)
            patch.setattr(store, "free_bytes", lambda: self.disk)
            patch.setattr(store, "_flush", lambda directory: None)  # no power fails here
            patch.setattr(fetch, "download", fetcher(self.provider, self.machine.point))
            patch.setattr(fetch, "inspect", looker(self.provider))
            patch.setattr(fetch, "_is_served", lambda url: is_served(self.provider, url))
            patch.setattr(media, "make_proxy", copier(self.provider, self.machine.point))
            patch.setattr(poll, "async_client", self._async_client)
            http = stack.enter_context(httpx.Client(transport=httpx.MockTransport(self._exchange)))
            patch.setattr(provider_access, "client", lambda policy: _kept_open(http))
            stack.enter_context(self.machine.installed())
            yield

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.rpartition('/')[2]}"
        self.machine.point(f"before {name}")
        response = self.provider.answer(request)
        self.machine.point(f"after {name}")
        return response

    def _async_client(self, policy: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.provider.answer))

    # ---- Time ----

    def wait(self, seconds: float) -> None:
        self.true_time += timedelta(seconds=seconds)
        self.set_clock(self.skew)

    def set_clock(self, skew: timedelta) -> None:
        self.skew = skew
        self.was_skewed |= bool(skew)
        self._frozen_clock.at = self.true_time + skew

    # ---- Jobs ----

    def enqueue(self, path: str, row_id: int) -> None:
        """A job is queued; of the poller there is one at a time, by its lease."""
        if path != queue.JOBS["poll"] or (path, row_id) not in self.queue:
            self.queue.append((path, row_id))

    def do(self, path: str, row_id: int) -> None:
        """One job, as one process that may die of it."""
        module, _, name = path.rpartition(".")
        if path == queue.JOBS["poll"]:
            self.machine.run(lambda: poll.go_round(self._loop, self._throttle))
            return
        verb = getattr(import_module(module), name)
        self.machine.run(lambda: verb(row_id))

    def deliver(self, verb: str, row_id: int = 0) -> None:
        self.do(queue.JOBS[verb], row_id)

    def drain(self, *, most: int = 100) -> None:
        """Do what the queue holds, the poller last, and what comes of it."""
        for _ in range(most):
            if not self.queue:
                return
            poller_last = sorted(self.queue, key=lambda each: each[0] == queue.JOBS["poll"])
            job = poller_last[0]
            self.queue = [each for each in self.queue if each != job]
            self.do(*job)
        raise AssertionError(f"the queue never empties: {self.queue[:5]}")

    # ---- Callbacks ----

    def call_back(
        self, clip: Clip, *, remote_id: str = "", nonce: str = "", key: str = KEY, age: float = 0
    ) -> None:
        """A callback of the provider's, as far as it names a way to us."""
        path = clip.callback_url.partition(":8000")[2]
        body = json.dumps({"id": remote_id or clip.remote_id, "state": clip.word(self.true_time)})
        at = self.true_time - timedelta(seconds=age)
        headers = signed(key, path, nonce or f"{self.dice.random()}", at)
        request = CallbackRequest("POST", path, "", headers, body.encode())
        token = path.rpartition("/")[2] or "nobody"
        try:
            self.machine.run(lambda: callbacks.receive("vidu", token, request))
        except (callbacks.ForgedCallback, callbacks.UnknownToken) as error:
            self.machine.told.append(f"callback refused: {type(error).__name__}")

    # ---- People ----

    def press(self, token: str) -> None:
        """Order one clip; the same token again is the same press."""
        try:
            self.machine.run(
                lambda: order.order(self.membership, self.credential, wanted(), form_token=token)
            )
        except order.OrderRefused as refusal:
            self.machine.told.append(f"not ordered: {type(refusal).__name__}")

    def decide_unclear(self, task: Task) -> None:
        """A person who looks at the provider's own pages says truly what is there."""
        attempt = task.attempts.filter(state=AttemptState.UNCLEAR).first()
        if attempt is None:
            return
        clip = self.provider.by_reference(attempt.reference)
        by = self.membership.user
        if clip and not clip.is_gone(self.true_time):
            self._try(lambda: actions.accept_found_id(task, clip.remote_id, by))
        else:
            again = self.dice.random() < 0.5
            self._try(lambda: actions.release(task, by, send_again=again))

    def cancel(self, task: Task) -> None:
        self._try(lambda: actions.cancel(task, self.membership.user))

    def fetch_again(self, task: Task) -> None:
        self._try(lambda: actions.fetch_again(task, self.membership.user))

    def resume(self) -> None:
        self.credential.refresh_from_db()
        self.machine.run(lambda: stops.resume_key(self.credential, self.membership.user))

    def stop_ordering(self) -> None:
        self.machine.run(lambda: stops.stop(self.membership.user))

    def allow_ordering(self) -> None:
        self.machine.run(lambda: stops.allow(self.membership.user))

    def _try(self, act: object) -> None:
        try:
            self.machine.run(act)  # type: ignore[arg-type]
        except actions.Refusal as refusal:
            self.machine.told.append(f"refused: {refusal.code}")

    # ---- What is so ----

    def unclear(self) -> list[Task]:
        return list(Task.objects.filter(state=TaskState.UNCLEAR).order_by("pk"))

    def with_lost_files(self) -> list[Task]:
        lost = File.objects.filter(state=FileState.LOST)
        return list(Task.objects.filter(files__in=lost).distinct().order_by("pk"))

    def given_up(self) -> list[Clip]:
        """What the provider has though a person gave its order up."""
        withdrawn = Attempt.objects.filter(state=AttemptState.WITHDRAWN)
        references = set(withdrawn.values_list("reference", flat=True))
        return [clip for clip in self.provider.clips.values() if clip.reference in references]

    def attempts(self) -> list[Attempt]:
        return list(Attempt.objects.select_related("task").order_by("pk"))


@contextmanager
def _kept_open(http: httpx.Client) -> Iterator[httpx.Client]:
    yield http


def signed(key: str, path: str, nonce: str, at: datetime) -> dict[str, str]:
    """The headers of a callback by the documents (docs/wire.md, 2.9)."""
    date = format_datetime(at, usegmt=True)
    names = "Date;X-Request-Nonce"
    text = f"POST\n{path}\n\nvidu\n{date}\nDate:{date}\nX-Request-Nonce:{nonce}\n"
    digest = hmac.digest(key.encode(), text.encode(), hashlib.sha256)
    return {
        "date": date,
        "x-request-nonce": nonce,
        "x-hmac-signed-headers": names,
        "x-hmac-signature": base64.b64encode(digest).decode(),
    }

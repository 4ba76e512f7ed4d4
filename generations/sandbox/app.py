"""The sandbox as a whole: built, started, asked and stopped in this process."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from . import files
from .callbacks import CallbackAttempt, CallbackSender
from .clips.pool import ClipPool
from .clock import Clock, Scheduler
from .context import Context, LinkSigner
from .control import Control, Counts
from .dialects import dialect_named
from .directives import Directives, KeyFault
from .engine import Engine
from .http import Request, Response, Server, json_response
from .manners.player import MannerPlayer
from .providers.apixo import ApixoEndpoints
from .providers.relay.endpoints import RelayEndpoints
from .providers.vidu.endpoints import ViduEndpoints
from .providers.vivienne import VivienneEndpoints
from .tasks import SandboxTask, TaskStore


class ProviderEndpoints(Protocol):
    """The endpoints of one dialect."""

    name: str

    def respond(self, request: Request) -> Response | None: ...

    def announce(self, task: SandboxTask, at: float) -> None: ...


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Port 0 is any free one; without a folder nothing outlives the process.

    `clip_folder` may be shared: a clip that is there already is not made again. `tiny` makes clips
    of 160 pixels and one second. `in_subprocess` makes clips in processes of their own, so that
    responses stay quick.
    """

    host: str = "127.0.0.1"
    port: int = 0
    folder: Path | None = None
    clip_folder: Path | None = None
    seconds_per_task: float = 5.0
    tiny: bool = False
    frozen: bool = False
    in_subprocess: bool = False


class Sandbox:
    """Tests use `Sandbox.running`, or `Sandbox.in_process` for responses without a server."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="sandbox-"))
        clock = Clock(frozen=settings.frozen)
        scheduler = Scheduler(clock)
        clips = ClipPool(
            settings.clip_folder or (settings.folder or self._scratch) / "clips",
            tiny=settings.tiny,
            in_subprocess=settings.in_subprocess,
        )
        self._store = TaskStore(settings.folder)
        engine = Engine(scheduler, clips, self._store, settings.seconds_per_task)
        callbacks = CallbackSender(clock, scheduler)
        links, manners = LinkSigner(clock), MannerPlayer(clock)
        self.context = Context(clock, scheduler, clips, engine, callbacks, links, manners)
        vidu = ViduEndpoints(self.context)
        self._providers: tuple[ProviderEndpoints, ...] = (
            vidu,
            RelayEndpoints(self.context),
            VivienneEndpoints(self.context),
            ApixoEndpoints(self.context),
        )
        engine.announce = self._announce
        # The first that knows the address of a request answers it.
        self._responders: tuple[Callable[[Request], Response | None], ...] = (
            Control(self.context, self._announce, vidu.elsewhere.create).respond,
            partial(files.respond, self.context),
            *(provider.respond for provider in self._providers),
        )
        self._address = (settings.host, settings.port)
        self._server: Server | None = None

    @classmethod
    @contextmanager
    def running(
        cls,
        *,
        port: int = 0,
        folder: Path | None = None,
        clip_folder: Path | None = None,
        seconds_per_task: float = 5.0,
        tiny: bool = True,
        frozen: bool = True,
    ) -> Iterator["Sandbox"]:
        """A started sandbox; its clock moves only by `advance`, unless it is not frozen."""
        sandbox = cls(
            SandboxSettings(
                port=port,
                folder=folder,
                clip_folder=clip_folder,
                seconds_per_task=seconds_per_task,
                tiny=tiny,
                frozen=frozen,
            )
        )
        sandbox.start()
        try:
            yield sandbox
        finally:
            sandbox.stop()

    @classmethod
    @contextmanager
    def in_process(cls) -> Iterator["Sandbox"]:
        """A sandbox without a server: only `respond` is used, and its clock is frozen.

        No scheduler runs, so a task makes no clip.
        """
        sandbox = cls(SandboxSettings(tiny=True, frozen=True))
        try:
            yield sandbox
        finally:
            sandbox._close()

    @property
    def url(self) -> str:
        """The address of the server, which is also the base address of Vidu."""
        if self._server is None:
            raise RuntimeError("the sandbox is not started")
        return f"http://{self._address[0]}:{self._server.server_port}"

    def base_url(self, dialect: str) -> str:
        """The base address of vidu, relay, vivienne or apixo."""
        return self.url + dialect_named(dialect).path

    @property
    def requests(self) -> list[Request]:
        """All requests since the start or the last reset, but those of the page and /control/."""
        return list(self.context.requests)

    @property
    def tasks(self) -> dict[str, SandboxTask]:
        return self.context.engine.tasks

    @property
    def callbacks(self) -> list[CallbackAttempt]:
        """All attempts to send a callback."""
        return list(self.context.callbacks.attempts)

    @property
    def counts(self) -> Counts:
        return Counts.of(list(self.tasks.values()), self.requests)

    @property
    def next_due(self) -> float | None:
        """When the next step of a task or the next callback is due."""
        return self.context.scheduler.next_due

    def advance(self, seconds: float) -> None:
        """Move the clock forward; all that became due is done on return."""
        self.context.clock.advance(seconds)
        self.context.settle()

    def settle(self) -> None:
        """Return when all that is due now is done."""
        self.context.settle()

    def set_fault(
        self, key: str, directives: str, *, on: str = "any", times: int | None = None
    ) -> None:
        """Let directives, in brackets, apply to the next requests of a key; "" clears them."""
        self.context.faults.set(key, KeyFault(Directives.parse(directives), on, times))

    def fail(self, task_id: str, err_code: str) -> None:
        """Let a task that has not ended fail now."""
        now = self.context.clock.now()
        self.context.engine.end(self.tasks[task_id], "failed", err_code, now)

    def expire_links(self) -> None:
        self.context.links.expire()

    def reset(self) -> None:
        self.context.reset()

    def start(self) -> None:
        self.context.engine.restore(self.context.clock.now())
        self.context.scheduler.start()
        self._server = Server(self._address, self.respond, self.context.clock.now)
        self._server.start()

    def stop(self) -> None:
        # Waits and slow bodies end first; then the server and the scheduler, because they give work
        # to what is closed last.
        self.context.closing.set()
        if self._server is not None:
            self._server.stop()
            self.context.scheduler.stop()
        self._close()

    def respond(self, request: Request) -> Response:
        """The server's response to a request, made in this thread."""
        # Only what a client sends to a provider is of interest to a test that counts requests.
        if request.path != "/" and not request.path.startswith("/control/"):
            self.context.requests.append(request)
            self.context.posts.count(request)
        for responder in self._responders:
            response = responder(request)
            if response is not None:
                return response
        return json_response({"message": "nothing here"}, 404)

    def _close(self) -> None:
        self.context.callbacks.close()
        self.context.clips.close()
        self._store.close()
        shutil.rmtree(self._scratch)

    def _announce(self, task: SandboxTask, at: float) -> None:
        next(each for each in self._providers if each.name == task.dialect).announce(task, at)

"""The sandbox as a whole: built, started, asked and stopped in process."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from generations.sandbox.callbacks import Callbacks, Sent
from generations.sandbox.clock import Agenda, Clock
from generations.sandbox.control import Control
from generations.sandbox.faults import Fault
from generations.sandbox.tasks import Task

from . import files
from .clips.pool import Clips
from .context import Links, Stage
from .engine import Archive, Studio
from .faults import Words
from .http import Answer, Request, Server, json_answer
from .page import base
from .providers.apixo.endpoints import Apixo
from .providers.relay.endpoints import Relay
from .providers.vidu.endpoints import Vidu
from .providers.vivienne.endpoints import Vivienne
from .tasks import Counts

Door = Callable[[Request], Answer | None]


class Dialect(Protocol):
    """One provider's way of speaking."""

    name: str

    def answer(self, request: Request) -> Answer | None: ...

    def announce(self, task: Task, at: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """A port of 0 takes a free one; without a folder nothing outlives the process.

    With `apart`, clips are made by processes of their own, which leave the answers quick.
    """

    host: str = "127.0.0.1"
    port: int = 0
    folder: Path | None = None
    seconds_per_task: float = 5.0
    tiny: bool = False
    frozen: bool = False
    apart: bool = False


class Sandbox:
    """A pretend provider; tests use `Sandbox.running`, or `Sandbox.indoors` for answers alone."""

    def __init__(self, settings: Settings) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="sandbox-"))
        clock = Clock(frozen=settings.frozen)
        agenda = Agenda(clock)
        place = (settings.folder or self._scratch) / "clips"
        clips = Clips(place, tiny=settings.tiny, apart=settings.apart)
        self._archive = Archive(settings.folder)
        studio = Studio(agenda, clips, self._archive, settings.seconds_per_task)
        self.stage = Stage(clock, agenda, clips, studio, Callbacks(clock, agenda), Links(clock))
        self._dialects: tuple[Dialect, ...] = (
            Vidu(self.stage),
            Relay(self.stage),
            Vivienne(self.stage),
            Apixo(self.stage),
        )
        studio.announce = self._announce
        self._doors: tuple[Door, ...] = (
            Control(self.stage, self._announce).answer,
            partial(files.answer, self.stage),
            *(dialect.answer for dialect in self._dialects),
        )
        self._place = (settings.host, settings.port)
        self._server: Server | None = None

    @classmethod
    @contextmanager
    def running(
        cls,
        *,
        port: int = 0,
        folder: Path | None = None,
        seconds_per_task: float = 5.0,
        tiny: bool = True,
        frozen: bool = True,
    ) -> Iterator["Sandbox"]:
        """A sandbox in this process whose clock moves only by `advance`, unless not frozen."""
        sandbox = cls(
            Settings(
                port=port,
                folder=folder,
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
    def indoors(cls) -> Iterator["Sandbox"]:
        """A sandbox that only `answer`s, quickly: no socket, no clip, and its time stands still."""
        sandbox = cls(Settings(tiny=True, frozen=True))
        try:
            yield sandbox
        finally:
            sandbox._close()

    @property
    def url(self) -> str:
        """Where it listens, which is also the base address of Vidu."""
        if self._server is None:
            raise RuntimeError("the sandbox is not started")
        return f"http://{self._place[0]}:{self._server.server_port}"

    def address(self, dialect: str) -> str:
        """The base address of vidu, relay, vivienne or apixo."""
        return self.url + base(dialect).path

    @property
    def requests(self) -> list[Request]:
        """Every request since the start or the last reset, the control's own left out."""
        return list(self.stage.requests)

    @property
    def tasks(self) -> dict[str, Task]:
        return self.stage.studio.tasks

    @property
    def callbacks(self) -> list[Sent]:
        """Every try to send a callback."""
        return list(self.stage.callbacks.sent)

    @property
    def counts(self) -> Counts:
        return Counts.of(list(self.tasks.values()), self.requests)

    def advance(self, seconds: float) -> None:
        """Move time forward; steps, clips and callbacks that became due are done on return."""
        self.stage.clock.advance(seconds)
        self.stage.settle()

    def settle(self) -> None:
        """Wait until all that is due now is done."""
        self.stage.settle()

    def fault(self, key: str, words: str, *, on: str = "any", times: int | None = None) -> None:
        """Let bracketed words strike the next requests of a key; no words clears them."""
        self.stage.faults.set(key, Fault(Words.of(words), on, times))

    def expire_links(self) -> None:
        self.stage.links.expire()

    def reset(self) -> None:
        self.stage.reset()

    def start(self) -> None:
        self.stage.studio.restore(self.stage.clock.now())
        self.stage.agenda.start()
        self._server = Server(self._place, self.answer, self.stage.clock.now)
        self._server.start()

    def stop(self) -> None:
        self.stage.closing.set()
        if self._server is not None:
            self._server.stop()
            self.stage.agenda.stop()
        self._close()

    def answer(self, request: Request) -> Answer:
        """What the server answers to a request, in this thread and without a socket."""
        if request.path != "/" and not request.path.startswith("/control/"):
            self.stage.requests.append(request)
        for door in self._doors:
            answer = door(request)
            if answer is not None:
                return answer
        return json_answer({"message": "nothing here"}, 404)

    def _close(self) -> None:
        self.stage.callbacks.close()
        self.stage.clips.close()
        self._archive.close()
        shutil.rmtree(self._scratch)

    def _announce(self, task: Task, at: float) -> None:
        next(each for each in self._dialects if each.name == task.dialect).announce(task, at)

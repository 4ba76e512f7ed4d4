"""Makes clips, sounds and films beside the requests, and keeps them on disk by their content."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path

from .encode import write_clip, write_cover, write_cut, write_sound
from .spec import AnySheet, Cut, Sheet, digest

logger = logging.getLogger(__name__)

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Clip:
    """The files of one name in one folder, which differ by their suffix."""

    stem: Path

    def file(self, suffix: str) -> Path:
        return self.stem.with_name(f"{self.stem.name}.{suffix}")


class Clips:
    """With `tiny`, every clip is made at 160 pixels and one second; with `apart`, elsewhere."""

    def __init__(self, folder: Path, *, tiny: bool, apart: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._tiny = tiny
        self._lock = threading.Lock()
        self._ordered: dict[str, Future[Clip]] = {}
        self._jobs: dict[str, Future[None]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, "clips")
        self._makers = _start_makers() if apart else None

    def order(self, sheet: AnySheet) -> Future[Clip]:
        """Ask for a clip, after its parts; the same sheet is made once."""
        sheet = sheet.tiny() if self._tiny else sheet
        parts = [self.order(part) for part in sheet.parts]
        name = digest(sheet).hex()[:32]
        with self._lock:
            if name not in self._ordered:
                self._ordered[name] = Future()
                self._jobs[name] = self._pool.submit(self._work, name, sheet, parts)
            return self._ordered[name]

    def wait(self) -> bool:
        """Wait for all clips under way; False when there were none."""
        with self._lock:
            under_way = list(self._jobs.values())
        wait_for(under_way)
        return bool(under_way)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._makers is not None:
            self._makers.shutdown()

    def _work(self, name: str, sheet: AnySheet, parts: list[Future[Clip]]) -> None:
        # A job is over only when all who waited for its clip have been told.
        ready = self._ordered[name]
        try:
            # The parts were taken up before, in the order in which they were asked for, so they
            # wait for nobody.
            takes = tuple(part.result() for part in parts)
            ready.set_result(self._make(name, sheet, takes))
        except Exception as error:
            logger.exception("a clip could not be made")
            ready.set_exception(error)
        with self._lock:
            del self._jobs[name]

    def _make(self, name: str, sheet: AnySheet, takes: tuple[Clip, ...]) -> Clip:
        if self._makers is None:
            return make_clip(self._folder / name, sheet, takes)
        return self._makers.submit(make_clip, self._folder / name, sheet, takes).result()


def _start_makers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(AT_ONCE, get_context("spawn"), initializer=_be_a_maker)


def _be_a_maker() -> None:
    os.nice(10)
    # A signal to the whole group is for the parent, which ends its makers in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's processes outlive a parent that was killed, unless they watch it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


Write = Callable[[Path], None]


def make_clip(stem: Path, sheet: AnySheet, takes: tuple[Clip, ...] = ()) -> Clip:
    """The files of this name, each made unless it is there."""
    clip = Clip(stem)
    for suffix, write in _writers(sheet, takes).items():
        if not clip.file(suffix).exists():
            part = clip.file(f"part.{suffix}")
            write(part)
            part.replace(clip.file(suffix))
    return clip


def _writers(sheet: AnySheet, takes: tuple[Clip, ...]) -> dict[str, Write]:
    if isinstance(sheet, Sheet):
        return {"mp4": partial(write_clip, sheet), "jpeg": partial(write_cover, sheet)}
    if isinstance(sheet, Cut):
        pieces = [take.file("mp4") for take in takes]
        return {
            "mp4": partial(write_cut, sheet, pieces),
            "jpeg": partial(write_cover, sheet.takes[0]),
        }
    return {"mp3": partial(write_sound, sheet)}

"""Makes clips, sounds and films in the background; on disk each has the digest of its spec."""

import logging
import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path

from .containers import FORMS, write_form
from .derived import write_first_frame, write_lip_sync, write_picture, write_upscaled
from .encoder import write_clip, write_cover, write_film, write_sound
from .spec import (
    AnySpec,
    ClipSpec,
    FilmSpec,
    FormedSpec,
    LipSyncSpec,
    PictureSpec,
    UpscaledSpec,
    digest,
)

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """The files of one spec: a path to which a suffix is added."""

    stem: Path

    def file(self, suffix: str) -> Path:
        return self.stem.with_name(f"{self.stem.name}.{suffix}")


class ClipPool:
    """With `tiny` all clips have 160 pixels and one second; see `SandboxSettings`."""

    def __init__(self, folder: Path, *, tiny: bool, in_subprocess: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.is_tiny = tiny
        self._lock = threading.Lock()
        self._results: dict[str, Future[ClipFiles]] = {}
        self._jobs: dict[str, Future[None]] = {}
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, "clips")
        self._processes: ProcessPoolExecutor | None = None
        if in_subprocess:
            # Spawned, not forked: a fork of a process with threads may inherit locks that are held.
            self._processes = ProcessPoolExecutor(
                MAX_AT_ONCE, get_context("spawn"), initializer=_prepare_process
            )

    def request(self, spec: AnySpec) -> Future[ClipFiles]:
        """Start to make the files of a spec, and first the takes of a film.

        Equal specs are made once.
        """
        spec = spec.tiny() if self.is_tiny else spec
        # Before the lock, which these calls take themselves.
        parts = [self.request(part) for part in _parts(spec)]
        name = digest(spec).hex()[:32]
        with self._lock:
            if name not in self._results:
                self._results[name] = Future()
                self._jobs[name] = self._threads.submit(self._work, name, spec, parts)
            return self._results[name]

    def wait(self) -> bool:
        """Wait for all clips under way; False if there were none."""
        with self._lock:
            under_way = list(self._jobs.values())
        wait_for(under_way)
        return bool(under_way)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        if self._processes is not None:
            self._processes.shutdown()

    def _work(self, name: str, spec: AnySpec, parts: list[Future[ClipFiles]]) -> None:
        # The job ends after its result is set, so whoever waits for jobs finds all results.
        result = self._results[name]
        try:
            # No deadlock: the takes were submitted before the film, and jobs start in that order.
            takes = tuple(part.result() for part in parts)
            result.set_result(self._make(name, spec, takes))
        except Exception as error:
            logger.exception("a clip could not be made")
            result.set_exception(error)
        with self._lock:
            del self._jobs[name]

    def _make(self, name: str, spec: AnySpec, takes: tuple[ClipFiles, ...]) -> ClipFiles:
        if self._processes is None:
            return make_clip(self.folder / name, spec, takes)
        return self._processes.submit(make_clip, self.folder / name, spec, takes).result()


def _prepare_process() -> None:
    os.nice(10)  # responses come before clips
    # A signal to the whole process group is for the parent, which ends its children in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """The processes of a pool outlive a parent that was killed, unless they watch it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _parts(spec: AnySpec) -> tuple[AnySpec, ...]:
    """The specs whose files are needed first."""
    if isinstance(spec, FormedSpec):
        return (spec.clip,)
    return spec.takes if isinstance(spec, FilmSpec) else ()


Write = Callable[[Path], None]


def make_clip(stem: Path, spec: AnySpec, takes: tuple[ClipFiles, ...] = ()) -> ClipFiles:
    """Write the files of a spec, but those that are there already."""
    clip = ClipFiles(stem)
    for suffix, write in _writers(spec, takes).items():
        if not clip.file(suffix).exists():
            # Under another name first: a file with the right name is always whole.
            unfinished = clip.file(f"part.{suffix}")
            write(unfinished)
            unfinished.replace(clip.file(suffix))
    return clip


def _writers(spec: AnySpec, takes: tuple[ClipFiles, ...]) -> dict[str, Write]:
    """For each suffix the function that writes the file."""
    if isinstance(spec, ClipSpec):
        return {"mp4": partial(write_clip, spec), "jpeg": partial(write_cover, spec)}
    if isinstance(spec, FilmSpec):
        videos = [take.file("mp4") for take in takes]
        return {
            "mp4": partial(write_film, spec, videos),
            "jpeg": partial(write_cover, spec.takes[0]),
        }
    if isinstance(spec, FormedSpec):
        # The name stays: a store may call a file what it likes.
        (clip,) = takes
        form = FORMS[spec.form]
        return {
            "mp4": partial(write_form, form, clip.file("mp4")),
            "jpeg": partial(shutil.copyfile, clip.file("jpeg")),
        }
    if isinstance(spec, PictureSpec):
        return {spec.suffix: partial(write_picture, spec)}
    if isinstance(spec, UpscaledSpec):
        return {"mp4": partial(write_upscaled, spec), "jpeg": partial(write_first_frame, spec)}
    if isinstance(spec, LipSyncSpec):
        return {"mp4": partial(write_lip_sync, spec), "jpeg": partial(write_first_frame, spec)}
    return {"mp3": partial(write_sound, spec)}

"""Fetches the films and sounds of an order, keeps them beside the clips, and measures them.

PyAV is imported inside of the functions, so that the server starts at once.
"""

import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .downloads import DownloadFailure, download

FETCH_SECONDS = 60.0


class RecordingError(Exception):
    """A film or a sound breaks a rule; `problem` is download or format."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Recording:
    """A file in the folder of the clips, and what is in it.

    `containers` are FFmpeg's names. Width, height (pixels), pictures a second and the codec are
    those of the video track; 0 and "" without one. `seconds` is the length of the whole.
    """

    file_name: str
    seconds: float
    containers: frozenset[str]
    width: int = 0
    height: int = 0
    frames_per_second: float = 0.0
    codec: str = ""
    has_sound: bool = False


def fetch_recording(url: str, folder: Path, most: int) -> Recording:
    """Fetch a file of at most so many bytes into the folder; raises RecordingError."""
    unfinished = folder / f"fetched-{uuid.uuid4().hex}.part"
    digest = hashlib.sha256()
    try:
        with unfinished.open("wb") as file:
            for chunk in download(url, most, FETCH_SECONDS):
                digest.update(chunk)
                file.write(chunk)
        # By its content: what is sent twice is kept once, and equal orders have equal results.
        kept = folder / f"fetched-{digest.hexdigest()[:32]}"
        unfinished.replace(kept)
    except DownloadFailure as error:
        unfinished.unlink()
        problem = "format" if error.is_too_large else "download"
        raise RecordingError(problem, str(error)) from error
    return measured(kept)


def measured(path: Path) -> Recording:
    """What is in a file; RecordingError when it is neither film nor sound."""
    import av

    try:
        with av.open(str(path)) as container:
            return _recording(path.name, container)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise RecordingError("format", "the file is no film or sound") from error


def _recording(file_name: str, container: Any) -> Recording:
    # Pictures too are films of one frame to FFmpeg.
    containers = frozenset(container.format.name.split(","))
    if not container.streams.video and not container.streams.audio:
        raise ValueError("no track")
    has_sound = bool(container.streams.audio)
    seconds = _seconds(container)
    if not container.streams.video:
        return Recording(file_name, seconds, containers, has_sound=has_sound)
    track = container.streams.video[0]
    return Recording(
        file_name,
        seconds,
        containers,
        track.width,
        track.height,
        float(track.average_rate or 0),
        track.codec_context.name,
        has_sound,
    )


def _seconds(container: Any) -> float:
    """The length by the head of the file, or by its packets where the head has none."""
    if container.duration:
        return float(container.duration / 1_000_000)
    ends = [
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux()
        if packet.pts is not None
    ]
    return max(ends, default=0.0)

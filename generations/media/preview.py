"""A small, muted clip of a video's first seconds, which pages play when a card is hovered."""

from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av import VideoFrame

SECONDS = 3
RATE = 12
MAX_EDGE = 426


class PreviewWriter:
    """Writes ``preview.mp4``: H.264, at most 426 pixels long, 12 frames per second, faststart."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        scale = min(1, MAX_EDGE / max(width, height))
        self._width, self._height = (_even(side * scale) for side in (width, height))
        self._container = av.open(str(path), "w", "mp4", options={"movflags": "+faststart"})
        options = {"crf": "28", "preset": "veryfast"}
        self._stream = self._container.add_stream("libx264", rate=RATE, options=options)
        self._stream.width, self._stream.height = self._width, self._height
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1
        self._next_tick = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._next_tick:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def add(self, frame: VideoFrame, elapsed: float) -> bool:
        """Write the frame at ``elapsed`` seconds if one is due; return whether it was."""
        tick = int(elapsed * RATE + 0.001)
        if tick < self._next_tick:
            return False
        small = frame.reformat(self._width, self._height, "yuv420p")
        small.pts, small.time_base = tick, self._stream.codec_context.time_base
        if not self._next_tick:
            self._stream.codec_context.colorspace = frame.colorspace
        self._container.mux(self._stream.encode(small))
        self._next_tick = tick + 1
        return True


def _even(side: float) -> int:
    return max(2, round(side / 2) * 2)

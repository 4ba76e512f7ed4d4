"""What it costs to look into a result, beside the mere start of a process with the decoders."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generations.media import inspect
from tests.bench.figures import cpu_seconds, show
from tests.media.clips import clip, moving

pytestmark = [pytest.mark.bench, pytest.mark.timeout(200)]

ROUNDS = 5
IN_A_ROUND = 4  # the kernel counts in hundredths of a second


def milliseconds(act: Callable[[], object]) -> float:
    """CPU of one act, with the processes that it starts or asks."""
    before = cpu_seconds(os.getpid())
    for _ in range(IN_A_ROUND):
        act()
    return (cpu_seconds(os.getpid()) - before) * 1000 / IN_A_ROUND


def test_looking_into_a_result(tmp_path: Path) -> None:
    cover = tmp_path / "cover.jpg"
    moving(1280, 720)(0).save(cover)
    tiny = clip(tmp_path / "tiny.mp4", sound=True)
    full = clip(tmp_path / "full.mp4", moving(1280, 720), seconds=5, sound=True)
    command = [sys.executable, "-c", "import av, PIL.Image"]
    acts: dict[str, Callable[[], object]] = {
        "a process with the decoders, no file": lambda: subprocess.run(command, check=True),
        "a cover of 1280 × 720": lambda: inspect(cover, tmp_path),
        "a clip of 1 s, 160 × 90": lambda: inspect(tiny, tmp_path),
        "a clip of 5 s, 1280 × 720": lambda: inspect(full, tmp_path),
    }
    inspect(cover, tmp_path)  # the inspector starts with the first one
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            taken[name].append(milliseconds(act))
    show("Looking into a result, CPU", taken)

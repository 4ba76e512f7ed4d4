"""How long the parts of the longest film take to be here, with all that runs by default.

12 shots with 5 takes each, voice, music, 3 cuts: every link lives an hour.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.figures import percentile

from .installation import (
    ROOT,
    Stage,
    running,
    wait_until,
)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

LINK_LIFE = 3600
PATIENCE = 800.0
AGES = (
    "SELECT (julianday(stored_at) - julianday(created_at)) * 86400, size "
    "FROM generations_file WHERE stored_at IS NOT NULL"
)


def act(stage: Stage, what: str) -> None:
    code = f"from tests.bench import shooting; shooting.{what}"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", code]
    subprocess.run(command, cwd=ROOT, env=stage.environment, check=True)


def wait_for(stage: Stage, takes: int, cuts: int) -> None:
    """Until so many parts are there, and nothing is still to be fetched."""

    def are_here() -> bool:
        made = stage.count("generations_take WHERE file_id IS NOT NULL") >= takes
        composed = stage.count("generations_cut WHERE file_id IS NOT NULL") >= cuts
        return made and composed and not stage.count("generations_file WHERE state != 'stored'")

    assert wait_until(are_here, PATIENCE), stage.rows(
        "SELECT state, count(*) FROM generations_file GROUP BY state"
    )


def test_all_parts_of_a_film_of_a_minute(tmp_path: Path) -> None:
    with running(tmp_path, tiny=False, seconds_per_task=2) as stage:
        act(stage, f"begin('http://127.0.0.1:{stage.sandbox_port}')")
        wait_for(stage, 14, 1)
        shots = stage.count("generations_segment WHERE kind = 'shot'")
        act(stage, "retake_all(4)")
        wait_for(stage, 2 + 5 * shots, 1)
        for cuts in (2, 3):
            act(stage, "compose()")
            wait_for(stage, 2 + 5 * shots, cuts)
        rows = stage.rows(AGES)
        (span,) = stage.rows(
            "SELECT (julianday(max(stored_at)) - julianday(min(created_at))) * 86400 "
            "FROM generations_file"
        )[0]
    ages, sizes = [age for age, _size in rows], [size for _age, size in rows]
    print(f"\nA film of 60 s: {shots} shots, {len(rows)} files, {sum(sizes) / 1e6:.0f} MB")
    print(f"  from the first link to the last file here, made meanwhile: {span:.0f} s")
    print(f"  from a link to its file here: p50 {percentile(ages, 50):.1f} s", end="")
    print(f"  p95 {percentile(ages, 95):.1f} s  most {max(ages):.1f} s of {LINK_LIFE} s")

"""From the provider's end of a clip to ours, with callbacks and with none of them arriving."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench.figures import show_latency

from .installation import Stage, running, wait_until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(400)]

AT_ONCE = 2  # as a producer orders; twenty at once would measure the line for the workers
CLIPS, PAUSE = 12, 2.5
SEED = 1  # the sandbox draws a clip once for the same prompt and seed
MOST_SECONDS = 30.0
DRAWN = "generations_file WHERE part = 'video' AND state = 'stored'"
ENDS = """
    SELECT attempt.number, task.finished_at, file.stored_at
    FROM generations_attempt AS attempt
    JOIN generations_task AS task ON task.id = attempt.task_id
    JOIN generations_file AS file ON file.task_id = task.id AND file.part = 'video'
    WHERE file.stored_at IS NOT NULL AND task.prompt = '{prompt}'
"""


def unix(moment: str) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def latencies(stage: Stage, prompt: str) -> tuple[list[float], list[float]]:
    """Seconds from the sandbox's own finish until known here, and until stored."""
    stage.place(orders=CLIPS, prompt=prompt, at_once=AT_ONCE, pause=PAUSE, seed=SEED)
    ends = ENDS.format(prompt=prompt)
    wait_until(lambda: len(stage.rows(ends)) == CLIPS, MOST_SECONDS)
    due = {task["id"]: task["due_at"] for task in stage.sandbox("tasks")}
    rows = [(due[number], unix(known), unix(stored)) for number, known, stored in stage.rows(ends)]
    assert len(rows) == CLIPS, stage.log[-2000:]
    return [known - end for end, known, _ in rows], [stored - end for end, _, stored in rows]


@pytest.mark.parametrize("tiny", [True, False])
def test_from_the_providers_end_to_a_stored_file(tmp_path: Path, tiny: bool) -> None:
    """The sandbox draws its clip before, so that it is done at the moment that it says."""
    with running(tmp_path, tiny=tiny, seconds_per_task=5) as stage:
        stage.place(orders=1, prompt="It  arrives", seed=SEED)  # spaces apart, the same clip
        wait_until(lambda: stage.count(DRAWN) == 1, MOST_SECONDS)
        rung_known, rung_stored = latencies(stage, "It arrives")
        asked_known, asked_stored = latencies(stage, "It arrives [callback never]")
    samples = {
        "callback: the end is known": rung_known,
        "callback: the file is stored": rung_stored,
        "polling alone: the end is known": asked_known,
        "polling alone: the file is stored": asked_stored,
    }
    size = "tiny clips" if tiny else "clips of 5 s, 720p"
    show_latency(f"From the provider's end, {size} (load {os.getloadavg()[0]:.1f})", samples)

"""Tasks that begin an ad film or make a part of one anew."""

from generations import clock
from generations.lifecycle import queue
from generations.models import Film, Task
from generations.models.films import FILM, HEARD, PARTS
from generations.models.tasks import TaskState
from generations.providers.contract import Result


def tree_due(task: Task) -> None:
    """Have the tree of the film that a task belongs to read; of other tasks there is none."""
    if task.kind not in {FILM, *PARTS}:
        return
    for film_id in Film.objects.of(task).values_list("pk", flat=True):
        Film.objects.filter(pk=film_id).update(due_at=clock.now())
        queue.ring("film", film_id)


def part_ended(task: Task, final: TaskState) -> None:
    """A film that failed has no tree; what became of its parts is told by it, whatever it was."""
    if task.kind != FILM or final == TaskState.SUCCEEDED:
        tree_due(task)


def part_of(task: Task, result: Result) -> str:
    """What a link leads to: narration and music come as ``url``, as a video does."""
    return "audio" if task.kind in HEARD and result.part == "video" else result.part

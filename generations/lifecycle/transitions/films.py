"""Transitions of the tasks that make an ad film or a part of it."""

from generations import clock
from generations.lifecycle import queue
from generations.models import Film, Task
from generations.models.films import FILM, PARTS, SOUND_KINDS
from generations.models.tasks import TaskState
from generations.providers.contract import Result


def schedule_tree(task: Task) -> None:
    """Queue the reading of a film's tree, where the task belongs to a film."""
    if task.kind not in {FILM, *PARTS}:
        return
    for film_id in Film.objects.of(task).values_list("pk", flat=True):
        Film.objects.filter(pk=film_id).update(due_at=clock.now())
        queue.enqueue("film", film_id)


def schedule_tree_after(task: Task, final: TaskState) -> None:
    """Queue the tree after a task ended, except of a film that failed: it has none."""
    if task.kind != FILM or final == TaskState.SUCCEEDED:
        schedule_tree(task)


def role_of(task: Task, result: Result) -> str:
    """Return the role of a result's file: narration and music come under the member of a video."""
    return "audio" if task.kind in SOUND_KINDS and result.role == "video" else result.role

"""What the files of a task show, by its order and its words."""

from collections.abc import Mapping
from dataclasses import replace

from generations.sandbox.film_plan import FILM
from generations.sandbox.film_sheets import film_sheet
from generations.sandbox.sheet import AnySheet, Sheet
from generations.sandbox.tasks import Task

# As the replies of Vidu and the gateways name a video from references.
REFERENCE_KINDS = frozenset({"character2video", "reference2video"})
# The prompt that the system writes itself when it is asked to.
RECOMMENDED = "The camera comes slowly nearer"


def task_sheet(task: Task, tasks: Mapping[str, Task], *, watermark: bool = False) -> AnySheet:
    """A part of a film is described by others of the tasks."""
    if task.kind == FILM or "film" in task.order:
        return film_sheet(task, tasks)
    silent, references = "no sound" in task.words, task.kind in REFERENCE_KINDS
    sheet = Sheet.of(task.order, silent=silent, references=references)
    title = RECOMMENDED if task.order.get("is_rec") else sheet.title
    return replace(sheet, title=title, watermark=watermark)

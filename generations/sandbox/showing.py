"""What the files of a task show, by its order and its words."""

from dataclasses import replace

from generations.sandbox.sheet import Sheet
from generations.sandbox.tasks import Task

# As the replies of Vidu and the gateways name a video from references.
REFERENCE_KINDS = frozenset({"character2video", "reference2video"})
# The prompt that the system writes itself when it is asked to.
RECOMMENDED = "The camera comes slowly nearer"


def task_sheet(task: Task, *, watermark: bool = False) -> Sheet:
    silent, references = "no sound" in task.words, task.kind in REFERENCE_KINDS
    sheet = Sheet.of(task.order, silent=silent, references=references)
    title = RECOMMENDED if task.order.get("is_rec") else sheet.title
    return replace(sheet, title=title, watermark=watermark)

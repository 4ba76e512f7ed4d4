"""What the files of a film and of its parts show and sound like."""

import zlib
from collections.abc import Mapping

from generations.sandbox.film_plan import COMPOSITION, FILM, FOOTAGE, NARRATION, opening
from generations.sandbox.sheet import AnySheet, Cut, Sheet, Sound
from generations.sandbox.tasks import Task
from generations.sandbox.words import plain

Tasks = Mapping[str, Task]


def film_sheet(task: Task, tasks: Tasks) -> AnySheet:
    """The sheet of a film, or of a part; `tasks` holds the film and all its parts.

    Of an unfinished film it is the sheet of its first composition, which is to be made.
    """
    if task.kind == FILM:
        records = {record.id: record for record in opening(task)}
        return _cut(task, next(reversed(records.values())), records)
    film = tasks[task.order["film"]]
    if task.kind == COMPOSITION:
        return _cut(film, task, tasks)
    return _take(film, task) if task.kind == FOOTAGE else _sound(film, task)


def _cut(film: Task, composition: Task, tasks: Tasks) -> Cut:
    order = composition.order
    return Cut(
        takes=tuple(_take(film, tasks[number]) for number in order["video_task_ids"]),
        narration=_sound(film, tasks[order["narration_task_id"]]),
        music=_sound(film, tasks[order["bgm_task_id"]]),
    )


def _take(film: Task, record: Task) -> Sheet:
    """A silent clip of one of the film's pictures; no two takes of it are alike."""
    storyboard, pictures = record.order["storyboard"], film.order["pictures"]
    order = record.order | {
        "model": f"storyboard {storyboard}  ·  {record.id[-4:]}",
        "seed": zlib.crc32(record.id.encode()),
        "pictures": (pictures[storyboard % len(pictures)],),
    }
    return Sheet.of(order, silent=True)


def _sound(film: Task, record: Task) -> Sound:
    text = plain(record.order["prompt"])
    return Sound(text, film.order["duration"], spoken=record.kind == NARRATION)

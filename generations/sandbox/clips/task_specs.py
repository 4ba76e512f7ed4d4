"""The spec of a task: what the files of a clip, of a film or of a record of a film show."""

import zlib
from collections.abc import Mapping
from dataclasses import replace

from generations.sandbox.directives import without_directives
from generations.sandbox.providers.vidu.film_plan import (
    CUT,
    FILM,
    FOOTAGE,
    NARRATION,
    first_records,
)
from generations.sandbox.tasks import SandboxTask

from .spec import AnySpec, ClipSpec, FilmSpec, SoundSpec

# The names that the replies of Vidu and of the gateways have for a video from references.
REFERENCE_KINDS = frozenset({"character2video", "reference2video"})
# The prompt that the provider writes itself if it is asked to (`is_rec`).
RECOMMENDED_PROMPT = "The camera comes slowly nearer"

TasksById = Mapping[str, SandboxTask]


def task_spec(task: SandboxTask, tasks: TasksById, *, watermark: bool = False) -> AnySpec:
    """The spec of a task; `tasks` holds the film of a record, and all records of a film."""
    if task.kind == FILM or "film" in task.order:
        return _film_spec(task, tasks)
    silent, references = "no sound" in task.directives, task.kind in REFERENCE_KINDS
    spec = ClipSpec.of(task.order, silent=silent, references=references)
    title = RECOMMENDED_PROMPT if task.order.get("is_rec") else spec.title
    return replace(spec, title=title, watermark=watermark)


def _film_spec(task: SandboxTask, tasks: TasksById) -> AnySpec:
    """The spec of a film or of one of its records.

    A film that is under way has no records yet: its spec is that of its first cut.
    """
    if task.kind == FILM:
        records = {record.id: record for record in first_records(task)}
        return _cut(task, next(reversed(records.values())), records)
    film = tasks[task.order["film"]]
    if task.kind == CUT:
        return _cut(film, task, tasks)
    return _take(film, task) if task.kind == FOOTAGE else _sound(film, task)


def _cut(film: SandboxTask, record: SandboxTask, tasks: TasksById) -> FilmSpec:
    order = record.order
    return FilmSpec(
        takes=tuple(_take(film, tasks[task_id]) for task_id in order["video_task_ids"]),
        narration=_sound(film, tasks[order["narration_task_id"]]),
        music=_sound(film, tasks[order["bgm_task_id"]]),
    )


def _take(film: SandboxTask, record: SandboxTask) -> ClipSpec:
    """A silent clip of one of the film's pictures; the id makes each take look different."""
    storyboard, pictures = record.order["storyboard"], film.order["pictures"]
    order = record.order | {
        "model": f"storyboard {storyboard}  ·  {record.id[-4:]}",
        "seed": zlib.crc32(record.id.encode()),
        "pictures": (pictures[storyboard % len(pictures)],),
    }
    return ClipSpec.of(order, silent=True)


def _sound(film: SandboxTask, record: SandboxTask) -> SoundSpec:
    text = without_directives(record.order["prompt"])
    return SoundSpec(text, film.order["duration"], spoken=record.kind == NARRATION)

"""What a clip, a sound track or a whole film shall show and measure."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from generations.sandbox.faults import plain
from generations.sandbox.providers.vidu.film_plan import (
    COMPOSITION,
    FILM,
    FOOTAGE,
    NARRATION,
    opening,
)
from generations.sandbox.tasks import Task

FRAMES_PER_SECOND = 24
TINY_FRAMES_PER_SECOND = 8
AUTOMATIC_SECONDS = 5  # of an order that leaves the duration to the model
WIDEST = 16 / 9  # a wider picture has no more pixels than one of this ratio
RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4)}


@dataclass(frozen=True, slots=True)
class Sheet:
    """`width` and `height` are pixels, `seconds` whole seconds.

    With `pictures`, small JPEGs, these fill the frame one after the other; as `references` they
    stand in a row.
    """

    title: str
    model: str
    ratio: str
    resolution: str
    width: int
    height: int
    seconds: int
    sound: bool
    seed: int
    watermark: bool = False
    frames_per_second: int = FRAMES_PER_SECOND
    pictures: tuple[bytes, ...] = ()
    references: bool = False

    @classmethod
    def of(
        cls, order: dict[str, Any], *, silent: bool = False, references: bool = False
    ) -> "Sheet":
        """Without an aspect ratio the clip has that of its first picture."""
        width, height = order_size(order)
        return cls(
            title=plain(order["prompt"]),
            model=order["model"],
            ratio=order.get("aspect_ratio", ""),
            resolution=order["resolution"],
            width=width,
            height=height,
            seconds=order["duration"] or AUTOMATIC_SECONDS,
            sound=not silent,
            seed=order["seed"],
            pictures=tuple(picture.content for picture in order.get("pictures", ())),
            references=references,
        )

    def tiny(self) -> "Sheet":
        """The same sheet at 160 pixels and one second of eight pictures, for suites."""
        scale = 160 / max(self.width, self.height)
        return replace(
            self,
            width=_even(self.width * scale),
            height=_even(self.height * scale),
            seconds=1,
            frames_per_second=TINY_FRAMES_PER_SECOND,
        )

    @property
    def parts(self) -> tuple["Sheet", ...]:
        """What must have been made before."""
        return ()


@dataclass(frozen=True, slots=True)
class Sound:
    """A narration that speaks `text`, or the music that it describes."""

    text: str
    seconds: int
    spoken: bool

    def tiny(self) -> "Sound":
        """Sound is made quickly, so it keeps its length."""
        return self

    @property
    def parts(self) -> tuple[Sheet, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Cut:
    """A film: its takes one after the other, under one narration and one piece of music."""

    takes: tuple[Sheet, ...]
    narration: Sound
    music: Sound

    def tiny(self) -> "Cut":
        return replace(self, takes=tuple(take.tiny() for take in self.takes))

    @property
    def parts(self) -> tuple[Sheet, ...]:
        return self.takes

    @property
    def seconds(self) -> int:
        return sum(take.seconds for take in self.takes)


AnySheet = Sheet | Sound | Cut


def digest(sheet: AnySheet) -> bytes:
    """Equal sheets have equal digests; a picture counts by its own."""
    fields = json.dumps([type(sheet).__name__, asdict(sheet)], default=_hashed)
    return hashlib.sha256(fields.encode()).digest()


def order_size(order: dict[str, Any]) -> tuple[int, int]:
    """Width and height in pixels of the clip of an order."""
    ratio, pictures = order.get("aspect_ratio", ""), order.get("pictures", ())
    if ratio or not pictures:
        return frame_size(ratio or "16:9", order["resolution"])
    return _shaped(pictures[0].width, pictures[0].height, order["resolution"])


def frame_size(ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height in pixels; the resolution names the shorter side."""
    return _shaped(*RATIOS[ratio], resolution)


def _shaped(across: int, down: int, resolution: str) -> tuple[int, int]:
    least = min(across, down)
    excess = max(max(across, down) / least / WIDEST, 1)
    short = int(resolution.removesuffix("p")) / excess**0.5
    return _even(short * across / least), _even(short * down / least)


def _even(length: float) -> int:
    return round(length / 2) * 2


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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

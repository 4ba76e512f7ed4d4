"""Specs: all that decides how a clip, a sound or a film looks and sounds; and the spec of a task.

A spec is a value without a name or time of its own, so equal orders share one file.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from generations.sandbox.directives import Directives, without_directives
from generations.sandbox.providers.vidu.film_plan import (
    CUT,
    FILM,
    FOOTAGE,
    NARRATION,
    first_records,
)
from generations.sandbox.providers.vidu.kinds import (
    LIP_SYNC,
    PICTURE,
    SOUND_EFFECTS,
    SPEECH,
    UPSCALE,
)
from generations.sandbox.tasks import SandboxTask

from .containers import FORMS
from .spoken import spoken_words

FRAMES_PER_SECOND = 24
TINY_FRAMES_PER_SECOND = 8
TINY_PIXELS = 160  # of the longer side
TINY_PICTURE_PIXELS = 128  # of the shorter side: a smaller one would be no reference
MOST_TINY_PIXELS = 960  # of the longer side, however much a tiny clip is enlarged
AUTOMATIC_SECONDS = 5  # of an order that leaves the duration to the model
WIDEST = 16 / 9  # a wider picture has no more pixels than one of this ratio
RATIOS = {
    "16:9": (16, 9),
    "9:16": (9, 16),
    "1:1": (1, 1),
    "4:3": (4, 3),
    "3:4": (3, 4),
    "21:9": (21, 9),
    "3:2": (3, 2),
    "2:3": (2, 3),
}
# Pixels of the shorter side; the other names say them, as 720p does.
SHORTER_SIDES = {"2K": 1440, "4K": 2160, "8K": 4320}
# The names that the replies of Vidu and of the gateways have for a video from references.
REFERENCE_KINDS = frozenset({"character2video", "reference2video"})
# The prompt that the provider writes itself if it is asked to (`is_rec`).
RECOMMENDED_PROMPT = "The camera comes slowly nearer"


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """`width` and `height` are pixels, `seconds` whole seconds.

    `pictures` are small JPEGs that fill the frame one after the other; with `references` they are
    small and side by side.
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
    ) -> "ClipSpec":
        """The spec of an order; without an aspect ratio the clip has that of its first picture."""
        width, height = order_size(order)
        return cls(
            title=without_directives(order["prompt"]),
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

    def tiny(self) -> "ClipSpec":
        """The same clip with 160 pixels and eight frames of one second, for tests."""
        scale = TINY_PIXELS / max(self.width, self.height)
        return replace(
            self,
            width=_even(self.width * scale),
            height=_even(self.height * scale),
            seconds=1,
            frames_per_second=TINY_FRAMES_PER_SECOND,
        )


@dataclass(frozen=True, slots=True)
class SoundSpec:
    """A narration that speaks `text`, or the music that `text` describes."""

    text: str
    seconds: int
    spoken: bool

    def tiny(self) -> "SoundSpec":
        """The same sound: it is made quickly, so it keeps its length."""
        return self


@dataclass(frozen=True, slots=True)
class FilmSpec:
    """A film: its takes one after the other, with one narration and one music."""

    takes: tuple[ClipSpec, ...]
    narration: SoundSpec
    music: SoundSpec

    def tiny(self) -> "FilmSpec":
        return replace(self, takes=tuple(take.tiny() for take in self.takes))

    @property
    def seconds(self) -> int:
        return sum(take.seconds for take in self.takes)


@dataclass(frozen=True, slots=True)
class FormedSpec:
    """A clip or film in another form (`containers.FORMS`)."""

    clip: ClipSpec | FilmSpec
    form: str

    def tiny(self) -> "FormedSpec":
        return replace(self, clip=self.clip.tiny())


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """A still of a clip; `suffix` is png or jpeg."""

    clip: ClipSpec
    suffix: str

    def tiny(self) -> "PictureSpec":
        """The same picture with a shorter side of 128 pixels."""
        scale = TINY_PICTURE_PIXELS / min(self.clip.width, self.clip.height)
        width, height = _even(self.clip.width * scale), _even(self.clip.height * scale)
        return replace(self, clip=replace(self.clip, width=width, height=height))


@dataclass(frozen=True, slots=True)
class UpscaledSpec:
    """A film that is there already, in another size; `factor` is how many times larger.

    `film` is the name of its file among the clips.
    """

    film: str
    width: int
    height: int
    factor: float

    def tiny(self) -> "UpscaledSpec":
        longer = min(TINY_PIXELS * self.factor, MOST_TINY_PIXELS)
        scale = longer / max(self.width, self.height)
        return replace(self, width=_even(self.width * scale), height=_even(self.height * scale))


@dataclass(frozen=True, slots=True)
class LipSyncSpec:
    """A film that is there already under another sound, and as long as that.

    `sound` is the name of a file among the clips too, or a speech.
    """

    film: str
    sound: "str | SoundSpec"
    width: int
    height: int

    def tiny(self) -> "LipSyncSpec":
        scale = min(TINY_PIXELS / max(self.width, self.height), 1)
        return replace(self, width=_even(self.width * scale), height=_even(self.height * scale))


AnySpec = ClipSpec | SoundSpec | FilmSpec | FormedSpec | PictureSpec | UpscaledSpec | LipSyncSpec


def digest(spec: AnySpec) -> bytes:
    """Equal specs have equal digests; a picture counts by its own digest."""
    fields = json.dumps([type(spec).__name__, asdict(spec)], default=_hash)
    return hashlib.sha256(fields.encode()).digest()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def order_size(order: dict[str, Any]) -> tuple[int, int]:
    """Width and height in pixels of the clip of an order; `size` where the order knows it."""
    if "size" in order:
        width, height = order["size"]
        return width, height
    ratio, pictures = order.get("aspect_ratio", ""), order.get("pictures", ())
    if ratio not in ("", "auto") or not pictures:
        return _frame_size(*RATIOS[ratio or "16:9"], order["resolution"])
    return _frame_size(pictures[0].width, pictures[0].height, order["resolution"])


def _frame_size(width: int, height: int, resolution: str) -> tuple[int, int]:
    """Width and height in pixels of this ratio; the resolution names the shorter side."""
    shorter = min(width, height)
    excess = max(max(width, height) / shorter / WIDEST, 1)
    pixels = shorter_side(resolution) / excess**0.5
    return _even(pixels * width / shorter), _even(pixels * height / shorter)


def shorter_side(resolution: str) -> int:
    """Pixels of the shorter side of a resolution."""
    return SHORTER_SIDES.get(resolution) or int(resolution.removesuffix("p"))


def _even(length: float) -> int:
    return round(length / 2) * 2


# ---- The spec of a task ---------------------------------------------------------------------

TasksById = Mapping[str, SandboxTask]


def task_spec(task: SandboxTask, tasks: TasksById, *, watermark: bool = False) -> AnySpec:
    """The spec of a task; `tasks` holds the film of a record, and all records of a film."""
    spec = _usual_spec(task, tasks, watermark=watermark)
    form = (task.directives.argument("container") or "").lower()
    if form not in FORMS or not isinstance(spec, ClipSpec | FilmSpec):
        return spec
    return FormedSpec(spec, form)


def second_spec(spec: AnySpec) -> AnySpec:
    """The spec of the second of two results."""
    if isinstance(spec, FormedSpec) and isinstance(spec.clip, ClipSpec):
        return replace(spec, clip=replace(spec.clip, seed=spec.clip.seed + 1))
    return replace(spec, seed=spec.seed + 1) if isinstance(spec, ClipSpec) else spec


def _usual_spec(task: SandboxTask, tasks: TasksById, *, watermark: bool) -> AnySpec:
    if task.kind == FILM or "film" in task.order:
        return _film_spec(task, tasks)
    if task.kind in (SPEECH, *SOUND_EFFECTS):
        return _sound_of(task)
    if task.kind in (UPSCALE, LIP_SYNC):
        return _changed_film(task)
    if task.kind == PICTURE:
        suffix = "jpeg" if "jpeg" in task.directives else "png"
        return PictureSpec(ClipSpec.of(task.order, references=True), suffix)
    silent, references = "no sound" in task.directives, task.kind in REFERENCE_KINDS
    spec = ClipSpec.of(task.order, silent=silent, references=references)
    title = RECOMMENDED_PROMPT if task.order.get("is_rec") else spec.title
    return _undelivered(replace(spec, title=title, watermark=watermark), task.directives)


def _sound_of(task: SandboxTask) -> SoundSpec:
    """The speech or the sound effect that was ordered."""
    text, is_spoken = spoken_words(task.order["prompt"]), task.kind not in SOUND_EFFECTS
    return SoundSpec(text, task.order["duration"], spoken=is_spoken)


def _changed_film(task: SandboxTask) -> UpscaledSpec | LipSyncSpec:
    """The film that was sent, enlarged or with another sound."""
    order, (width, height) = task.order, order_size(task.order)
    if task.kind == UPSCALE:
        return UpscaledSpec(order["film_file"], width, height, order["factor"])
    sound = order["sound_file"] or _sound_of(task)
    return LipSyncSpec(order["film_file"], sound, width, height)


def _undelivered(spec: ClipSpec, directives: Directives) -> ClipSpec:
    """The clip without something that its order asks for, by `[undelivered …]`."""
    width, height = spec.width, spec.height
    match directives.argument("undelivered"):
        case "sound":
            return replace(spec, sound=False)
        case "resolution":
            return replace(spec, width=_even(width / 2), height=_even(height / 2))
        case "ratio":
            return replace(spec, width=height, height=width)
    return spec


def _film_spec(task: SandboxTask, tasks: TasksById) -> ClipSpec | SoundSpec | FilmSpec:
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

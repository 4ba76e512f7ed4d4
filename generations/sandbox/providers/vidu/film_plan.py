"""The plan of an ad film: its storyboards, and the takes and the cut that come with it.

A film of 10 to 60 seconds has storyboards (shots) of about five seconds. Each has one take; the
first one of some films has two, as in the example of the page. The film also has one narration, one
music and a first cut of all. Each of these is a *record*: a task of its own that nobody ordered.
docs/wire.md, 2.13 describes the records; their lengths and texts are the sandbox's own.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Any

from generations.sandbox.directives import Directives, without_directives
from generations.sandbox.tasks import SandboxTask

# The kinds of a film's tasks: the film and a cut by the last part of their address, a take by the
# `type` of an edit (docs/wire.md, 2.13).
FILM, CUT = "ad-one-click", "compose"
FOOTAGE, NARRATION, MUSIC = "generate_video", "generate_narration", "generate_bgm"
RECORD_KINDS = frozenset({FOOTAGE, NARRATION, MUSIC, CUT})
RESOLUTION = "720p"
USUAL_SECONDS = 5

# The id of a record, and the id of its creation.
RecordIds = tuple[str, str]

SHOT_TEXTS = {
    "en": ("Opening on", "Closer to", "In somebody's hands:", "A detail of", "At home with"),
    "zh": ("开场：", "推近：", "手中的", "细节：", "在家里："),
}
CLOSING_TEXTS = {"en": "The last frame, with the name", "zh": "片尾定格与名称"}
NARRATION_TEXTS = {
    "en": "This is {}. Made with care, for every single day. See it for yourself.",
    "zh": "这就是{}。用心制作，陪伴每一天。现在就来看看。",
}
MUSIC_TEXTS = (
    "Warm piano and soft strings, unhurried",
    "Bright acoustic guitar, light claps, hopeful",
    "Deep synth pulse, clean and modern",
    "Brushed drums and double bass, late evening",
)
PRODUCT_NAMES = {"en": "the product", "zh": "产品"}


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """The seconds of each storyboard, and how many takes the first storyboard has."""

    seconds: tuple[int, ...]
    first_takes: int

    @classmethod
    def of(cls, seconds: int, prompt: str, directives: Directives) -> "FilmPlan":
        """The plan of a film of so many seconds."""
        count = max(round(seconds / USUAL_SECONDS), 1)
        each, rest = divmod(seconds, count)
        lengths = tuple(each + (index < rest) for index in range(count))
        # By the prompt, not by chance: an order that is repeated gives a film of the same shape.
        is_third = zlib.crc32(prompt.encode()) % 3 == 0 and "one take" not in directives
        return cls(lengths, 2 if is_third or "two takes" in directives else 1)

    @property
    def record_count(self) -> int:
        """Takes of all storyboards, narration, music and cut."""
        return len(self.seconds) - 1 + self.first_takes + 3


def plan_of(film: SandboxTask) -> FilmPlan:
    """The plan of a film that was ordered."""
    return FilmPlan.of(film.order["duration"], film.order["prompt"], film.directives)


def first_records(film: SandboxTask) -> list[SandboxTask]:
    """The records that a finished film has, in the order of their ids; the cut is the last one."""
    plan = plan_of(film)
    # The first half are the ids of the records, the second half those of their creations.
    given = film.order["record_ids"]
    ids = iter(zip(given[: plan.record_count], given[plan.record_count :], strict=True))
    storyboards = [0] * (plan.first_takes - 1) + list(range(len(plan.seconds)))
    takes = [
        _take_record(film, next(ids), storyboard, plan.seconds[storyboard])
        for storyboard in storyboards
    ]
    narration = _record(film, next(ids), NARRATION, narration_text(film))
    music = _record(film, next(ids), MUSIC, music_text(film))
    cut = _record(film, next(ids), CUT, "")
    chosen = _first_good_takes(takes)
    cut.order |= {
        "video_task_ids": [take.id for take in chosen],
        "narration_task_id": narration.id,
        "bgm_task_id": music.id,
        "duration": sum(take.order["duration"] for take in chosen),
    }
    return [*takes, narration, music, cut]


def record_order(film: SandboxTask, prompt: str) -> dict[str, Any]:
    """The order of a record: what it has in common with its film, and its own prompt."""
    return {
        "film": film.id,
        "prompt": prompt,
        "model": "",
        "duration": film.order["duration"],
        "aspect_ratio": film.order["aspect_ratio"],
        "resolution": RESOLUTION,
        "images": [],
        "watermark": False,
        "payload": "",
        "callback_url": "",
    }


def narration_text(film: SandboxTask) -> str:
    """The words that the first narration speaks."""
    return NARRATION_TEXTS[film.order["language"]].format(_product_name(film))


def music_text(film: SandboxTask) -> str:
    """The description of the first music."""
    return MUSIC_TEXTS[zlib.crc32(film.order["prompt"].encode()) % len(MUSIC_TEXTS)]


def shot_failure(film: SandboxTask, storyboard: int) -> str | None:
    """The error code of this storyboard's take, by `[fail shot N CODE]`; None when it succeeds."""
    code = film.directives.argument(f"fail shot {storyboard}")
    return None if code is None else code or "CreationPolicyViolation"


def _first_good_takes(takes: list[SandboxTask]) -> list[SandboxTask]:
    """The first good take of each storyboard that has one."""
    good: dict[int, SandboxTask] = {}
    for take in takes:
        if take.state == "success":
            good.setdefault(take.order["storyboard"], take)
    return list(good.values())


def _take_record(film: SandboxTask, ids: RecordIds, storyboard: int, seconds: int) -> SandboxTask:
    record = _record(film, ids, FOOTAGE, _shot_text(film, storyboard))
    record.order |= {"storyboard": storyboard, "duration": seconds}
    if (code := shot_failure(film, storyboard)) is not None:
        record.state, record.err_code = "failed", code
    return record


def _record(film: SandboxTask, ids: RecordIds, kind: str, prompt: str) -> SandboxTask:
    """A record costs nothing of its own, and has the times of its film."""
    # It has the film's directives too, so that those about files and links apply to all parts. The
    # list is a new one: `replace` would share it with the film.
    return replace(
        film,
        id=ids[0],
        creation_id=ids[1],
        kind=kind,
        order=record_order(film, prompt),
        price=0,
        state="success",
        err_code="",
        done_once=[],
        part_of=film.id,
    )


def _shot_text(film: SandboxTask, storyboard: int) -> str:
    language = film.order["language"]
    if storyboard == len(plan_of(film).seconds) - 1:
        return CLOSING_TEXTS[language]
    text = SHOT_TEXTS[language][storyboard % len(SHOT_TEXTS[language])]
    return f"{text} {_product_name(film)}" if language == "en" else text + _product_name(film)


def _product_name(film: SandboxTask) -> str:
    return without_directives(film.order["prompt"]) or PRODUCT_NAMES[film.order["language"]]

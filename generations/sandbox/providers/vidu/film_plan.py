"""How a film is cut into storyboards, and the records that it brings with it.

A film of 10 to 60 seconds has storyboards of about five seconds. Each has one record, the first of
some films two, as in the example of the document. Beside them stand one narration, one piece of
music, and a first composition of all.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Any

from generations.sandbox.faults import Words, plain
from generations.sandbox.tasks import Task

FILM, COMPOSITION = "ad-one-click", "compose"
FOOTAGE, NARRATION, MUSIC = "generate_video", "generate_narration", "generate_bgm"
SOUNDS = frozenset({NARRATION, MUSIC})
PARTS = frozenset({FOOTAGE, NARRATION, MUSIC, COMPOSITION})
RESOLUTION = "720p"
USUAL_SECONDS = 5

Numbers = tuple[str, str]  # of a task, and of its creation

SHOTS = {
    "en": ("Opening on", "Closer to", "In somebody's hands:", "A detail of", "At home with"),
    "zh": ("开场：", "推近：", "手中的", "细节：", "在家里："),
}
PRODUCT = {"en": "the product", "zh": "产品"}
CLOSING = {"en": "The last frame, with the name", "zh": "片尾定格与名称"}
SPOKEN = {
    "en": "This is {}. Made with care, for every single day. See it for yourself.",
    "zh": "这就是{}。用心制作，陪伴每一天。现在就来看看。",
}
PLAYED = (
    "Warm piano and soft strings, unhurried",
    "Bright acoustic guitar, light claps, hopeful",
    "Deep synth pulse, clean and modern",
    "Brushed drums and double bass, late evening",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The seconds of each storyboard of a film, and how many records the first one has."""

    seconds: tuple[int, ...]
    first_takes: int

    @classmethod
    def of(cls, seconds: int, prompt: str, words: Words) -> "Plan":
        count = max(round(seconds / USUAL_SECONDS), 1)
        each, rest = divmod(seconds, count)
        lengths = tuple(each + (nth < rest) for nth in range(count))
        by_chance = zlib.crc32(prompt.encode()) % 3 == 0 and "one take" not in words
        return cls(lengths, 2 if by_chance or "two takes" in words else 1)

    @property
    def records(self) -> int:
        """Takes, narration, music and the composition; each needs two numbers."""
        return len(self.seconds) - 1 + self.first_takes + 3


def plan(film: Task) -> Plan:
    return Plan.of(film.order["duration"], film.order["prompt"], film.words)


def opening(film: Task) -> list[Task]:
    """The records that a film has when it is done, in the order of their numbers."""
    whole = plan(film)
    given = film.order["record_numbers"]
    numbers = iter(zip(given[: whole.records], given[whole.records :], strict=True))
    storyboards = [0] * (whole.first_takes - 1) + list(range(len(whole.seconds)))
    takes = [_take(film, next(numbers), nth, whole.seconds[nth]) for nth in storyboards]
    narration = _record(film, next(numbers), NARRATION, spoken(film))
    music = _record(film, next(numbers), MUSIC, played(film))
    cut = _record(film, next(numbers), COMPOSITION, "")
    chosen = _chosen(takes)
    cut.order |= {
        "video_task_ids": [take.id for take in chosen],
        "narration_task_id": narration.id,
        "bgm_task_id": music.id,
        "duration": sum(take.order["duration"] for take in chosen),
    }
    return [*takes, narration, music, cut]


def spoken(film: Task) -> str:
    return SPOKEN[film.order["language"]].format(_subject(film))


def played(film: Task) -> str:
    return PLAYED[zlib.crc32(film.order["prompt"].encode()) % len(PLAYED)]


def _chosen(takes: list[Task]) -> list[Task]:
    """The first good take of each storyboard that has one."""
    good: dict[int, Task] = {}
    for take in takes:
        if take.state == "success":
            good.setdefault(take.order["storyboard"], take)
    return list(good.values())


def _take(film: Task, numbers: Numbers, storyboard: int, seconds: int) -> Task:
    record = _record(film, numbers, FOOTAGE, _shot(film, storyboard))
    record.order |= {"storyboard": storyboard, "duration": seconds}
    if (code := failure(film, storyboard)) is not None:
        record.state, record.err_code = "failed", code
    return record


def failure(film: Task, storyboard: int) -> str | None:
    """The code with which `[fail shot N CODE]` lets this storyboard fail."""
    told = film.words.after(f"fail shot {storyboard}")
    return None if told is None else told or "CreationPolicyViolation"


def _shot(film: Task, storyboard: int) -> str:
    language = film.order["language"]
    if storyboard == len(plan(film).seconds) - 1:
        return CLOSING[language]
    words = SHOTS[language][storyboard % len(SHOTS[language])]
    return f"{words} {_subject(film)}" if language == "en" else words + _subject(film)


def _subject(film: Task) -> str:
    return plain(film.order["prompt"]) or PRODUCT[film.order["language"]]


def _record(film: Task, numbers: Numbers, kind: str, prompt: str) -> Task:
    """A record costs nothing of its own, and is as old as the end of the film."""
    order = part_order(film, prompt)
    return replace(
        film,
        id=numbers[0],
        creation_id=numbers[1],
        kind=kind,
        order=order,
        price=0,
        state="success",
        err_code="",
        done_once=[],
        part_of=film.id,
    )


def part_order(film: Task, prompt: str) -> dict[str, Any]:
    """What the parts of a film have in common with it."""
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

"""What the three endpoints of the ad film page take, and what they cost.

No price of a film is published. The example of the page says 400 credits for 15 seconds, so a film
costs in proportion to its seconds; a new take 80, a narration or music 20, a composition 400.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generations.sandbox.fields import Order, Rule, one_of, text, whole
from generations.sandbox.http import Refusal
from generations.sandbox.tasks import Task

from . import rules
from .film_plan import (
    COMPOSITION,
    FOOTAGE,
    MUSIC,
    NARRATION,
    RESOLUTION,
    part_order,
    plan,
)
from .rules import (
    ADDRESS,
    MOST_PAYLOAD,
    anything,
    read_checked,
)

MOST_PROMPT = 2000
MOST_INDEX = 10_000
CREDITS = {FOOTAGE: 80, NARRATION: 20, MUSIC: 20, COMPOSITION: 400}
FILM_CREDITS, FILM_SECONDS = 400, 15

NEW: dict[str, Rule] = {
    "images": anything,
    "prompt": text(MOST_PROMPT),
    "duration": whole(range(10, 61)),
    "aspect_ratio": one_of("16:9", "9:16", "1:1"),
    "language": one_of("zh", "en"),
    "callback_url": ADDRESS,
}
EDIT: dict[str, Rule] = {
    "ad_one_click_task_id": text(40),
    "type": one_of(FOOTAGE, NARRATION, MUSIC),
    "storyboard_video_index": whole(range(MOST_INDEX)),
    "prompt": text(MOST_PAYLOAD),
    "callback_url": ADDRESS,
    "payload": text(MOST_PAYLOAD),
}
COMPOSE: dict[str, Rule] = {
    "ad_one_click_task_id": text(40),
    "video_task_ids": lambda value: isinstance(value, list),
    "bgm_task_id": text(40),
    "narration_task_id": text(40),
    "callback_url": ADDRESS,
    "payload": text(MOST_PAYLOAD),
}
Find = Callable[[str], Task]


def read_film(body: bytes) -> Order:
    """A new film with its defaults and pictures."""
    order = read_checked(body, NEW, ("images",))
    addresses = rules.counted("images", order["images"], range(1, 8))
    defaults = {
        "prompt": "",
        "duration": 15,
        "aspect_ratio": "16:9",
        "language": "zh",
        "callback_url": "",
        "resolution": RESOLUTION,
        "watermark": False,
    }
    taken = rules.take(addresses)
    return defaults | order | {"images": rules.named(addresses), "pictures": taken}


def read_edit(body: bytes, find: Find) -> Order:
    """A new take, narration or music for a finished film, which `find` finds."""
    order = read_checked(body, EDIT, ("ad_one_click_task_id", "type", "prompt"))
    film = _finished(find, order)
    complete = part_order(film, order["prompt"]) | _own(order)
    if order["type"] != FOOTAGE:
        return complete
    if "storyboard_video_index" not in order:
        raise Refusal(400, "FieldLacking", "storyboard_video_index is required for footage")
    storyboards, index = plan(film).seconds, order["storyboard_video_index"]
    if index >= len(storyboards):
        raise Refusal(400, "FieldInvalid", f"the film has {len(storyboards)} storyboards")
    return complete | {"storyboard": index, "duration": storyboards[index]}


def read_compose(body: bytes, find: Find, parts: Callable[[Task], Mapping[str, Task]]) -> Order:
    """A new composition, of `parts` of a finished film."""
    names = ("ad_one_click_task_id", "video_task_ids", "bgm_task_id", "narration_task_id")
    order = read_checked(body, COMPOSE, names)
    film = _finished(find, order)
    own, count = parts(film), len(plan(film).seconds)
    chosen = rules.counted("video_task_ids", order["video_task_ids"], range(count, count + 1))
    takes = _parts("video_task_ids", chosen, own, FOOTAGE)
    _parts("bgm_task_id", [order["bgm_task_id"]], own, MUSIC)
    _parts("narration_task_id", [order["narration_task_id"]], own, NARRATION)
    return (
        part_order(film, "")
        | _own(order)
        | {
            "video_task_ids": chosen,
            "bgm_task_id": order["bgm_task_id"],
            "narration_task_id": order["narration_task_id"],
            "duration": sum(take.order["duration"] for take in takes),
        }
    )


def film_price(order: Order) -> int:
    return -(-FILM_CREDITS * int(order["duration"]) // FILM_SECONDS)


def _own(order: Order) -> Order:
    """What a part may say for itself."""
    return {name: order[name] for name in ("payload", "callback_url", "type") if name in order}


def _finished(find: Find, order: Order) -> Task:
    number = order["ad_one_click_task_id"]
    if not number.isdecimal():
        raise Refusal(400, "FieldInvalid", "ad_one_click_task_id is invalid")
    film = find(number)
    if film.state != "success":
        raise Refusal(400, "BadRequest", "the film is not finished")
    return film


def _parts(name: str, numbers: Sequence[Any], own: Mapping[str, Task], kind: str) -> list[Task]:
    """The finished parts with these numbers; Refusal when one is none of this kind and film."""
    parts = [own.get(number) if isinstance(number, str) else None for number in numbers]
    good = [part for part in parts if part and (part.kind, part.state) == (kind, "success")]
    if len(good) != len(parts):
        raise Refusal(400, "FieldInvalid", f"{name} names what is no finished part of this film")
    return good

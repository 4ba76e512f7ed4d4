"""What the three POST endpoints of ad films accept and refuse, and what they cost.

The fields are those of docs/wire.md, 2.13. No price of a film is published. The example of the page
says 400 credits for 15 seconds, so a film costs in proportion to its seconds; new footage costs 80,
a narration or music 20, a cut 400.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generations.sandbox.fields import Order, Rule, integer, one_of, text
from generations.sandbox.http import ApiError
from generations.sandbox.tasks import SandboxTask

from .film_plan import CUT, FOOTAGE, MUSIC, NARRATION, RESOLUTION, plan_of, record_order
from .picture_rules import as_echoed, counted_list, read_pictures
from .rules import MAX_PAYLOAD, OPTIONAL_ADDRESS, any_value, read_checked

MAX_PROMPT = 2000
MAX_INDEX = 10_000
CREDITS = {FOOTAGE: 80, NARRATION: 20, MUSIC: 20, CUT: 400}
FILM_CREDITS, FILM_SECONDS = 400, 15

# The members of the three requests: docs/wire.md, 2.13.
FILM_FIELDS: dict[str, Rule] = {
    "images": any_value,
    "prompt": text(MAX_PROMPT),
    "duration": integer(range(10, 61)),
    "aspect_ratio": one_of("16:9", "9:16", "1:1"),
    "language": one_of("zh", "en"),
    "callback_url": OPTIONAL_ADDRESS,
}
EDIT_FIELDS: dict[str, Rule] = {
    "ad_one_click_task_id": text(40),
    "type": one_of(FOOTAGE, NARRATION, MUSIC),
    "storyboard_video_index": integer(range(MAX_INDEX)),
    "prompt": text(MAX_PAYLOAD),
    "callback_url": OPTIONAL_ADDRESS,
    "payload": text(MAX_PAYLOAD),
}
COMPOSE_FIELDS: dict[str, Rule] = {
    "ad_one_click_task_id": text(40),
    "video_task_ids": lambda value: isinstance(value, list),
    "bgm_task_id": text(40),
    "narration_task_id": text(40),
    "callback_url": OPTIONAL_ADDRESS,
    "payload": text(MAX_PAYLOAD),
}
FindFilm = Callable[[str], SandboxTask]
Records = Mapping[str, SandboxTask]


def read_film(body: bytes) -> Order:
    """Read the order of a new film, with its defaults and pictures."""
    order = read_checked(body, FILM_FIELDS, ("images",))
    addresses = counted_list("images", order["images"], range(1, 8))
    defaults = {
        "prompt": "",
        "duration": 15,
        "aspect_ratio": "16:9",
        "language": "zh",
        "callback_url": "",
        "resolution": RESOLUTION,
        "watermark": False,
    }
    shown = read_pictures(addresses)
    return defaults | order | {"images": as_echoed(addresses), "pictures": shown}


def read_edit(body: bytes, find_film: FindFilm) -> Order:
    """Read the order of a new take: footage, narration or music of a finished film."""
    order = read_checked(body, EDIT_FIELDS, ("ad_one_click_task_id", "type", "prompt"))
    film = _finished_film(find_film, order)
    complete = record_order(film, order["prompt"]) | _own_fields(order)
    if order["type"] != FOOTAGE:
        return complete
    if "storyboard_video_index" not in order:
        raise ApiError(400, "FieldLacking", "storyboard_video_index is required for footage")
    seconds, index = plan_of(film).seconds, order["storyboard_video_index"]
    if index >= len(seconds):
        raise ApiError(400, "FieldInvalid", f"the film has {len(seconds)} storyboards")
    return complete | {"storyboard": index, "duration": seconds[index]}


def read_compose(
    body: bytes, find_film: FindFilm, records_of: Callable[[SandboxTask], Records]
) -> Order:
    """Read the order of a new cut: one finished take for each storyboard, in their order."""
    names = ("ad_one_click_task_id", "video_task_ids", "bgm_task_id", "narration_task_id")
    order = read_checked(body, COMPOSE_FIELDS, names)
    film = _finished_film(find_film, order)
    records, count = records_of(film), len(plan_of(film).seconds)
    take_ids = counted_list("video_task_ids", order["video_task_ids"], range(count, count + 1))
    takes = _finished_records("video_task_ids", take_ids, records, FOOTAGE)
    _finished_records("bgm_task_id", [order["bgm_task_id"]], records, MUSIC)
    _finished_records("narration_task_id", [order["narration_task_id"]], records, NARRATION)
    chosen = {
        "video_task_ids": take_ids,
        "bgm_task_id": order["bgm_task_id"],
        "narration_task_id": order["narration_task_id"],
        "duration": sum(take.order["duration"] for take in takes),
    }
    return record_order(film, "") | _own_fields(order) | chosen


def film_price(order: Order) -> int:
    """Credits of a film, rounded up."""
    return -(-FILM_CREDITS * int(order["duration"]) // FILM_SECONDS)


def _own_fields(order: Order) -> Order:
    """The fields that a record does not have from its film."""
    return {name: order[name] for name in ("payload", "callback_url", "type") if name in order}


def _finished_film(find_film: FindFilm, order: Order) -> SandboxTask:
    task_id = order["ad_one_click_task_id"]
    if not task_id.isdecimal():
        raise ApiError(400, "FieldInvalid", "ad_one_click_task_id is invalid")
    film = find_film(task_id)
    if film.state != "success":
        raise ApiError(400, "BadRequest", "the film is not finished")
    return film


def _finished_records(
    name: str, ids: Sequence[Any], records: Records, kind: str
) -> list[SandboxTask]:
    """The records with these ids; ApiError unless each is a finished one of this kind."""
    found = [records.get(each) if isinstance(each, str) else None for each in ids]
    good = [
        record for record in found if record and (record.kind, record.state) == (kind, "success")
    ]
    if len(good) != len(found):
        raise ApiError(400, "FieldInvalid", f"{name} names what is no finished part of this film")
    return good

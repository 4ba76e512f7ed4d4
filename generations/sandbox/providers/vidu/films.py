"""The ad film endpoints: a film, its detail, its edits (new takes) and composes (new cuts).

Edits and composes are tasks like any other and run for a while, though the example of the page
shows them done at once; `[done at once]` does that. An edit has its directives in its prompt; a
compose has no prompt, so they are in its payload. A query for the detail of an unfinished film
is refused with 400.

The fields are those of docs/wire.md, 2.13. No price of a film is published. The example of the page
says 400 credits for 15 seconds, so a film costs in proportion to its seconds; new footage costs 80,
a narration or music 20, a cut 400.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from generations.sandbox.context import Context
from generations.sandbox.directives import Directives
from generations.sandbox.fields import Order, Rule, integer, one_of, text
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.remote_ids import own_id
from generations.sandbox.tasks import SandboxTask

from .film_plan import (
    CUT,
    FILM,
    FOOTAGE,
    MUSIC,
    NARRATION,
    RECORD_KINDS,
    RESOLUTION,
    FilmPlan,
    first_records,
    plan_of,
    record_order,
)
from .orders import CheckedOrder, Reply, ViduOrders
from .replies import compose_reply, detail_reply, edit_reply, film_reply
from .rules import (
    MAX_PAYLOAD,
    OPTIONAL_ADDRESS,
    any_value,
    as_echoed,
    counted_list,
    read_checked,
    read_pictures,
)

ADDRESS = "/ent/v2/ad-one-click"
UNFINISHED = frozenset({"created", "queueing", "processing"})


class ViduFilms:
    """Answers what is at or under /ent/v2/ad-one-click."""

    def __init__(self, context: Context, orders: ViduOrders) -> None:
        self._context = context
        self._orders = orders

    def respond(self, request: Request) -> Response | None:
        """None when the address is not one of these."""
        if request.path != ADDRESS and not request.path.startswith(f"{ADDRESS}/"):
            return None
        name = request.path.removeprefix(ADDRESS)
        posts = {"": self._create, "/edit": self._edit, "/compose": self._compose}
        if request.method == "POST" and name in posts:
            return posts[name](request, self._orders.api_key(request))
        if request.method == "GET" and name:
            return self._detail(request, name.removeprefix("/"))
        raise ApiError(404, "NotFound", f"no {request.method} {request.path} here")

    def add_first_records(self, film: SandboxTask) -> None:
        """Store the records that a finished film brings with it."""
        self._context.engine.add_finished(first_records(film))

    def _create(self, request: Request, key: str) -> Response:
        order = read_film(request.body)
        directives = Directives.parse(order["prompt"])
        # Each record needs an id of its own and one of its creation. They are fixed with the
        # order, so that the clips can be made before the records exist.
        count = 2 * FilmPlan.of(order["duration"], order["prompt"], directives).record_count
        task_id = self._orders.new_id()
        order["record_ids"] = [self._orders.new_id() for _ in range(count)]
        price = film_price(order)
        checked = CheckedOrder(request, key, task_id, FILM, order, price, directives)
        return self._orders.accept(checked, film_reply)

    def _edit(self, request: Request, key: str) -> Response:
        order = read_edit(request.body, partial(self._find_film, key))
        directives = Directives.parse(order["prompt"]) + self._film_directives(order, "edit")
        # The type becomes the kind of the task; it is no part of a record's order.
        return self._accept(request, key, order.pop("type"), order, directives, edit_reply)

    def _compose(self, request: Request, key: str) -> Response:
        find_film = partial(self._find_film, key)
        order = read_compose(request.body, find_film, self._records_of)
        directives = Directives.parse(order["payload"]) + self._film_directives(order, "compose")
        return self._accept(request, key, CUT, order, directives, compose_reply)

    def _accept(
        self,
        request: Request,
        key: str,
        kind: str,
        order: Order,
        directives: Directives,
        reply: Reply,
    ) -> Response:
        task_id, price = self._orders.new_id(), CREDITS[kind]
        checked = CheckedOrder(request, key, task_id, kind, order, price, directives)
        return self._orders.accept(checked, reply)

    def _detail(self, request: Request, task_id: str) -> Response:
        task_id = self._orders.checked_id(task_id)
        film = self._find_film(self._orders.api_key(request), task_id)

        def produce() -> object:
            # A film ends and gets its records in one step under this lock. Without it a reply
            # could show a finished film that has no records.
            with self._context.engine.lock:
                if film.state in UNFINISHED:
                    raise ApiError(400, "BadRequest", f"the film is {film.state}")
                records = self._records_of(film).values()
                return detail_reply(self._context, film, records, request.base_url)

        return self._orders.answer_query(request, film, "detail", produce)

    def _find_film(self, key: str, task_id: str) -> SandboxTask:
        film = self._orders.find_task(task_id, key)
        if film.kind != FILM:
            raise ApiError(404, "TaskNotFound", f"task {task_id} is no film")
        return film

    def _film_directives(self, order: Order, name: str) -> Directives:
        """The directives of the film's own prompt for its first edit or compose."""
        film = self._context.engine.tasks[order["film"]]
        directives = film.directives.scoped(name)
        return directives if directives.phrases and film.use_once(name) else Directives()

    def _records_of(self, film: SandboxTask) -> Mapping[str, SandboxTask]:
        """All records of a film by the ids that clients know, the oldest first."""
        with self._context.engine.lock:
            tasks = list(self._context.engine.tasks.values())
        own = [
            task
            for task in tasks
            if task.kind in RECORD_KINDS and task.order.get("film") == film.id
        ]
        return {
            record.remote_id: record for record in sorted(own, key=lambda record: int(record.id))
        }


# ---- What an order may say, and what it costs -----------------------------------------------

MAX_PROMPT = 2000
MAX_INDEX = 10_000
MAX_ID = 200
OWN_FIELDS = ("ad_one_click_task_id", "payload", "callback_url", "type")
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
    "ad_one_click_task_id": text(MAX_ID),
    "type": one_of(FOOTAGE, NARRATION, MUSIC),
    "storyboard_video_index": integer(range(MAX_INDEX)),
    "prompt": text(MAX_PAYLOAD),
    "callback_url": OPTIONAL_ADDRESS,
    "payload": text(MAX_PAYLOAD),
}
COMPOSE_FIELDS: dict[str, Rule] = {
    "ad_one_click_task_id": text(MAX_ID),
    "video_task_ids": lambda value: isinstance(value, list),
    "bgm_task_id": text(MAX_ID),
    "narration_task_id": text(MAX_ID),
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
    (music,) = _finished_records("bgm_task_id", [order["bgm_task_id"]], records, MUSIC)
    (narration,) = _finished_records(
        "narration_task_id", [order["narration_task_id"]], records, NARRATION
    )
    chosen = {
        "video_task_ids": [take.id for take in takes],
        "bgm_task_id": music.id,
        "narration_task_id": narration.id,
        "duration": sum(take.order["duration"] for take in takes),
    }
    return record_order(film, "") | _own_fields(order) | chosen


def film_price(order: Order) -> int:
    """Credits of a film, rounded up."""
    return -(-FILM_CREDITS * int(order["duration"]) // FILM_SECONDS)


def _own_fields(order: Order) -> Order:
    """The fields that a record does not have from its film."""
    return {name: order[name] for name in OWN_FIELDS if name in order}


def _finished_film(find_film: FindFilm, order: Order) -> SandboxTask:
    task_id = order["ad_one_click_task_id"]
    if not own_id(task_id).isdecimal():
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

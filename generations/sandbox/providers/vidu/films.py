"""The ad film endpoints: a film, its detail, and the edits and compositions of its parts.

Edits and compositions are tasks like any other and run for a while, though the example of the page
shows them done at once; a word does that. The words of an edit are those of its prompt, those of a
composition, which has none, are in its payload. The detail of a film under way is refused with 400.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from generations.sandbox import files
from generations.sandbox.context import Stage
from generations.sandbox.faults import Words
from generations.sandbox.fields import Order
from generations.sandbox.http import Answer, Refusal, Request
from generations.sandbox.tasks import Task

from . import film_rules
from .film_plan import (
    COMPOSITION,
    FILM,
    FOOTAGE,
    MUSIC,
    NARRATION,
    PARTS,
    SOUNDS,
    Plan,
    opening,
    plan,
)
from .orders import Asked, Orders, Reply
from .replies import check_number, numbered

ADDRESS = "/ent/v2/ad-one-click"
UNDER_WAY = frozenset({"created", "queueing", "processing"})


class Films:
    """Answers what lies at or under /ent/v2/ad-one-click."""

    def __init__(self, stage: Stage, orders: Orders) -> None:
        self._stage = stage
        self._orders = orders

    def answer(self, request: Request) -> Answer | None:
        """None when the address is another's."""
        if request.path != ADDRESS and not request.path.startswith(f"{ADDRESS}/"):
            return None
        name = request.path.removeprefix(ADDRESS)
        posts = {"": self._create, "/edit": self._edit, "/compose": self._compose}
        if request.method == "POST" and name in posts:
            return posts[name](request, self._orders.key(request))
        if request.method == "GET" and name:
            return self._detail(request, name.removeprefix("/"))
        raise Refusal(404, "NotFound", f"no {request.method} {request.path} here")

    def open(self, film: Task) -> None:
        """Take in the records of a film that is done."""
        self._stage.studio.adopt(opening(film))

    def _create(self, request: Request, key: str) -> Answer:
        order = film_rules.read_film(request.body)
        words = Words.of(order["prompt"])
        count = 2 * Plan.of(order["duration"], order["prompt"], words).records
        number = self._orders.new_number()
        order["record_numbers"] = [self._orders.new_number() for _ in range(count)]
        price = film_rules.film_price(order)
        asked = Asked(request, key, number, FILM, order, price, words)
        return self._orders.take(asked, film_reply)

    def _edit(self, request: Request, key: str) -> Answer:
        order = film_rules.read_edit(request.body, partial(self._film, key))
        words = Words.of(order["prompt"]) + self._words(order, "edit")
        return self._take(request, key, order.pop("type"), order, words, edit_reply)

    def _compose(self, request: Request, key: str) -> Answer:
        order = film_rules.read_compose(request.body, partial(self._film, key), self._parts)
        words = Words.of(order["payload"]) + self._words(order, "compose")
        return self._take(request, key, COMPOSITION, order, words, compose_reply)

    def _take(
        self, request: Request, key: str, kind: str, order: Order, words: Words, reply: Reply
    ) -> Answer:
        number, price = self._orders.new_number(), film_rules.CREDITS[kind]
        return self._orders.take(Asked(request, key, number, kind, order, price, words), reply)

    def _detail(self, request: Request, number: str) -> Answer:
        check_number(number)
        film = self._film(self._orders.key(request), number)

        def produce() -> object:
            # A film is done, and has its records, in one step under this lock.
            with self._stage.studio.lock:
                if film.state in UNDER_WAY:
                    raise Refusal(400, "BadRequest", f"the film is {film.state}")
                parts = self._parts(film).values()
                return detail(self._stage, film, parts, request.base_url)

        return self._orders.query(film, "detail", produce)

    def _film(self, key: str, number: str) -> Task:
        film = self._orders.find(number, key)
        if film.kind != FILM:
            raise Refusal(404, "TaskNotFound", f"task {number} is no film")
        return film

    def _words(self, order: Order, name: str) -> Words:
        """What the film's own words say of its first edit or composition."""
        film = self._stage.studio.tasks[order["film"]]
        words = film.words.under(name)
        return words if words.phrases and film.once(name) else Words()

    def _parts(self, film: Task) -> Mapping[str, Task]:
        """All parts of a film by their numbers, the oldest first."""
        with self._stage.studio.lock:
            tasks = list(self._stage.studio.tasks.values())
        own = (task for task in tasks if task.kind in PARTS and task.order.get("film") == film.id)
        return {part.id: part for part in sorted(own, key=lambda part: int(part.id))}


def film_reply(task: Task) -> dict[str, Any]:
    names = ("images", "prompt", "duration", "aspect_ratio", "language")
    said = {name: task.order[name] for name in names}
    return numbered(task, "task_id") | {"state": task.state} | said | {"credits": task.credits}


def edit_reply(task: Task) -> dict[str, Any]:
    return {
        "ad_one_click_task_id": task.order["film"],
        **numbered(task, "sub_task_id"),
        "state": task.state,
        "err_code": task.err_code,
        "credits": task.credits,
    }


def compose_reply(task: Task) -> dict[str, Any]:
    return {
        "ad_one_click_task_id": task.order["film"],
        **numbered(task, "compose_sub_task_id"),
        "state": task.state,
        "credits": task.credits,
    }


def detail(stage: Stage, film: Task, parts: Iterable[Task], base_url: str) -> dict[str, Any]:
    """All records of a film; the links in each reply are new."""
    return {
        "id": film.id,
        "err_code": film.err_code,
        "state": film.state,
        "data_records": Records(stage, film, list(parts), base_url).all(),
    }


class Records:
    """The parts of one film as its detail lists them."""

    def __init__(self, stage: Stage, film: Task, parts: list[Task], base_url: str) -> None:
        self._stage = stage
        self._film = film
        self._parts = parts[::-1] if "shuffle records" in film.words else parts
        self._base_url = base_url

    def all(self) -> dict[str, Any]:
        numbers = range(len(plan(self._film).seconds) if self._film.state == "success" else 0)
        storyboards = [self._storyboard(number) for number in numbers]
        lists = {
            "storyboards": storyboards[::-1] if self._says("shuffle records") else storyboards,
            "narration_records": self._records(NARRATION),
            "bgm_records": self._records(MUSIC),
            "completed_creation_records": [
                self._composition(part) for part in self._parts if part.kind == COMPOSITION
            ],
        }
        if self._says("unknown records"):
            lists["subtitle_records"] = [{"id": "1", "type": "generate_subtitle", "state": "kept"}]
        return lists

    def _says(self, word: str) -> bool:
        return word in self._film.words

    def _storyboard(self, number: int) -> dict[str, Any]:
        name = "storyboard_id" if self._says("right spelling") else "stroyboard_id"
        dropped = self._says(f"drop shot {number}")
        return {name: number, "records": [] if dropped else self._records(FOOTAGE, number)}

    def _records(self, kind: str, storyboard: int | None = None) -> list[dict[str, Any]]:
        return [
            self._record(part)
            for part in self._parts
            if part.kind == kind and part.order.get("storyboard") == storyboard
        ]

    def _record(self, part: Task) -> dict[str, Any]:
        record = {
            "id": part.id,
            "type": part.kind if self._says("right types") else FOOTAGE,
            "prompt": part.order["prompt"],
            "creation_url": self._link(part),
            "state": part.state,
            "err_code": part.err_code,
        }
        return record | ({"score": 0.5} if self._says("unknown records") else {})

    def _composition(self, part: Task) -> dict[str, Any]:
        names = ("video_task_ids", "bgm_task_id", "narration_task_id")
        params = {name: part.order[name] for name in names}
        if part.part_of and self._says("all takes"):
            takes = [each.id for each in self._parts if each.part_of and each.kind == FOOTAGE]
            params["video_task_ids"] = takes
        return {
            "id": part.id,
            "state": part.state,
            "params": params,
            "creation_url": self._link(part),
            "err_code": part.err_code,
        }

    def _link(self, part: Task) -> str:
        if part.state != "success":
            return ""
        name = "sound.mp3" if part.kind in SOUNDS else "video.mp4"
        return files.link(self._stage, part, name, self._base_url)

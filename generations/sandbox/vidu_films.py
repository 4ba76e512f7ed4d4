"""The ad film endpoints: a film, its detail, and the edits and compositions of its parts.

Edits and compositions are tasks like any other and run for a while, though the example of the page
shows them done at once; a word does that. The words of an edit are those of its prompt, those of a
composition, which has none, are in its payload. The detail of a film under way is refused with 400.
"""

from collections.abc import Mapping
from functools import partial

from generations.sandbox import vidu_film_replies, vidu_film_rules
from generations.sandbox.fields import Order
from generations.sandbox.film_plan import COMPOSITION, FILM, PARTS, Plan, opening
from generations.sandbox.stage import Stage
from generations.sandbox.tasks import Task
from generations.sandbox.vidu_orders import Asked, Orders, Reply
from generations.sandbox.vidu_replies import check_number
from generations.sandbox.wire import Answer, Refusal, Request
from generations.sandbox.words import Words

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
        order = vidu_film_rules.read_film(request.body)
        words = Words.of(order["prompt"])
        count = 2 * Plan.of(order["duration"], order["prompt"], words).records
        number = self._orders.new_number()
        order["record_numbers"] = [self._orders.new_number() for _ in range(count)]
        price = vidu_film_rules.film_price(order)
        asked = Asked(request, key, number, FILM, order, price, words)
        return self._orders.take(asked, vidu_film_replies.film_reply)

    def _edit(self, request: Request, key: str) -> Answer:
        order = vidu_film_rules.read_edit(request.body, partial(self._film, key))
        words = Words.of(order["prompt"]) + self._words(order, "edit")
        return self._take(
            request, key, order.pop("type"), order, words, vidu_film_replies.edit_reply
        )

    def _compose(self, request: Request, key: str) -> Answer:
        order = vidu_film_rules.read_compose(request.body, partial(self._film, key), self._parts)
        words = Words.of(order["payload"]) + self._words(order, "compose")
        return self._take(request, key, COMPOSITION, order, words, vidu_film_replies.compose_reply)

    def _take(
        self, request: Request, key: str, kind: str, order: Order, words: Words, reply: Reply
    ) -> Answer:
        number, price = self._orders.new_number(), vidu_film_rules.CREDITS[kind]
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
                return vidu_film_replies.detail(self._stage, film, parts, request.base_url)

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

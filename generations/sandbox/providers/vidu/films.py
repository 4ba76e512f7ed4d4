"""The ad film endpoints: a film, its detail, its edits (new takes) and composes (new cuts).

Edits and composes are tasks like any other and run for a while, though the example of the page
shows them done at once; `[done at once]` does that. An edit has its directives in its prompt; a
compose has no prompt, so they are in its payload. A query for the detail of an unfinished film
is refused with 400.
"""

from collections.abc import Mapping
from functools import partial

from generations.sandbox.context import Context
from generations.sandbox.directives import Directives
from generations.sandbox.fields import Order
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.tasks import SandboxTask

from . import film_rules
from .film_plan import CUT, FILM, RECORD_KINDS, FilmPlan, first_records
from .film_replies import compose_reply, detail_reply, edit_reply, film_reply
from .orders import CheckedOrder, Reply, ViduOrders
from .rules import check_task_id

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
        order = film_rules.read_film(request.body)
        directives = Directives.parse(order["prompt"])
        # Each record needs an id of its own and one of its creation. They are fixed with the
        # order, so that the clips can be made before the records exist.
        count = 2 * FilmPlan.of(order["duration"], order["prompt"], directives).record_count
        task_id = self._orders.new_id()
        order["record_ids"] = [self._orders.new_id() for _ in range(count)]
        price = film_rules.film_price(order)
        checked = CheckedOrder(request, key, task_id, FILM, order, price, directives)
        return self._orders.accept(checked, film_reply)

    def _edit(self, request: Request, key: str) -> Response:
        order = film_rules.read_edit(request.body, partial(self._find_film, key))
        directives = Directives.parse(order["prompt"]) + self._film_directives(order, "edit")
        return self._accept(request, key, order.pop("type"), order, directives, edit_reply)

    def _compose(self, request: Request, key: str) -> Response:
        find_film = partial(self._find_film, key)
        order = film_rules.read_compose(request.body, find_film, self._records_of)
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
        task_id, price = self._orders.new_id(), film_rules.CREDITS[kind]
        checked = CheckedOrder(request, key, task_id, kind, order, price, directives)
        return self._orders.accept(checked, reply)

    def _detail(self, request: Request, task_id: str) -> Response:
        check_task_id(task_id)
        film = self._find_film(self._orders.api_key(request), task_id)

        def produce() -> object:
            # A film ends and gets its records in one step under this lock. Without it a reply
            # could show a finished film that has no records.
            with self._context.engine.lock:
                if film.state in UNFINISHED:
                    raise ApiError(400, "BadRequest", f"the film is {film.state}")
                records = self._records_of(film).values()
                return detail_reply(self._context, film, records, request.base_url)

        return self._orders.answer_query(film, "detail", produce)

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
        """All records of a film by their ids, the oldest first."""
        with self._context.engine.lock:
            tasks = list(self._context.engine.tasks.values())
        own = [
            task
            for task in tasks
            if task.kind in RECORD_KINDS and task.order.get("film") == film.id
        ]
        return {record.id: record for record in sorted(own, key=lambda record: int(record.id))}

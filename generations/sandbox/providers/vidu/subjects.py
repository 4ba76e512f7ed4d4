"""The subjects that Vidu keeps for an account (docs/wire.md, 2.20).

A subject is kept as a task that is done at once: it costs its account, outlives a restart and is in
the truth, but the list and the query of tasks do not know it. Where the page is silent: an unknown
id is answered with 404, and all pictures of the official subjects are Vidu's secret, so there are
none.
"""

from typing import Any
from urllib.parse import unquote

from generations.sandbox import files
from generations.sandbox.context import DAY, Context
from generations.sandbox.directives import Directives
from generations.sandbox.fields import Order, Rule, text
from generations.sandbox.http import ApiError, Request, Response, json_response
from generations.sandbox.tasks import SandboxTask

from .kinds import SUBJECT
from .orders import CheckedOrder, ViduOrders
from .rules import (
    MIN_REFERENCE_SIDE,
    SUBJECT_IMAGE_COUNTS,
    any_value,
    counted_list,
    read_checked,
    read_pictures,
)

Body = dict[str, Any]
ADDRESS = "/ent/v2/subjects"
CREDITS = 5
MOST_LISTED, USUALLY_LISTED = 100, 20
CREATE_FIELDS: dict[str, Rule] = {
    "name": text(64, least=1),
    "images": any_value,
    "voice_id": text(200),
}
CHANGE_FIELDS: dict[str, Rule] = CREATE_FIELDS | {
    "id": text(200),
    "style": text(100),
    "description": text(2000),
}


class ViduSubjects:
    """Answers what is at or under /ent/v2/subjects."""

    def __init__(self, context: Context, orders: ViduOrders) -> None:
        self._context = context
        self._orders = orders

    def respond(self, request: Request) -> Response | None:
        """None when the address is not one of these."""
        if request.path != ADDRESS and not request.path.startswith(f"{ADDRESS}/"):
            return None
        key = self._orders.api_key(request)
        subject_id = unquote(request.path.removeprefix(ADDRESS).removeprefix("/"))
        if (request.method, subject_id) == ("POST", ""):
            return self._create(request, key)
        if (request.method, subject_id) == ("GET", ""):
            directives = self._context.faults.consume(key, "query")
            return self._orders.exchange(
                directives, lambda: json_response(self._list(request, key))
            )
        if request.method == "PUT" and subject_id:
            return self._change(request, self.find(key, subject_id))
        raise ApiError(404, "NotFound", f"no {request.method} {request.path} here")

    def find(self, key: str, subject_id: str) -> SandboxTask:
        """The subject of this account; ApiError when it has none with this id."""
        found = [each for each in self._of(key) if each.remote_id == subject_id]
        if not found:
            raise ApiError(404, "NotFound", f"subject {subject_id} not found")
        return found[0]

    def _of(self, key: str) -> list[SandboxTask]:
        """The subjects of an account, the newest first."""
        with self._context.engine.lock:
            tasks = list(self._context.engine.tasks.values())
        own = [task for task in tasks if (task.kind, task.key) == (SUBJECT, key)]
        return sorted(own, key=lambda task: -int(task.id))

    def _create(self, request: Request, key: str) -> Response:
        order = read_checked(request.body, CREATE_FIELDS, ("name", "images"))
        order |= _with_pictures(order)
        # What nobody wrote, Vidu does.
        written = {"style": "product", "description": f"the {order['name']} in the pictures"}
        order = {"voice_id": ""} | written | order
        directives = Directives.parse(order["name"])
        task_id = self._orders.new_id()
        checked = CheckedOrder(
            request, key, task_id, SUBJECT, order, CREDITS, directives, at_once=True
        )
        return self._orders.accept(
            checked, lambda task: self._described(task, request.base_url) | {"credits": CREDITS}
        )

    def _change(self, request: Request, subject: SandboxTask) -> Response:
        order = read_checked(request.body, CHANGE_FIELDS, ("id",))
        if order.pop("id") != subject.remote_id:
            raise ApiError(400, "FieldInvalid", "id is not the one of the address")
        if "images" in order:
            order |= _with_pictures(order)
        directives = self._context.faults.consume(subject.key, "create")

        def change() -> Response:
            subject.order |= order
            self._context.engine.keep(subject)
            names = ("name", "style", "description", "voice_id")
            changed = {name: subject.order[name] for name in names}
            return json_response({"id": subject.remote_id} | changed)

        return self._orders.exchange(directives, change)

    def _list(self, request: Request, key: str) -> Body:
        if request.value("ownership", "private") not in ("private", "system"):
            raise ApiError(400, "FieldInvalid", "ownership is invalid")
        count = _number(request, "count", USUALLY_LISTED)
        if not 1 <= count <= MOST_LISTED:
            raise ApiError(400, "FieldInvalid", "count is invalid")
        asked = request.values("subject_ids")
        is_own = request.value("ownership", "private") == "private"
        own = self._of(key) if is_own else []
        chosen = [each for each in own if not asked or each.remote_id in asked]
        start = _number(request, "next_page_token", 0)
        shown, stop = chosen[start : start + count], start + count
        return {
            "subjects": [self._described(each, request.base_url) for each in shown],
            "next_page_token": str(stop) if stop < len(chosen) else "",
            "count": count,
        }

    def _described(self, subject: SandboxTask, base_url: str) -> Body:
        order = subject.order
        images = [
            files.signed_url(self._context, subject, f"subject-{index}.jpeg", base_url, DAY)
            for index in range(len(order["pictures"]))
        ]
        names = ("voice_id", "style", "description")
        return {
            "id": subject.remote_id,
            "name": order["name"],
            "images": images,
            "videos": [],
            **{name: order[name] for name in names},
        }


def _with_pictures(order: Order) -> Order:
    addresses = counted_list("images", order["images"], SUBJECT_IMAGE_COUNTS)
    shown = read_pictures(addresses)
    if any(min(each.width, each.height) < MIN_REFERENCE_SIDE for each in shown):
        raise ApiError(400, "PageSizeOutOfRange", "a picture is smaller than 128x128")
    return {"images": [], "pictures": shown}


def _number(request: Request, name: str, default: int) -> int:
    value = request.value(name)
    if value and not value.isdecimal():
        raise ApiError(400, "FieldInvalid", f"{name} is invalid")
    return int(value) if value else default

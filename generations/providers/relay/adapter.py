"""A relay of Vidu behind a Bearer key (contract 4): order, ask and callbacks.

Seeds 001 and 002 name two paths that may belong to two different folders of the relay, so a task is
asked for at the second one's path and, where that does not know it, at the official one.
"""

from collections.abc import Sequence
from dataclasses import replace

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    Balance,
    FilmReport,
    Flow,
    Listing,
    Order,
    Receipt,
    Refused,
    Report,
    Ring,
    RingRequest,
    Verdict,
)
from generations.providers.vidu.requests import order_body
from generations.providers.wire.exchange import (
    ask,
    build_request,
    create,
    not_offered,
    require_number,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import read_identifier, read_object, read_word

from .replies import is_missing, read_receipt, read_report

CREATE = "/ent/v2/text2video"
QUERIES = {"native": "/vidu-native/video/generations/{}", "official": "/ent/v2/tasks/{}/creations"}

# Seed 001, in its order.
FIELDS = (
    *("model", "style", "prompt", "duration", "seed", "aspect_ratio", "resolution"),
    *("movement_amplitude", "bgm", "payload", "watermark", "wm_position", "wm_url", "meta_data"),
    "callback_url",
)


class Relay:
    """The adapter; it keeps nothing between calls."""

    kind = "relay"
    unit = "credit"
    has_balance = False
    has_list = False
    can_cancel = False
    rings_signed = False  # 4.4: Vidu would sign with the relay's own key, which nobody else has
    rings_name = False

    def echoes_reference(self, kind: str) -> bool:
        return False  # only one of the five shapes has the payload

    def wants_rings(self, access: Access) -> bool:
        return catalogue(self.kind).setting(access.options, "callbacks") == "on"

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST /ent/v2/text2video (4.2). Raises all four errors."""
        if order.kind != "text2video":
            raise Refused("kind_unknown", f"The relay has no endpoint {order.kind}.")
        offer = catalogue(self.kind).offer(order.kind, order.model)
        request = build_request(access, "POST", CREATE, body=order_body(order, FIELDS, offer))
        return read_receipt((yield from create(access, request)))

    def check(self, access: Access, number: str) -> Flow[Report]:
        """Ask at the path that answered last, then at the other (4.3)."""
        path, reply = yield from ask_for_task(access, require_number(number))
        return replace(read_report(reply), learned={"query_path": path})

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0, of which a good key is told that it does not exist."""
        _path, reply = yield from ask_for_task(access, "0")
        try:
            read_report(reply)
        except Refused:
            return

    def cancel(self, access: Access, number: str) -> Flow[None]:
        return not_offered("cancel")

    def balance(self, access: Access) -> Flow[Balance]:
        return not_offered("balance")

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        return not_offered("list of tasks")

    def film(self, access: Access, number: str) -> Flow[FilmReport]:
        return not_offered("ad films")

    def read_ring(self, access: Access, request: RingRequest, *, now: float) -> Ring:
        """The hints of a callback that nothing proves."""
        body = read_object(request.body) or {}
        return Ring(
            Verdict.UNSIGNED,
            number=read_identifier(body.get("id")) or read_identifier(body.get("task_id")),
            word=read_word(body.get("state")) or read_word(body.get("status")),
        )


def ask_for_task(access: Access, number: str) -> Flow[tuple[str, Reply]]:
    """The name of the path that answered, and its answer; of two refusals the one that is JSON."""
    chosen = catalogue("relay").setting(access.options, "query_path")
    first, second = sorted(QUERIES, key=lambda path: path != chosen)
    reply = yield from ask_at(access, first, number)
    if not is_missing(reply):
        return first, reply
    other = yield from ask_at(access, second, number)
    if is_missing(other) and other.members is None:
        return first, reply
    return second, other


def ask_at(access: Access, path: str, number: str) -> Flow[Reply]:
    request = build_request(access, "GET", QUERIES[path].format(number))
    return (yield from ask(access, request))

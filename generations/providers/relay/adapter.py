"""A relay of Vidu behind a Bearer key: order, ask and callbacks (docs/wire.md, section 4).

The two pages of the relay name two paths to ask for a task, which may belong to two different
services. So a task is asked for at the path that answered last, and where that does not know it,
at the other.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Flow,
    Order,
    Receipt,
    Refused,
    Report,
)
from generations.providers.vidu.requests import order_body
from generations.providers.wire.exchange import (
    MinimalAdapter,
    ask,
    build_request,
    create,
    require_remote_id,
)
from generations.providers.wire.replies import Reply, read_identifier, read_object, read_word

from .replies import is_missing, read_receipt, read_report
from .requests import MEMBERS, PATHS, QUERY_PATHS


class Relay(MinimalAdapter):
    """The adapter; it keeps nothing between calls."""

    kind = "relay"
    unit = "credit"
    has_signed_callbacks = False  # Vidu signs with the relay's own key, which nobody else has (4.4)
    has_named_callbacks = False
    callback_reply: Mapping[str, object] = {}

    def echoes_reference(self, kind: str) -> bool:
        return False  # only one of the five shapes has the payload (4.3)

    def accepts_callback_url(self, access: Access) -> bool:
        return catalogue(self.kind).setting(access.options, "callbacks") == "on"

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST /ent/v2/text2video (4.2)."""
        if order.kind not in PATHS:
            raise Refused("kind_unknown", f"The relay has no endpoint {order.kind}.")
        offer = catalogue(self.kind).offer(order.kind, order.model)
        body = order_body(order, MEMBERS, offer)
        request = build_request(access, "POST", PATHS[order.kind], body=body)
        return read_receipt((yield from create(access, request)))

    def check(
        self, access: Access, remote_id: str, *, wanted: Collection[str] = ()
    ) -> Flow[Report]:
        """Ask at the path that answered last, then at the other (4.3)."""
        path, reply = yield from ask_for_task(access, require_remote_id(remote_id))
        return replace(read_report(reply), account_options={"query_path": path})

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0: the answer to a good key is that it does not exist (4.4)."""
        _path, reply = yield from ask_for_task(access, "0")
        try:
            read_report(reply)
        except Refused:
            return

    def read_callback(
        self, access: Access, request: CallbackRequest, *, now: float
    ) -> CallbackReading:
        """Read the hints of a callback, which nothing proves (4.4)."""
        body = read_object(request.body) or {}
        return CallbackReading(
            CallbackTrust.UNSIGNED,
            remote_id=read_identifier(body.get("id")) or read_identifier(body.get("task_id")),
            state_word=read_word(body.get("state")) or read_word(body.get("status")),
        )


def ask_for_task(access: Access, remote_id: str) -> Flow[tuple[str, Reply]]:
    """The name of the path that answered, and its answer.

    Where neither path knows the task, an answer in JSON comes before one that is a page.
    """
    last = catalogue("relay").setting(access.options, "query_path")
    first, second = sorted(QUERY_PATHS, key=lambda path: path != last)
    reply = yield from ask_at(access, first, remote_id)
    if not is_missing(reply):
        return first, reply
    # A question costs nothing, so the second path may be tried; a create has one path only.
    other = yield from ask_at(access, second, remote_id)
    if is_missing(other) and other.members is None:
        return first, reply
    return second, other


def ask_at(access: Access, path: str, remote_id: str) -> Flow[Reply]:
    request = build_request(access, "GET", QUERY_PATHS[path].format(remote_id))
    return (yield from ask(access, request))

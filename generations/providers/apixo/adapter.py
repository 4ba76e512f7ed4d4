"""APIXO's vidu-q3: order, ask, balance and callbacks (docs/wire.md, section 5)."""

from collections.abc import Collection, Mapping

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    AccountBalance,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Flow,
    Order,
    Receipt,
    Refused,
    Report,
)
from generations.providers.wire.callbacks import read_body, read_hints
from generations.providers.wire.exchange import (
    MinimalAdapter,
    ask,
    build_request,
    create,
    require_remote_id,
)
from generations.providers.wire.replies import Reply

from .replies import read_balance, read_receipt, read_report
from .requests import BALANCE, CREATE, QUERY, order_body


class Apixo(MinimalAdapter):
    """The adapter; it keeps nothing between calls."""

    kind = "apixo"
    unit = "cent"
    has_balance = True
    has_signed_callbacks = False
    has_named_callbacks = False
    callback_reply: Mapping[str, object] = {}

    def echoes_reference(self, kind: str) -> bool:
        return False

    def accepts_callback_url(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST generateTask (5.2)."""
        offer = catalogue(self.kind).offer_for(order)
        if offer is None:
            raise Refused("kind_unknown", f"APIXO has no {order.kind} by {order.model}.")
        channel = catalogue(self.kind).setting(access.options, "channel")
        request = build_request(access, "POST", CREATE, body=order_body(order, offer, channel))
        return read_receipt((yield from create(access, request)))

    def check(
        self, access: Access, remote_id: str, *, wanted: Collection[str] = ()
    ) -> Flow[Report]:
        """GET statusTask?taskId= (5.3)."""
        reply = yield from ask_at(access, QUERY, {"taskId": require_remote_id(remote_id)})
        return read_report(reply)

    def balance(self, access: Access) -> Flow[AccountBalance]:
        """GET current-balance (5.3), in US dollars."""
        return read_balance((yield from ask_at(access, BALANCE)))

    def test(self, access: Access) -> Flow[None]:
        """Ask for the balance: only a good key may (5.3)."""
        yield from self.balance(access)

    def read_callback(
        self, access: Access, request: CallbackRequest, *, now: float
    ) -> CallbackReading:
        """Read the hints of a callback, which nothing proves; the body is that of check (5.4).

        https://apixo.ai/docs/api-reference/webhooks
        """
        body = read_body(request, access.key)
        hints = read_hints(body, ids=("data.taskId",), states=("data.state",))
        return CallbackReading(CallbackTrust.UNSIGNED, hints.remote_id, hints.state_word)


def ask_at(access: Access, path: str, query: Mapping[str, str] | None = None) -> Flow[Reply]:
    return (yield from ask(access, build_request(access, "GET", path, query=query)))

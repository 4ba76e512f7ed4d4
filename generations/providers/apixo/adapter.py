"""APIXO's vidu-q3 (contract 5): order, ask, balance and callbacks."""

from collections.abc import Mapping, Sequence

from generations.providers.catalogue import Offer, catalogue
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
from generations.providers.wire.exchange import (
    ask,
    build_request,
    create,
    not_offered,
    require_number,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import (
    as_object,
    read_address,
    read_identifier,
    read_object,
    read_word,
)

from .replies import read_balance, read_receipt, read_report

CREATE = "/api/v1/generateTask/vidu-q3"
QUERY = "/api/v1/statusTask/vidu-q3"
BALANCE = "/api/v1/apikeys/current-balance"


class Apixo:
    """The adapter; it keeps nothing between calls."""

    kind = "apixo"
    unit = "cent"
    has_balance = True
    has_list = False
    can_cancel = False
    rings_signed = False
    rings_name = False

    def echoes_reference(self, kind: str) -> bool:
        return False

    def wants_rings(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST generateTask (5.2). Raises all four errors."""
        offer = catalogue(self.kind).offer(order.kind, order.model)
        if offer is None:
            raise Refused("kind_unknown", f"APIXO has no {order.kind} by {order.model}.")
        channel = catalogue(self.kind).setting(access.options, "channel")
        request = build_request(access, "POST", CREATE, body=order_body(order, offer, channel))
        return read_receipt((yield from create(access, request)))

    def check(self, access: Access, number: str) -> Flow[Report]:
        """GET statusTask?taskId= (5.3)."""
        reply = yield from ask_at(access, QUERY, {"taskId": require_number(number)})
        return read_report(reply)

    def balance(self, access: Access) -> Flow[Balance]:
        """GET current-balance (5.3), in US dollars."""
        return read_balance((yield from ask_at(access, BALANCE)))

    def test(self, access: Access) -> Flow[None]:
        """A key is good when it may ask for its balance."""
        yield from self.balance(access)

    def cancel(self, access: Access, number: str) -> Flow[None]:
        return not_offered("cancel")

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        return not_offered("list of tasks")

    def film(self, access: Access, number: str) -> Flow[FilmReport]:
        return not_offered("ad films")

    def read_ring(self, access: Access, request: RingRequest, *, now: float) -> Ring:
        """The hints of a callback that nothing proves; its body is that of the question (5.4)."""
        data = as_object((read_object(request.body) or {}).get("data")) or {}
        return Ring(
            Verdict.UNSIGNED,
            number=read_identifier(data.get("taskId")),
            word=read_word(data.get("state")),
        )


def ask_at(access: Access, path: str, query: Mapping[str, str] | None = None) -> Flow[Reply]:
    return (yield from ask(access, build_request(access, "GET", path, query=query)))


# Seed 003: the number of pictures tells whether one is moved or two are joined.
MODES = {"text2video": "text", "img2video": "image", "start-end2video": "image"}

# Our names of APIXO's optional inputs.
OPTIONS = {"style": "style", "movement": "movement_amplitude", "sound": "audio", "bgm": "bgm"}


def order_body(order: Order, offer: Offer, channel: str) -> dict[str, object]:
    """The members of a create in the order of seed 003; ``channel`` is the account's."""
    body = {
        "request_type": "callback" if order.callback_url else "async",
        "callback_url": order.callback_url,
        "provider": route(order, channel),
        "input": order_input(order, offer),
    }
    return {name: value for name, value in body.items() if value != ""}


def route(order: Order, channel: str) -> str:
    """Which way APIXO takes; the account's channel stands in where the order leaves it open."""
    said = str(order.options.get("route", ""))
    return channel if channel and said in {"", "auto"} else said


def order_input(order: Order, offer: Offer) -> dict[str, object]:
    """What is made of what; the documents name no default for resolution and duration (5.2)."""
    heeded = {
        name: order.options.get(ours) if offer.heeds(ours, order) else None
        for name, ours in OPTIONS.items()
    }
    said = {
        "mode": mode(order),
        "prompt": order.prompt,
        "resolution": order.resolution or offer.resolution,
        "duration": offer.length(order),
        "style": heeded["style"],
        "aspect_ratio": order.aspect_ratio if offer.heeds("aspect_ratio", order) else None,
        "image_urls": [required_address(picture.address) for picture in order.images],
        "movement": heeded["movement"],
        "sound": heeded["sound"],
        "bgm": heeded["bgm"],
        "seed": order.seed,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def mode(order: Order) -> str:
    turbo = "turbo-" if order.model.endswith("-turbo") else ""
    return f"{turbo}{MODES[order.kind]}-to-video"


def required_address(address: str) -> str:
    """Raises Refused for a picture that is no address: APIXO fetches pictures itself (5.2)."""
    if not read_address(address):
        raise Refused("address_required", "APIXO takes pictures by their address only.")
    return address

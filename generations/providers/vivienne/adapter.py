"""The Vivienne gateway (contract 3): order, ask and callbacks.

Its document leaves open the header of the key, the schema of the body and the host, so these are
settings of each account.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

import httpx

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
    Unauthorised,
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
    read_identifier,
    read_object,
    read_text,
    read_word,
)

from .replies import read_receipt, read_report

KIND = "vivienne"
# A form cannot say "": there an empty field means the usual value.
NO_PREFIX = "none"


class Vivienne:
    """The adapter; it keeps nothing between calls."""

    kind = KIND
    unit = "point"
    has_balance = False
    has_list = False
    can_cancel = False
    rings_signed = True
    rings_name = True  # the signature runs over the number without a mark of where it ends

    def echoes_reference(self, kind: str) -> bool:
        return False

    def wants_rings(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST the account's template, filled (3.2). Raises all four errors."""
        offer = catalogue(KIND).offer(order.kind, order.model)
        if offer is None:
            raise Refused("kind_unknown", f"The gateway has no {order.model}_{order.kind}.")
        body = order_body(settings_of(access)["body"], order, offer)
        request = call(access, "POST", "submit_path", body=body)
        return read_receipt((yield from create(access, request)))

    def check(self, access: Access, number: str) -> Flow[Report]:
        """GET generationTask?taskNo= (3.3)."""
        return read_report((yield from ask_for_task(access, require_number(number))))

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0, of which a good key is told that it does not exist."""
        reply = yield from ask_for_task(access, "0")
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
        """Judge a callback by its signature and read the hints in its body (3.4)."""
        return read_ring(access.key, request, now=now)


def ask_for_task(access: Access, number: str) -> Flow[Reply]:
    request = call(access, "GET", "query_path", query={"taskNo": number})
    return (yield from ask(access, request))


def call(
    access: Access,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> httpx.Request:
    """A request to the path that the account's setting of this name says."""
    said = settings_of(access)
    prefix, header = said["auth_prefix"], said["auth_header"]
    scheme = "" if prefix == NO_PREFIX else prefix
    return build_request(
        access, method, said[path], scheme=scheme, header=header, query=query, body=body
    )


def settings_of(access: Access) -> Mapping[str, str]:
    """The account's settings. Raises Unauthorised for one that could only be sent wrongly."""
    book = catalogue(KIND)
    said = {each.name: book.setting(access.options, each.name) for each in book.settings}
    for setting in book.settings:
        value = said[setting.name]
        if not isinstance(value, str) or not setting.fits(value):
            raise Unauthorised("setting_invalid", f"The account's {setting.name} cannot be used.")
    return said


PLACE = re.compile(r"\{([a-z_]+)\}")


def order_body(template: str, order: Order, offer: Offer) -> dict[str, object]:
    """The template with the order's values; what the order does not say is left out of it."""
    form = read_object(template.encode())
    if form is None:
        raise Unauthorised("setting_invalid", "The account's body is no JSON object.")
    return fill_object(form, said_by(order, offer))


def said_by(order: Order, offer: Offer) -> Mapping[str, object]:
    """What each place of a template stands for; the model has the kind in its name (3.2)."""
    heeded = {name: value for name, value in order.options.items() if offer.heeds(name, order)}
    said = heeded | {
        "model": f"{order.model}_{order.kind}",
        "prompt": order.prompt,
        "duration": order.duration,
        "resolution": order.resolution,
        "aspect_ratio": order.aspect_ratio,
        "seed": order.seed,
        "callback_url": order.callback_url,
    }
    return {name: value for name, value in said.items() if value not in (None, "")}


def fill_object(form: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    return {name: fill(value, said) for name, value in form.items() if is_sent(value, said)}


def fill(value: object, said: Mapping[str, object]) -> object:
    """A value of the template: a place becomes what stands for it, with its own type."""
    if isinstance(value, dict):
        return fill_object(value, said)
    if isinstance(value, list):
        return [fill(each, said) for each in value if is_sent(each, said)]
    return said.get(place_of(value), value)


def is_sent(value: object, said: Mapping[str, object]) -> bool:
    return place_of(value) in {"", *said}


def place_of(value: object) -> str:
    """``prompt`` for ``{prompt}``; "" for what is sent as it stands."""
    match = PLACE.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else ""


# Without a mark between them, digits could move from the number to the time and back; so only
# seconds and milliseconds are times, and the caller compares the number with the one it knows.
SECONDS = re.compile(r"[0-9]{10}")
MILLISECONDS = re.compile(r"[0-9]{13}")
TASK_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,100}")
WINDOW = 24 * 60 * 60
SIGN_LIMIT = 200


def read_ring(key: str, request: RingRequest, *, now: float) -> Ring:
    """A callback, judged by the key of its task; ``now`` in Unix seconds. Never raises."""
    body = read_object(request.body) or {}
    number = read_identifier(body.get("taskNo"))
    sign = read_text(body.get("sign"), limit=SIGN_LIMIT).lower()
    return Ring(
        verdict=judge(key, number, written(body.get("timestamp")), sign, now),
        number=number,
        word=read_word(body.get("status")),
        nonce=sign,
    )


def judge(key: str, number: str, timestamp: str, sign: str, now: float) -> Verdict:
    if not sign:
        return Verdict.UNSIGNED
    sent = read_time(timestamp)
    if not key or sent is None or not TASK_NUMBER.fullmatch(number):
        return Verdict.FORGED
    expected = hashlib.sha256(f"{number}{timestamp}{key}".encode()).hexdigest()
    if not hmac.compare_digest(expected.encode(), sign.encode("utf-8", "replace")):
        return Verdict.FORGED
    return Verdict.SIGNED if abs(now - sent) <= WINDOW else Verdict.STALE


def written(timestamp: object) -> str:
    """The time as the body has it: JSON writes a whole number of these lengths in one way only."""
    if isinstance(timestamp, bool):
        return ""
    return str(timestamp) if isinstance(timestamp, int | str) else ""


def read_time(timestamp: str) -> float | None:
    """Unix seconds (1.4)."""
    if SECONDS.fullmatch(timestamp):
        return float(timestamp)
    return int(timestamp) / 1000 if MILLISECONDS.fullmatch(timestamp) else None

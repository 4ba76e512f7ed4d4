"""Vidu's official API (contract 2): order, ask, cancel, list, balance and callbacks."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from generations.providers import vidu_ring
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    Balance,
    Flow,
    Listing,
    Order,
    Receipt,
    Refused,
    Report,
    Ring,
    RingRequest,
    Unavailable,
)
from generations.providers.exchange import Reply, ask, build_request, create
from generations.providers.members import read_identifier
from generations.providers.vidu_errors import answered, question_error
from generations.providers.vidu_replies import (
    newest_first,
    read_balance,
    read_receipt,
    read_report,
    read_rows,
)

SCHEME = "Token"
LARGEST_BODY = 20 * 1024 * 1024
PAGE_SIZE = 100
MOST_PAGES = 20

# 2.3 and 2.4: the members that each endpoint declares, in this order; another is FieldUnwanted.
MARK = ("watermark", "wm_position", "wm_url", "meta_data")
ENVELOPE = ("payload", "callback_url")
FIELDS: Mapping[str, Sequence[str]] = {
    "text2video": (
        *("model", "prompt", "duration", "seed", "aspect_ratio", "resolution", "style"),
        *("movement_amplitude", "bgm", "audio", "off_peak", *MARK, *ENVELOPE),
    ),
    "img2video": (
        *("model", "images", "prompt", "duration", "seed", "resolution", "movement_amplitude"),
        *("bgm", "audio", "audio_type", "voice_id", "is_rec", "off_peak", *MARK, *ENVELOPE),
    ),
    "start-end2video": (
        *("model", "images", "prompt", "duration", "seed", "resolution", "movement_amplitude"),
        *("bgm", "audio", "is_rec", "off_peak", *MARK, *ENVELOPE),
    ),
    "reference2video": (
        *(
            "model",
            "images",
            "subjects",
            "prompt",
            "duration",
            "seed",
            "aspect_ratio",
            "resolution",
        ),
        *("movement_amplitude", "bgm", "audio", "off_peak", *MARK, *ENVELOPE),
    ),
}

# What every model of an endpoint heeds; the catalogue tells which model heeds the rest.
HEEDED = frozenset({"model", "images", "subjects", "prompt", "duration", "resolution", *ENVELOPE})

# 2.3: the corners of a watermark.
CORNERS: Mapping[object, int] = MappingProxyType(
    {"top_left": 1, "top_right": 2, "bottom_right": 3, "bottom_left": 4}
)


class Vidu:
    """The adapter; it keeps nothing between calls."""

    kind = "vidu"
    unit = "credit"
    has_balance = True
    has_list = True
    can_cancel = True
    rings_signed = True
    rings_name = False  # 2.7: older copies of the documents have no id
    echoes_reference = True

    def wants_rings(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST /ent/v2/{kind} (2.3, 2.6). Raises all four errors."""
        if order.kind not in FIELDS:
            raise Refused("kind_unknown", f"Vidu has no endpoint {order.kind}.")
        request = build_request(
            access, "POST", f"/ent/v2/{order.kind}", scheme=SCHEME, body=order_body(order)
        )
        if len(request.content) > LARGEST_BODY:
            raise Refused("too_large", "The order is larger than 20 MB.")
        return read_receipt((yield from create(access, request)))

    def check(self, access: Access, number: str) -> Flow[Report]:
        """GET /ent/v2/tasks/{id}/creations (2.7)."""
        reply = yield from ask_for(access, "GET", task_path(number, "creations"))
        return read_report(answered(reply))

    def cancel(self, access: Access, number: str) -> Flow[None]:
        """POST /ent/v2/tasks/{id}/cancel (2.8). Success is {} by the example, null by the text."""
        path, body = task_path(number, "cancel"), {"id": number}
        reply = yield from ask_for(access, "POST", path, body=body)
        if not (reply.successful and reply.raw.strip() in {"", "null"}):
            answered(reply)

    def balance(self, access: Access) -> Flow[Balance]:
        """GET /ent/v2/credits (2.8)."""
        reply = yield from ask_for(access, "GET", "/ent/v2/credits", query={"show_detail": "false"})
        return read_balance(answered(reply))

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0, of which a good key is told that it does not exist (2.7)."""
        reply = yield from ask_for(access, "GET", "/ent/v2/tasks/0/creations")
        if reply.status != 404 or reply.members is None:
            raise question_error(reply)

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        """GET /ent/v2/tasks, page by page (2.8). Raises Unavailable beyond 2000 tasks."""
        found: dict[str, Listing] = {}
        span = {"created_at.from": since, "created_at.to": until, "paper.pagesz": str(PAGE_SIZE)}
        place = {"paper.page": "0"}
        for page in range(1, MOST_PAGES + 1):
            reply = yield from ask_for(access, "GET", "/ent/v2/tasks", query=span | place)
            rows = read_rows(answered(reply))
            known = len(found)
            found |= {row.number: row for row in rows if row.number}
            token = reply.text("next_page_token")
            if len(found) == known or not (token or len(rows) >= PAGE_SIZE):
                return newest_first(found.values())
            place = {"pager.page_token": token} if token else {"paper.page": str(page)}
        raise Unavailable("too_many", "The list is too long; ask for a shorter span of time.")

    def read_ring(self, access: Access, request: RingRequest, *, now: float) -> Ring:
        """Judge a callback by its signature and read the hints in its body (2.9)."""
        return vidu_ring.read_ring(access.key, request, now=now)


def order_body(order: Order) -> dict[str, object]:
    """The members of a create: what the endpoint declares, the order says and the model heeds."""
    said = dict(order.options) | {
        "model": order.model,
        **order_pictures(order),
        "prompt": order.prompt,
        "duration": order.duration,
        "seed": order.seed,
        "aspect_ratio": order.aspect_ratio,
        "resolution": order.resolution,
        "payload": order.reference,
        "callback_url": order.callback_url,
    }
    if "wm_position" in said:
        said["wm_position"] = CORNERS[said["wm_position"]]
    offer = catalogue("vidu").offer(order.kind, order.model)
    return {
        name: said[name]
        for name in FIELDS[order.kind]
        if said.get(name) not in (None, "", [])
        and (name in HEEDED or offer is None or offer.heeds(name, order))
    }


def order_pictures(order: Order) -> dict[str, object]:
    """``images``, or ``subjects`` where the prompt calls them by name; never both (2.4)."""
    if not any(picture.name for picture in order.images):
        return {"images": [picture.address for picture in order.images]}
    # Section 7: newer models call a subject's key name, older ones id.
    key = "name" if order.model.startswith("viduq3") else "id"
    subjects: dict[str, list[str]] = {}
    for picture in order.images:
        subjects.setdefault(picture.name, []).append(picture.address)
    return {"subjects": [{key: name, "images": images} for name, images in subjects.items()]}


def task_path(number: str, what: str) -> str:
    """Raises Refused for a number that Vidu never gave, so that it cannot lead elsewhere."""
    if not read_identifier(number):
        raise Refused("number_invalid", "This is not the number of a task.")
    return f"/ent/v2/tasks/{number}/{what}"


def ask_for(
    access: Access,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> Flow[Reply]:
    request = build_request(access, method, path, scheme=SCHEME, query=query, body=body)
    return (yield from ask(access, request))

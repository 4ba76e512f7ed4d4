"""Vidu's official API (contract 2): order, ask, cancel, list, balance and callbacks."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

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
    Unavailable,
    Verdict,
)
from generations.providers.wire.exchange import (
    ask,
    build_request,
    create,
    require_number,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import (
    read_identifier,
    read_object,
    read_text,
    read_word,
)

from .films import (
    FILM,
    NUMBERS,
    ROOT,
    film_call,
    numbered,
    read_film,
)
from .replies import (
    answered,
    newest_first,
    question_error,
    read_balance,
    read_receipt,
    read_report,
    read_rows,
)
from .requests import FIELDS, order_body

SCHEME = "Token"
LARGEST_BODY = 20 * 1024 * 1024
PAGE_SIZE = 100
MOST_PAGES = 20


class Vidu:
    """The adapter; it keeps nothing between calls."""

    kind = "vidu"
    unit = "credit"
    has_balance = True
    has_list = True
    can_cancel = True
    rings_signed = True
    rings_name = False  # 2.7: older copies of the documents have no id

    def echoes_reference(self, kind: str) -> bool:
        return kind != FILM  # 2.13: the only create without a payload

    def wants_rings(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST /ent/v2/{kind} (2.3, 2.6), or a film's own create (2.13). Raises all four errors."""
        path, body = create_call(order)
        request = build_request(access, "POST", path, scheme=SCHEME, body=body)
        if len(request.content) > LARGEST_BODY:
            raise Refused("too_large", "The order is larger than 20 MB.")
        reply = yield from create(access, request)
        return read_receipt(numbered(reply, order) if order.kind in NUMBERS else reply)

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

    def film(self, access: Access, number: str) -> Flow[FilmReport]:
        """GET /ent/v2/ad-one-click/{id} (2.13)."""
        reply = yield from ask_for(access, "GET", f"{ROOT}/{require_number(number)}")
        return read_film(answered(reply), number)

    def read_ring(self, access: Access, request: RingRequest, *, now: float) -> Ring:
        """Judge a callback by its signature and read the hints in its body (2.9)."""
        return read_ring(access.key, request, now=now)


def create_call(order: Order) -> tuple[str, dict[str, object]]:
    """Path and body of a create. Raises Refused for a kind that Vidu does not have."""
    offer = catalogue(Vidu.kind).offer(order.kind, order.model)
    if order.kind in NUMBERS:
        return film_call(order, offer)
    if order.kind not in FIELDS:
        raise Refused("kind_unknown", f"Vidu has no endpoint {order.kind}.")
    return f"/ent/v2/{order.kind}", order_body(order, FIELDS[order.kind], offer)


def task_path(number: str, what: str) -> str:
    return f"/ent/v2/tasks/{require_number(number)}/{what}"


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


ACCESS_KEY = "vidu"
NONCE = "x-request-nonce"
REQUIRED_NAMES = frozenset({"date", NONCE})
NONCE_LIMIT = 200
WINDOW = 5 * 60


def read_ring(key: str, request: RingRequest, *, now: float) -> Ring:
    """A callback, judged by the key of its task; ``now`` in Unix seconds. Never raises."""
    body = read_object(request.body) or {}
    return Ring(
        verdict=judge(key, request, now),
        number=read_identifier(body.get("id")),
        word=read_word(body.get("state")) or read_word(body.get("status")),
        nonce=read_text(request.headers.get(NONCE, ""), limit=NONCE_LIMIT),
    )


def judge(key: str, request: RingRequest, now: float) -> Verdict:
    given = request.headers.get("x-hmac-signature", "")
    if not given:
        return Verdict.UNSIGNED
    names = request.headers.get("x-hmac-signed-headers", "").split(";")
    present = {name.lower() for name in names if name.lower() in request.headers}
    if not key or not present >= REQUIRED_NAMES or len(present) != len(names):
        return Verdict.FORGED
    if not hmac.compare_digest(sign(key, signing_string(request, names)), as_bytes(given)):
        return Verdict.FORGED
    return Verdict.SIGNED if is_fresh(request.headers, now) else Verdict.STALE


def signing_string(request: RingRequest, names: list[str]) -> str:
    """The signed text: six parts, each ended by LF, names as the sender spelled them."""
    date = request.headers["date"]
    lines = [request.method, request.path or "/", request.query, ACCESS_KEY, date]
    lines += [f"{name}:{request.headers[name.lower()]}" for name in names]
    return "".join(f"{line}\n" for line in lines)


def sign(key: str, text: str) -> bytes:
    return base64.b64encode(hmac.digest(as_bytes(key), as_bytes(text), hashlib.sha256))


def as_bytes(text: str) -> bytes:
    """As UTF-8; what a broken header cannot be encoded as becomes a question mark."""
    return text.encode("utf-8", "replace")


def is_fresh(headers: Mapping[str, str], now: float) -> bool:
    """Whether Date, which must name its zone, is within five minutes of now."""
    try:
        sent = parsedate_to_datetime(headers["date"])
        return sent.tzinfo is not None and abs(now - sent.timestamp()) <= WINDOW
    except (ValueError, OverflowError):
        return False

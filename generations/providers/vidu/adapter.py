"""Vidu's official API: order, ask, cancel, list, balance, callbacks (docs/wire.md, section 2)."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    AccountBalance,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    FilmReport,
    Flow,
    Listing,
    Order,
    Receipt,
    Refused,
    Report,
    TaskKind,
    Unavailable,
)
from generations.providers.wire.callbacks import read_body, read_hints
from generations.providers.wire.errors import is_own
from generations.providers.wire.exchange import (
    ask,
    build_request,
    create,
    id_in_path,
    require_remote_id,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import read_identifier, read_text

from .films import FILM, ID_MEMBERS, ROOT, film_call, read_film, read_part_receipt
from .replies import (
    DIALECT,
    answered,
    newest_first,
    question_error,
    read_balance,
    read_listings,
    read_receipt,
    read_report,
)
from .requests import MEMBERS, PATHS, order_body
from .siblings import (
    KINDS,
    MUSIC_VIDEO_ROOT,
    SUBJECTS,
    read_kept_subject,
    read_music_video,
    read_sibling_receipt,
    sibling_call,
)

SCHEME = "Token"
BODY_LIMIT = 20 * 1024 * 1024  # Vidu's own (2.4)
PAGE_SIZE = 100  # the most that Vidu allows (2.8)
PAGE_LIMIT = 20


class Vidu:
    """The adapter; it keeps nothing between calls."""

    kind = "vidu"
    unit = "credit"
    has_balance = True
    has_list = True
    can_cancel = True
    has_signed_callbacks = True
    has_named_callbacks = False  # older copies of the page show a body without id (2.9)
    callback_reply: Mapping[str, object] = {}

    def echoes_reference(self, kind: str) -> bool:
        # The only creates without a payload (2.13 and 2.20).
        return kind not in {FILM, TaskKind.SUBJECT}

    def accepts_callback_url(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST /ent/v2/{kind} (2.3, 2.6, 2.16), or an ad film's own create (2.13)."""
        path, body = create_call(order)
        request = build_request(access, "POST", path, scheme=SCHEME, body=body)
        if len(request.content) > BODY_LIMIT:
            raise Refused("too_large", "The order is larger than 20 MB.")
        reply = yield from create(access, request)
        if order.kind in KINDS:
            return read_sibling_receipt(reply, order.kind)
        is_part = order.kind in ID_MEMBERS
        return read_part_receipt(reply, order) if is_part else read_receipt(reply)

    def check(
        self, access: Access, remote_id: str, *, wanted: Collection[str] = ()
    ) -> Flow[Report]:
        """GET /ent/v2/tasks/{id}/creations (2.7), else the music video of that id (2.22).

        A subject is no task, and stands in the list of subjects alone (2.20).
        """
        if TaskKind.SUBJECT in wanted:
            named = {"subject_ids": require_remote_id(remote_id), "count": str(PAGE_SIZE)}
            reply = yield from ask_at(access, "GET", SUBJECTS, query=named)
            return read_kept_subject(answered(reply), remote_id)
        reply = yield from ask_at(access, "GET", task_path(remote_id, "creations"))
        if reply.status == 404 and is_own(reply, DIALECT):
            path = f"{MUSIC_VIDEO_ROOT}/{id_in_path(remote_id)}"
            video = yield from ask_at(access, "GET", path)
            if video.is_successful:
                return read_music_video(video)
        return read_report(reply)

    def cancel(self, access: Access, remote_id: str) -> Flow[None]:
        """POST /ent/v2/tasks/{id}/cancel (2.8). Success is {} by the example, null by the text.

        https://platform.vidu.com/docs/cancel-generation
        """
        path, body = task_path(remote_id, "cancel"), {"id": remote_id}
        reply = yield from ask_at(access, "POST", path, body=body)
        if not (reply.is_successful and reply.raw.strip() in {"", "null"}):
            answered(reply)

    def balance(self, access: Access) -> Flow[AccountBalance]:
        """GET /ent/v2/credits (2.8)."""
        reply = yield from ask_at(access, "GET", "/ent/v2/credits", query={"show_detail": "false"})
        return read_balance(answered(reply))

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0: the answer to a good key is that it does not exist (2.7)."""
        reply = yield from ask_at(access, "GET", "/ent/v2/tasks/0/creations")
        # A 404 of anybody else may come from a proxy or a wrong address.
        if reply.status != 404 or not is_own(reply, DIALECT):
            raise question_error(reply)

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        """GET /ent/v2/tasks, page by page (2.8). Raises Unavailable beyond 2000 tasks."""
        found: dict[str, Listing] = {}
        # ``paper`` and ``pager`` are both spelled as Vidu has them (2.8).
        span = {"created_at.from": since, "created_at.to": until, "paper.pagesz": str(PAGE_SIZE)}
        page = {"paper.page": "0"}
        for next_page in range(1, PAGE_LIMIT + 1):
            reply = yield from ask_at(access, "GET", "/ent/v2/tasks", query=span | page)
            rows = read_listings(answered(reply))
            known = len(found)
            found |= {row.remote_id: row for row in rows if row.remote_id}
            token = reply.text("next_page_token")
            # A page with nothing new ends the loop, whatever the provider says of a next one.
            if len(found) == known or not (token or len(rows) >= PAGE_SIZE):
                return newest_first(found.values())
            page = {"pager.page_token": token} if token else {"paper.page": str(next_page)}
        raise Unavailable("too_many", "The list is too long; ask for a shorter span of time.")

    def subjects(self, access: Access) -> Flow[Sequence[Listing]]:
        """GET /ent/v2/subjects, page by page (2.20). Raises Refused beyond 2000 subjects."""
        found: dict[str, Listing] = {}
        query = {"count": str(PAGE_SIZE)}
        for _page in range(PAGE_LIMIT):
            reply = yield from ask_at(access, "GET", SUBJECTS, query=query)
            known = len(found)
            rows = read_listings(answered(reply), "subjects")
            # One whose id nobody can read has a name all the same.
            found |= {row.remote_id or f"@{row.prompt}": row for row in rows}
            token = read_identifier(reply.first(["next_page_token", "data.next_page_token"]))
            if len(found) == known or not token:
                return list(found.values())
            query["next_page_token"] = token
        raise Refused("too_many", "The account keeps more than 2000 subjects.")

    def film(self, access: Access, remote_id: str) -> Flow[FilmReport]:
        """GET /ent/v2/ad-one-click/{id} (2.13)."""
        reply = yield from ask_at(access, "GET", f"{ROOT}/{id_in_path(remote_id)}")
        return read_film(answered(reply), remote_id)

    def read_callback(
        self, access: Access, request: CallbackRequest, *, now: float
    ) -> CallbackReading:
        """Judge a callback by its signature and read the hints in its body (2.9)."""
        body = read_body(request, access.key)
        hints = read_hints(body, ids=("id",), states=("state", "status"))
        return CallbackReading(
            trust=judge(access.key, request, now),
            remote_id=hints.remote_id,
            state_word=hints.state_word,
            nonce=read_text(request.headers.get(NONCE, ""), limit=NONCE_LIMIT),
        )


def create_call(order: Order) -> tuple[str, dict[str, object]]:
    """Path and body of a create. Raises Refused for a kind that Vidu does not have."""
    # None for what the catalogue does not have: the edits of a film, and models that have left it.
    offer = catalogue(Vidu.kind).offer_for(order)
    if order.kind in ID_MEMBERS:
        return film_call(order, offer)
    if order.kind in KINDS:
        return sibling_call(order, offer)
    if order.kind not in PATHS:
        raise Refused("kind_unknown", f"Vidu has no endpoint {order.kind}.")
    return PATHS[order.kind], order_body(order, MEMBERS[order.kind], offer)


def task_path(remote_id: str, action: str) -> str:
    return f"/ent/v2/tasks/{id_in_path(remote_id)}/{action}"


def ask_at(
    access: Access,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> Flow[Reply]:
    request = build_request(access, method, path, scheme=SCHEME, query=query, body=body)
    return (yield from ask(access, request))


# ---- The signature of a callback: https://platform.vidu.com/docs/callback-signature (2.9) -----

ACCESS_KEY = "vidu"
NONCE = "x-request-nonce"
REQUIRED_NAMES = frozenset({"date", NONCE})
NONCE_LIMIT = 200
WINDOW = 5 * 60  # seconds


def judge(key: str, request: CallbackRequest, now: float) -> CallbackTrust:
    """Check the signature by the key that ordered the task; ``now`` in Unix seconds."""
    signature = request.headers.get("x-hmac-signature", "")
    if not signature:
        return CallbackTrust.UNSIGNED
    names = request.headers.get("x-hmac-signed-headers", "").split(";")
    present = {name.lower() for name in names if name.lower() in request.headers}
    # Every signed name is there, and named once. A nonce that is not signed could be changed, and
    # the callback repeated as a new one.
    if not key or not present >= REQUIRED_NAMES or len(present) != len(names):
        return CallbackTrust.FORGED
    if not hmac.compare_digest(sign(key, signed_text(request, names)), as_bytes(signature)):
        return CallbackTrust.FORGED
    return CallbackTrust.SIGNED if is_fresh(request.headers, now) else CallbackTrust.STALE


def signed_text(request: CallbackRequest, names: list[str]) -> str:
    """The lines that are signed, each ended by LF; header names as the sender spelled them."""
    # The body is not among them (2.9), which is why a callback moves no task.
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

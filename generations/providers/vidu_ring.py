"""Vidu's callbacks: the signature over request line and headers, and the hints in the body (2.9).

The body is not signed, so nothing in it may be believed.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from generations.providers.contract import Ring, RingRequest, Verdict
from generations.providers.members import read_identifier, read_object, read_text, read_word

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

"""The gateway's callbacks: a signature over number, time and key, and the hints in the body (3.4).

Neither status nor results are signed, so nothing in the body may be believed.
"""

import hashlib
import hmac
import re

from generations.providers.contract import Ring, RingRequest, Verdict
from generations.providers.members import read_identifier, read_object, read_text, read_word

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

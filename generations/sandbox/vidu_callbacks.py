"""Callbacks as Vidu signs them, and the ways in which a word can bend them.

The signature is that of https://platform.vidu.com/docs/callback-signature: it covers the request
line, the date and a nonce, and not the body.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from generations.sandbox.callbacks import Headers, Letter
from generations.sandbox.tasks import Task
from generations.sandbox.words import Words

SIGNED_NAMES = ("Date", "x-request-nonce")
STALE_SECONDS = 3600.0
PADDING = "0" * (3 * 1024 * 1024)
Body = dict[str, Any]


def signature(
    key: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    names: Sequence[str] = SIGNED_NAMES,
) -> str:
    """Base64 of HMAC-SHA256 over the request line and the named headers, in that order."""
    parts = urlsplit(url)
    lines = [method, parts.path or "/", parts.query, "vidu", headers["Date"]]
    lines += [f"{name}:{headers.get(name, '')}" for name in names]
    text = "".join(f"{line}\n" for line in lines)
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def letters(task: Task, body: Body) -> list[Letter]:
    """The letters that tell of the state in `body`; none when the task wants none."""
    words = task.words.under("callback")
    if not task.order.get("callback_url") or "never" in words:
        return []
    if "out of order" in words and body["state"] == "processing":
        return []
    bodies = [_bent(body, words)] * (5 if "five times" in words else 1)
    if "out of order" in words:
        bodies.append(body | {"state": "processing", "progress": 50, "creations": []})
    nonce = str(uuid.uuid4())
    copies = [_letter(task, each, words, nonce) for each in bodies]
    if "duplicate" in words:
        copies.append(copies[0])
    if "again" in words:
        copies.append(_letter(task, bodies[0], words, str(uuid.uuid4())))
    return copies


def _letter(task: Task, body: Body, words: Words, nonce: str) -> Letter:
    headers: Headers = partial(_headers, task.key, task.order["callback_url"], words, nonce)
    # Only the final states are said to be tried again (seed 004).
    is_retried = body.get("state", body.get("status")) != "processing"
    return Letter(task.id, task.order["callback_url"], body, headers, is_retried)


def _headers(key: str, url: str, words: Words, nonce: str, now: float) -> dict[str, str]:
    stale = STALE_SECONDS if "stale date" in words else 0.0
    headers = {"Date": formatdate(now - stale, usegmt=True), "x-request-nonce": nonce}
    names: Sequence[str] = SIGNED_NAMES
    if "no nonce" in words:
        del headers["x-request-nonce"]
        names = ("Date",)
    if "unsigned" in words:
        return headers
    signing_key = "a key that nobody has" if "bad signature" in words else key
    return headers | {
        "X-HMAC-SIGNED-HEADERS": ";".join(names),
        "X-HMAC-SIGNATURE": signature(signing_key, "POST", url, headers, names),
        "X-HMAC-ALGORITHM": "hmac-sha256",
        "X-HMAC-ACCESS-KEY": "vidu",
    }


def _bent(body: Body, words: Words) -> Body:
    if "contradicting" in words:
        body = _contradicted(body)
    if "no id" in words:
        body = {name: value for name, value in body.items() if name != "id"}
    if "status word" in words:
        body = {"status" if name == "state" else name: value for name, value in body.items()}
    if "oversized" in words:
        body = body | {"padding": PADDING}
    return body


def _contradicted(body: Body) -> Body:
    if body["state"] == "success":
        refused = {"state": "failed", "err_code": "CreationPolicyViolation", "credits": 0}
        return body | refused | {"creations": []}
    creation = {"id": "1", "url": "https://cdn.example/forged.mp4", "cover_url": ""}
    return body | {"state": "success", "err_code": "", "creations": [creation], "credits": 999_999}

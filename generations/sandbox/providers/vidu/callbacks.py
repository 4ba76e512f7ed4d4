"""Vidu's callbacks and their signature (https://platform.vidu.com/docs/callback-signature).

docs/wire.md, 2.9 has the signed text and two vectors.
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

from generations.sandbox.callbacks import Headers, OutgoingCallback
from generations.sandbox.directives import Directives
from generations.sandbox.tasks import SandboxTask

Body = dict[str, Any]
SIGNED_NAMES = ("Date", "x-request-nonce")
STALE_SECONDS = 3600.0
PADDING = "0" * (3 * 1024 * 1024)  # makes a body that no receiver should read to its end


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


def callbacks_of(task: SandboxTask, body: Body) -> list[OutgoingCallback]:
    """The callbacks that report the state in `body`; none when the task wants none."""
    directives = task.directives.scoped("callback")
    if not task.order.get("callback_url") or "never" in directives:
        return []
    if "out of order" in directives and body["state"] == "processing":
        return []
    bodies = [_altered(body, directives)] * (5 if "five times" in directives else 1)
    if "out of order" in directives:
        bodies.append(body | {"state": "processing", "progress": 50, "creations": []})
    nonce = str(uuid.uuid4())
    callbacks = [_callback(task, each, directives, nonce) for each in bodies]
    # The first repeats the nonce, the second has a new one: which of them a retry of Vidu does is
    # not known (2.9).
    if "duplicate" in directives:
        callbacks.append(callbacks[0])
    if "again" in directives:
        callbacks.append(_callback(task, bodies[0], directives, str(uuid.uuid4())))
    return callbacks


def _callback(
    task: SandboxTask, body: Body, directives: Directives, nonce: str
) -> OutgoingCallback:
    headers: Headers = partial(_headers, task.key, task.order["callback_url"], directives, nonce)
    # Vidu tries only the final states again.
    is_retried = body.get("state", body.get("status")) != "processing"
    return OutgoingCallback(task.id, task.order["callback_url"], body, headers, is_retried)


def _headers(key: str, url: str, directives: Directives, nonce: str, now: float) -> dict[str, str]:
    stale = STALE_SECONDS if "stale date" in directives else 0.0
    headers = {"Date": formatdate(now - stale, usegmt=True), "x-request-nonce": nonce}
    names: Sequence[str] = SIGNED_NAMES
    if "no nonce" in directives:
        del headers["x-request-nonce"]
        names = ("Date",)
    if "unsigned" in directives:
        return headers
    signing_key = "a key that nobody has" if "bad signature" in directives else key
    return headers | {
        "X-HMAC-SIGNED-HEADERS": ";".join(names),
        "X-HMAC-SIGNATURE": signature(signing_key, "POST", url, headers, names),
        "X-HMAC-ALGORITHM": "hmac-sha256",
        "X-HMAC-ACCESS-KEY": "vidu",
    }


def _altered(body: Body, directives: Directives) -> Body:
    if "contradicting" in directives:
        body = _contradicting(body)
    if "no id" in directives:
        body = {name: value for name, value in body.items() if name != "id"}
    if "status word" in directives:
        body = {"status" if name == "state" else name: value for name, value in body.items()}
    if "oversized" in directives:
        body = body | {"padding": PADDING}
    return body


def _contradicting(body: Body) -> Body:
    """A body that says failed where the task succeeded, and success anywhere else."""
    if body["state"] == "success":
        refused = {"state": "failed", "err_code": "CreationPolicyViolation", "credits": 0}
        return body | refused | {"creations": []}
    creation = {"id": "1", "url": "https://cdn.example/forged.mp4", "cover_url": ""}
    return body | {"state": "success", "err_code": "", "creations": [creation], "credits": 999_999}

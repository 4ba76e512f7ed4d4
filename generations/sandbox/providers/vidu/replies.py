"""The replies of the Vidu dialect."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from generations.sandbox import files
from generations.sandbox.callbacks import Headers, Letter
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS, order_size
from generations.sandbox.context import Stage
from generations.sandbox.faults import Words
from generations.sandbox.http import Answer, Refusal, json_answer
from generations.sandbox.tasks import Task

from .film_plan import SOUNDS

MARK_PLACES = {1: "top_left", 2: "top_right", 3: "bottom_right", 4: "bottom_left"}


def describe(stage: Stage, task: Task, base_url: str, now: float) -> dict[str, Any]:
    """The query reply for a task."""
    body = {
        "id": task.id,
        "state": task.state,
        "err_code": task.err_code,
        "credits": task.credits,
        "payload": task.order.get("payload", ""),
        "bgm": task.order.get("bgm", False),
        "off_peak": task.order.get("off_peak", False),
        "progress": task.progress(now),
        "creations": creations(stage, task, base_url),
        "type": task.kind,
        "model": task.order.get("model", ""),
        "cus_priority": 0,
        "err_msg": f"the task failed: {task.err_code}" if task.err_code else "",
    }
    left_out = {"id": "no id", "progress": "no progress"}
    return {name: body[name] for name in body if left_out.get(name, " ") not in task.words}


def creations(stage: Stage, task: Task, base_url: str) -> list[dict[str, Any]]:
    if task.state != "success":
        return []
    if task.kind in SOUNDS:
        url = files.link(stage, task, "sound.mp3", base_url)
        return [{"id": task.creation_id, "url": url, "cover_url": "", "watermarked_url": ""}]
    marked = task.order["watermark"]
    width, height = order_size(task.order)
    creation = {
        "id": task.creation_id,
        "url": files.link(stage, task, "video.mp4", base_url),
        "cover_url": files.link(stage, task, "cover.jpeg", base_url),
        "watermarked_url": files.link(stage, task, "watermarked.mp4", base_url) if marked else "",
        "video": {
            "duration": task.order["duration"] or AUTOMATIC_SECONDS,
            "fps": 24,
            "resolution": {"width": width, "height": height},
        },
    }
    if "no cover" in task.words:
        creation["cover_url"] = ""
    return [creation]


def create_reply(task: Task) -> dict[str, Any]:
    """The create reply, with the documented fields and those seen on the wire."""
    marked = task.order["watermark"]
    left_out = {"callback_url", "voice_id", "pictures"}
    echoed = {name: value for name, value in task.order.items() if name not in left_out}
    body = echoed | {
        "type": task.kind,
        "state": task.state,
        "created_at": instant(task.created_at),
        "credits": task.credits,
        "cus_priority": 0,
        "wm_position": MARK_PLACES[task.order.get("wm_position", 3)] if marked else "unspecified",
        "client_request_id": "",
    }
    return body | numbered(task, "task_id")


def numbered(task: Task, name: str) -> dict[str, Any]:
    """The number under the name that the reply has for it, unless a word says otherwise."""
    if "no task id" in task.words:
        return {}
    return {name: int(task.id) if "task id number" in task.words else task.id}


def instant(seconds: float) -> str:
    """ISO 8601 in UTC with nine fractional digits."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}316Z"


def list_row(stage: Stage, task: Task, base_url: str) -> dict[str, Any]:
    """A row of the list (https://platform.vidu.com/docs/tasks-list)."""
    names = ("model", "prompt", "duration", "resolution", "aspect_ratio")
    shown: Any = creations(stage, task, base_url)
    if "creations object" in task.words and shown:
        shown = shown[0]
    return {name: task.order.get(name, "") for name in names} | {
        "id": task.id,
        "key_id": task.key[-4:],
        "type": task.kind,
        "template": "",
        "images": task.order["images"],
        "state": task.state,
        "creations": shown,
        "created_at": instant(task.created_at),
        "credits": task.credits,
    }


def check_number(number: str) -> None:
    """Refusal when it is no number, which is said before the key is looked at."""
    if not number.isdecimal():
        raise Refusal(400, "CODEC", f'parsing field "id": strconv.ParseInt: parsing "{number}"')


def error_answer(refusal: Refusal) -> Answer:
    """The error body of https://platform.vidu.com/docs/error-code."""
    body = {
        "code": refusal.status,
        "reason": refusal.reason,
        "message": refusal.message,
        "metadata": {"trace_id": uuid.uuid4().hex},
    }
    return json_answer(body, refusal.status)


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

"""The replies of the Vidu dialect."""

import uuid
from datetime import UTC, datetime
from typing import Any

from generations.sandbox import media
from generations.sandbox.film_plan import SOUNDS
from generations.sandbox.sheet import AUTOMATIC_SECONDS, order_size
from generations.sandbox.stage import Stage
from generations.sandbox.tasks import Task
from generations.sandbox.wire import Answer, Refusal, json_answer

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
        url = media.link(stage, task, "sound.mp3", base_url)
        return [{"id": task.creation_id, "url": url, "cover_url": "", "watermarked_url": ""}]
    marked = task.order["watermark"]
    width, height = order_size(task.order)
    creation = {
        "id": task.creation_id,
        "url": media.link(stage, task, "video.mp4", base_url),
        "cover_url": media.link(stage, task, "cover.jpeg", base_url),
        "watermarked_url": media.link(stage, task, "watermarked.mp4", base_url) if marked else "",
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

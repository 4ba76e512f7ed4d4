"""The replies of Vidu's endpoints for clips, the list, and errors (docs/wire.md, 2.6 to 2.10)."""

import uuid
from datetime import UTC, datetime
from typing import Any

from generations.sandbox import files
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS, order_size
from generations.sandbox.context import Context
from generations.sandbox.http import ApiError
from generations.sandbox.tasks import SandboxTask

from .film_plan import SOUND_KINDS

Body = dict[str, Any]
# The corner of the mark: its number in an order, its text in a reply (2.3, 2.6).
MARK_POSITIONS = {1: "top_left", 2: "top_right", 3: "bottom_right", 4: "bottom_left"}


def create_reply(task: SandboxTask) -> Body:
    """The reply to an order of a clip: the documented members and those seen in real replies."""
    has_mark = task.order["watermark"]
    left_out = {"callback_url", "voice_id", "pictures"}
    echoed = {name: value for name, value in task.order.items() if name not in left_out}
    position = MARK_POSITIONS[task.order.get("wm_position", 3)] if has_mark else "unspecified"
    body = echoed | {
        "type": task.kind,
        "state": task.state,
        "created_at": iso_time(task.created_at),
        "credits": task.credits,
        "cus_priority": 0,
        "wm_position": position,
        "client_request_id": "",
    }
    return body | id_member(task, "task_id")


def query_reply(context: Context, task: SandboxTask, base_url: str, now: float) -> Body:
    """The reply to a query for a task of any kind, which is also the body of its callbacks."""
    body = {
        "id": task.id,
        "state": task.state,
        "err_code": task.err_code,
        "credits": task.credits,
        "payload": task.order.get("payload", ""),
        "bgm": task.order.get("bgm", False),
        "off_peak": task.order.get("off_peak", False),
        "progress": task.progress(now),
        "creations": creations(context, task, base_url),
        "type": task.kind,
        "model": task.order.get("model", ""),
        "cus_priority": 0,
        "err_msg": f"the task failed: {task.err_code}" if task.err_code else "",
    }
    for name, directive in (("id", "no id"), ("progress", "no progress")):
        if directive in task.directives:
            del body[name]
    return body


def creations(context: Context, task: SandboxTask, base_url: str) -> list[Body]:
    """The results with newly signed links; empty before a success."""
    if task.state != "success":
        return []
    if task.kind in SOUND_KINDS:
        url = files.signed_url(context, task, "sound.mp3", base_url)
        return [{"id": task.creation_id, "url": url, "cover_url": "", "watermarked_url": ""}]
    has_mark = task.order["watermark"]
    width, height = order_size(task.order)
    creation = {
        "id": task.creation_id,
        "url": files.signed_url(context, task, "video.mp4", base_url),
        "cover_url": files.signed_url(context, task, "cover.jpeg", base_url),
        "watermarked_url": files.signed_url(context, task, "watermarked.mp4", base_url)
        if has_mark
        else "",
        "video": {
            "duration": task.order["duration"] or AUTOMATIC_SECONDS,
            "fps": 24,
            "resolution": {"width": width, "height": height},
        },
    }
    if "no cover" in task.directives:
        creation["cover_url"] = ""
    return [creation]


def list_row(context: Context, task: SandboxTask, base_url: str) -> Body:
    """A row of the list (https://platform.vidu.com/docs/tasks-list)."""
    names = ("model", "prompt", "duration", "resolution", "aspect_ratio")
    shown: Any = creations(context, task, base_url)
    if "creations object" in task.directives and shown:
        shown = shown[0]
    return {name: task.order.get(name, "") for name in names} | {
        "id": task.id,
        "key_id": task.key[-4:],
        "type": task.kind,
        "template": "",
        "images": task.order["images"],
        "state": task.state,
        "creations": shown,
        "created_at": iso_time(task.created_at),
        "credits": task.credits,
    }


def error_body(error: ApiError) -> Body:
    """The error body of https://platform.vidu.com/docs/error-code."""
    return {
        "code": error.status,
        "reason": error.reason,
        "message": error.message,
        "metadata": {"trace_id": uuid.uuid4().hex},
    }


def id_member(task: SandboxTask, name: str) -> Body:
    """The id under the name that this reply has for it; a directive changes or removes it."""
    if "no task id" in task.directives:
        return {}
    return {name: int(task.id) if "task id number" in task.directives else task.id}


def iso_time(seconds: float) -> str:
    """ISO 8601 in UTC with nine fractional digits."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}316Z"

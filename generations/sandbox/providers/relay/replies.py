"""The replies of the relay: to a create, to a query in five shapes, and its error bodies.

docs/wire.md has the shapes in 4.3, the rest in 4.2 and 4.4. A task's `[shape N]` chooses its shape;
shape 2 is that of the query page.
"""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Response, json_response
from generations.sandbox.providers.vidu.replies import (
    MARK_POSITIONS,
    STATUSES,
    error_body,
    iso_time,
)
from generations.sandbox.tasks import SandboxTask

Body = dict[str, Any]
# The codes that stand at the top of the body: docs/wire.md, 4.4, from
# https://github.com/QuantumNous/new-api.
TOP_LEVEL_CODES = frozenset(
    {
        "insufficient_user_quota",
        "pre_consume_token_quota_failed",
        "task_not_exist",
        "fail_to_fetch_task",
    }
)
BUSY = "当前分组上游负载已饱和，请稍后再试"


def create_reply(task: SandboxTask) -> Body:
    """All 23 members of the create page."""
    order = task.order
    echoed = ("model", "style", "prompt", "duration", "seed", "aspect_ratio", "resolution")
    more = ("movement_amplitude", "payload", "watermark", "wm_url", "meta_data")
    position = MARK_POSITIONS[order["wm_position"]] if order["watermark"] else "unspecified"
    body = {name: order[name] for name in echoed + more} | {
        "task_id": int(task.id) if "task id number" in task.directives else task.remote_id,
        "type": task.kind,
        "state": task.state,
        "images": [],
        "created_at": iso_time(task.created_at),
        "credits": task.credits,
        "cus_priority": 0,
        "off_peak": False,
        "is_rec": False,
        "wm_position": position,
        "client_request_id": "",
    }
    if "no task id" in task.directives:
        del body["task_id"]
    return body


def error_response(error: ApiError) -> Response:
    """An error of Vidu in an envelope, an error of a task, or one of the relay itself."""
    reason, message = error.reason, error.message
    if reason in STATUSES:
        body = _envelope("fail_to_fetch_task", json.dumps(error_body(error)))
    elif reason in TOP_LEVEL_CODES:
        body = _envelope(reason, message)
    else:
        code = reason.removeprefix("error ") if reason.startswith("error ") else ""
        message = f"{message} (request id: {uuid.uuid4().hex})"
        body = {"error": {"message": message, "type": "new_api_error", "code": code}}
    # Whatever the body, the message about load is always this sentence (4.4).
    if error.status == 429:
        body.get("error", body)["message"] = BUSY
    return json_response(body, error.status)


def _envelope(code: str, message: str) -> Body:
    return {"code": code, "message": message, "data": None}


def shape_of(task: SandboxTask) -> str:
    """The digit of the shape in which queries for this task are answered."""
    chosen = (task.directives.argument("shape") or "2")[:1]
    return chosen if chosen in SHAPES else "2"


def query_reply(task: SandboxTask, files: FileLinks, now: float) -> Body:
    """The reply to a query, in the shape of the task."""
    return SHAPES[shape_of(task)](task, files, now)


# ---- The shapes -----------------------------------------------------------------------------

QUOTA_PER_CREDIT = 2500  # the relay counts 500,000 to the dollar, a credit costs half a cent
WEEK_SECONDS = 7 * 86_400
STATES = ("created", "queueing", "processing", "success", "failed")
# Each shape's words for these states, and further words that mean the same: docs/wire.md, 1.2.
STATE_WORDS = {
    "1": ("created", "queueing", "processing", "success", "failed"),
    "2": ("pending", "pending", "pending", "completed", "failed"),
    "3": ("WAITING", "WAITING", "PROCESSING", "FINISH", "FAILED"),
    "4": ("SUBMITTED", "QUEUED", "IN_PROGRESS", "SUCCESS", "FAILURE"),
    "5": ("queued", "queued", "in_progress", "completed", "failed"),
}
OTHER_STATE_WORDS = STATE_WORDS | {
    "2": ("queued", "queued", "running", "completed", "error"),
    "3": ("WAITING", "WAITING", "PROCESSING", "FINISHED", "ABORTED"),
    "5": ("queued", "queued", "processing", "completed", "failed"),
}


def _vidu_shape(task: SandboxTask, files: FileLinks, now: float) -> Body:
    """Vidu's own reply, passed on."""
    creation = {
        "id": task.creation_id,
        "cover_url": files.cover,
        "watermarked_url": files.watermarked,
    }
    return {
        "id": task.remote_id,
        "state": _state_word(task, "1"),
        "err_code": task.err_code,
        "credits": task.credits,
        "payload": task.order["payload"],
        "bgm": task.order["bgm"],
        "off_peak": False,
        "progress": task.progress(now),
        "creations": [creation | {"url": url} for url in files.videos],
    }


def _page_shape(task: SandboxTask, files: FileLinks, now: float) -> Body:
    """The two examples of https://doc.aimanyi.top/api-391200090.html, which shows no failure.

    `status_update_time` is in milliseconds while the task waits, and in seconds once it is done.
    """
    body: Body = {"id": task.remote_id, "status": _state_word(task, "2")}
    body |= {"video_url": files.videos[0] if files.videos else None}
    if task.state not in ("success", "failed"):
        changed = task.started_at or task.created_at
        text = f"```\n{task.order['prompt']}\n```"
        return body | {"enhanced_prompt": text, "status_update_time": int(changed * 1000)}
    body |= {"model": task.order["model"], "prompt": task.order["prompt"]}
    body |= {"error": _failure(task), "status_update_time": int(task.ended_at)}
    if task.state == "failed":
        return body | {"progress": 0}
    return body | _page_details(task) | ({"thumbnail_url": files.cover} if files.cover else {})


def _page_details(task: SandboxTask) -> Body:
    file_id, trace_id = str(uuid.UUID(int=int(task.creation_id))), f"{int(task.id):032x}"
    return {
        "mode": "text",
        "type": "create",
        "ratio": task.order["aspect_ratio"],
        "progress": 100,
        "post_id": file_id,
        "asset_id": file_id,
        "video_id": file_id,
        "video_file_id": file_id,
        "thumbnail_file_id": file_id,
        "trace_id": trace_id,
        "upscaled": False,
        "upscale_on_complete": False,
        "completed_at": int(task.ended_at),
    }


def _tencent_shape(task: SandboxTask, files: FileLinks, now: float) -> Body:
    """The task details of Tencent's video service, which some relays pass on."""
    dead_at = datetime.fromtimestamp(now + WEEK_SECONDS, UTC)
    infos = [
        {"FileUrl": url, "ExpireTime": f"{dead_at:%Y-%m-%dT%H:%M:%SZ}"} for url in files.videos
    ]
    details = {
        "TaskId": task.remote_id,
        "Status": _state_word(task, "3"),
        "Message": _failure(task),
        "Progress": task.progress(now),
        "Output": {"FileInfos": infos} if infos else None,
    }
    return {
        "Response": {
            "TaskType": "AigcVideoTask",
            "Status": details["Status"],
            "AigcVideoTask": details,
            "RequestId": str(uuid.uuid4()),
        }
    }


def _envelope_shape(task: SandboxTask, files: FileLinks, now: float) -> Body:
    """new-api's own envelope; with [shape 4 nested] Vidu's reply is inside."""
    data = {
        "task_id": task.remote_id,
        "status": _state_word(task, "4"),
        "fail_reason": _failure(task),
        "submit_time": int(task.created_at),
        "start_time": int(task.started_at),
        "finish_time": int(task.ended_at),
        "progress": f"{task.progress(now)}%",
        "result_url": files.videos[0] if files.videos else "",
        "quota": task.credits * QUOTA_PER_CREDIT,
    }
    if task.directives.argument("shape") == "4 nested":
        data |= {"result_url": "", "data": _vidu_shape(task, files, now)}
    return {"code": "success", "message": "", "data": data}


def _video_object_shape(task: SandboxTask, files: FileLinks, now: float) -> Body:
    """new-api's video object; with [shape 5 metadata] the link is in `metadata`."""
    body = {
        "id": task.remote_id,
        "object": "video",
        "model": task.order["model"],
        "status": _state_word(task, "5"),
        "progress": task.progress(now),
        "created_at": int(task.created_at),
    }
    if task.state == "failed":
        return body | {"error": {"code": task.err_code, "message": _failure(task)}}
    if not files.videos:
        return body
    body |= {"completed_at": int(task.ended_at)}
    if task.directives.argument("shape") == "5 metadata":
        return body | {"metadata": {"url": files.videos[0]}}
    return body | {"video_url": files.videos[0]}


SHAPES: dict[str, Callable[[SandboxTask, FileLinks, float], Body]] = {
    "1": _vidu_shape,
    "2": _page_shape,
    "3": _tencent_shape,
    "4": _envelope_shape,
    "5": _video_object_shape,
}


def _state_word(task: SandboxTask, shape: str) -> str:
    words = OTHER_STATE_WORDS if "other words" in task.directives else STATE_WORDS
    return dict(zip(STATES, words[shape], strict=True)).get(task.state, task.state)


def _failure(task: SandboxTask) -> str:
    return f"the task failed: {task.err_code}" if task.err_code else ""

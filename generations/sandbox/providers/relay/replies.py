"""The five shapes in which relays were seen to answer a look at a task (4.3).

Shape 2 is that of the query page, with its milliseconds while a task waits and its seconds once it
is done.
"""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from generations.sandbox.faults import STATUSES
from generations.sandbox.files import Files
from generations.sandbox.http import Answer, Refusal, json_answer
from generations.sandbox.tasks import Task

Body = dict[str, Any]
QUOTA_PER_CREDIT = 2500  # the relay counts 500,000 to the dollar, a credit costs half a cent
WEEK = 7 * 86_400

# The words of each shape for created, queueing, processing, success and failed, and the other
# words that were seen for the same.
STATES = ("created", "queueing", "processing", "success", "failed")
WORDS = {
    "1": ("created", "queueing", "processing", "success", "failed"),
    "2": ("pending", "pending", "pending", "completed", "failed"),
    "3": ("WAITING", "WAITING", "PROCESSING", "FINISH", "FAILED"),
    "4": ("SUBMITTED", "QUEUED", "IN_PROGRESS", "SUCCESS", "FAILURE"),
    "5": ("queued", "queued", "in_progress", "completed", "failed"),
}
OTHER_WORDS = WORDS | {
    "2": ("queued", "queued", "running", "completed", "error"),
    "3": ("WAITING", "WAITING", "PROCESSING", "FINISHED", "ABORTED"),
    "5": ("queued", "queued", "processing", "completed", "failed"),
}


def shape(task: Task) -> str:
    """The number of the shape in which a look at this task is answered."""
    chosen = (task.words.after("shape") or "2")[:1]
    return chosen if chosen in SHAPES else "2"


def describe(task: Task, files: Files, now: float) -> Body:
    return SHAPES[shape(task)](task, files, now)


def _word(task: Task, number: str) -> str:
    words = OTHER_WORDS if "other words" in task.words else WORDS
    return dict(zip(STATES, words[number], strict=True)).get(task.state, task.state)


def _failure(task: Task) -> str:
    return f"the task failed: {task.err_code}" if task.err_code else ""


def _as_vidu(task: Task, files: Files, now: float) -> Body:
    creation = {"id": task.creation_id, "cover_url": files.cover}
    creation |= {"watermarked_url": files.watermarked}
    return {
        "id": task.id,
        "state": _word(task, "1"),
        "err_code": task.err_code,
        "credits": task.credits,
        "payload": task.order["payload"],
        "bgm": task.order["bgm"],
        "off_peak": False,
        "progress": task.progress(now),
        "creations": [creation | {"url": url} for url in files.videos],
    }


def _as_page(task: Task, files: Files, now: float) -> Body:
    """The two examples of the query page; no failed one is shown there."""
    body: Body = {"id": task.id, "status": _word(task, "2")}
    body |= {"video_url": files.videos[0] if files.videos else None}
    if task.state not in ("success", "failed"):
        changed = task.started_at or task.created_at
        text = f"```\n{task.order['prompt']}\n```"
        return body | {"enhanced_prompt": text, "status_update_time": int(changed * 1000)}
    body |= {"model": task.order["model"], "prompt": task.order["prompt"]}
    body |= {"error": _failure(task), "status_update_time": int(task.ended_at)}
    if task.state == "failed":
        return body | {"progress": 0}
    return body | _page_extras(task) | ({"thumbnail_url": files.cover} if files.cover else {})


def _page_extras(task: Task) -> Body:
    file, trace = str(uuid.UUID(int=int(task.creation_id))), f"{int(task.id):032x}"
    return {
        "mode": "text",
        "type": "create",
        "ratio": task.order["aspect_ratio"],
        "progress": 100,
        "post_id": file,
        "asset_id": file,
        "video_id": file,
        "video_file_id": file,
        "thumbnail_file_id": file,
        "trace_id": trace,
        "upscaled": False,
        "upscale_on_complete": False,
        "completed_at": int(task.ended_at),
    }


def _as_tencent(task: Task, files: Files, now: float) -> Body:
    """As the task details of Tencent's video service, which such a relay may pass through."""
    died = datetime.fromtimestamp(now + WEEK, UTC)
    infos = [{"FileUrl": url, "ExpireTime": f"{died:%Y-%m-%dT%H:%M:%SZ}"} for url in files.videos]
    inner = {
        "TaskId": task.id,
        "Status": _word(task, "3"),
        "Message": _failure(task),
        "Progress": task.progress(now),
        "Output": {"FileInfos": infos} if infos else None,
    }
    return {
        "Response": {
            "TaskType": "AigcVideoTask",
            "Status": inner["Status"],
            "AigcVideoTask": inner,
            "RequestId": str(uuid.uuid4()),
        }
    }


def _as_relay(task: Task, files: Files, now: float) -> Body:
    data = {
        "task_id": task.id,
        "status": _word(task, "4"),
        "fail_reason": _failure(task),
        "submit_time": int(task.created_at),
        "start_time": int(task.started_at),
        "finish_time": int(task.ended_at),
        "progress": f"{task.progress(now)}%",
        "result_url": files.videos[0] if files.videos else "",
        "quota": task.credits * QUOTA_PER_CREDIT,
    }
    if task.words.after("shape") == "4 nested":
        data |= {"result_url": "", "data": _as_vidu(task, files, now)}
    return {"code": "success", "message": "", "data": data}


def _as_video_object(task: Task, files: Files, now: float) -> Body:
    body = {
        "id": task.id,
        "object": "video",
        "model": task.order["model"],
        "status": _word(task, "5"),
        "progress": task.progress(now),
        "created_at": int(task.created_at),
    }
    if task.state == "failed":
        return body | {"error": {"code": task.err_code, "message": _failure(task)}}
    if not files.videos:
        return body
    body |= {"completed_at": int(task.ended_at)}
    if task.words.after("shape") == "5 metadata":
        return body | {"metadata": {"url": files.videos[0]}}
    return body | {"video_url": files.videos[0]}


SHAPES: dict[str, Callable[[Task, Files, float], Body]] = {
    "1": _as_vidu,
    "2": _as_page,
    "3": _as_tencent,
    "4": _as_relay,
    "5": _as_video_object,
}
MARK_PLACES = {1: "top_left", 2: "top_right", 3: "bottom_right", 4: "bottom_left"}
FLAT_CODES = frozenset(
    {
        "insufficient_user_quota",
        "pre_consume_token_quota_failed",
        "task_not_exist",
        "fail_to_fetch_task",
    }
)
BUSY = "当前分组上游负载已饱和，请稍后再试"


def create_reply(task: Task) -> Body:
    """All 23 fields of the create page."""
    order = task.order
    echoed = ("model", "style", "prompt", "duration", "seed", "aspect_ratio", "resolution")
    more = ("movement_amplitude", "payload", "watermark", "wm_url", "meta_data")
    body = {name: order[name] for name in echoed + more} | {
        "task_id": int(task.id) if "task id number" in task.words else task.id,
        "type": task.kind,
        "state": task.state,
        "images": [],
        "created_at": f"{datetime.fromtimestamp(task.created_at, UTC):%Y-%m-%dT%H:%M:%S.%f}316Z",
        "credits": task.credits,
        "cus_priority": 0,
        "off_peak": False,
        "is_rec": False,
        "wm_position": MARK_PLACES[order["wm_position"]] if order["watermark"] else "unspecified",
        "client_request_id": "",
    }
    if "no task id" in task.words:
        del body["task_id"]
    return body


def error_answer(refusal: Refusal) -> Answer:
    """A wrapped upstream error, an error of a task, or one of the relay itself."""
    reason, message = refusal.reason, refusal.message
    if reason in STATUSES:
        body = _task_error("fail_to_fetch_task", _upstream(refusal))
    elif reason in FLAT_CODES:
        body = _task_error(reason, message)
    else:
        code = reason.removeprefix("error ") if reason.startswith("error ") else ""
        message = f"{message} (request id: {uuid.uuid4().hex})"
        body = {"error": {"message": message, "type": "new_api_error", "code": code}}
    if refusal.status == 429:
        body.get("error", body)["message"] = BUSY
    return json_answer(body, refusal.status)


def _task_error(code: str, message: str) -> Body:
    return {"code": code, "message": message, "data": None}


def _upstream(refusal: Refusal) -> str:
    body = {
        "code": refusal.status,
        "reason": refusal.reason,
        "message": refusal.message,
        "metadata": {"trace_id": uuid.uuid4().hex},
    }
    return json.dumps(body)

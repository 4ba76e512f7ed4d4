"""The relay's reply to an order, and its errors (4.2 and 4.4)."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from generations.sandbox.faults import STATUSES
from generations.sandbox.tasks import Task
from generations.sandbox.wire import Answer, Refusal, json_answer

Body = dict[str, Any]
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

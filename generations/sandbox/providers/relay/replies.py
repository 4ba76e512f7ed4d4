"""The relay's reply to a create, and its error bodies (docs/wire.md, 4.2 and 4.4)."""

import json
import uuid
from typing import Any

from generations.sandbox.http import ApiError, Response, json_response
from generations.sandbox.providers.vidu.errors import STATUSES
from generations.sandbox.providers.vidu.replies import MARK_POSITIONS, error_body, iso_time
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
        "task_id": int(task.id) if "task id number" in task.directives else task.id,
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
    if error.status == 429:
        body.get("error", body)["message"] = BUSY
    return json_response(body, error.status)


def _envelope(code: str, message: str) -> Body:
    return {"code": code, "message": message, "data": None}

"""The replies of Vivienne's gateway, and its signed callbacks (docs/wire.md, 3.2 to 3.5).

A result is at `data.data.result` in the reply to a query, and at `data.result` in a callback.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Response, json_response
from generations.sandbox.tasks import SandboxTask

Body = dict[str, Any]
OK = 1000
STALE_SECONDS = 25 * 3600
BEIJING = timezone(timedelta(hours=8))
# The states that Vivienne has another word for (1.2).
STATE_WORDS = {"created": "pending", "queueing": "pending"}
FORGED_RESULTS = ("https://cdn.example/forged.mp4",)


def create_reply(task: SandboxTask) -> Body:
    """The reply to an order; directives remove its data or move the id to the top."""
    directives = task.directives
    if "no data" in directives:
        return {"code": OK, "message": "success"}
    if "top level" in directives:
        return {"code": OK, "message": "success", "taskNo": task.id}
    data = {} if "no task id" in directives else {"taskNo": task.id}
    return {"code": OK, "message": "success", "data": data}


def query_reply(task: SandboxTask, files: FileLinks) -> Body:
    """The reply to a query; its code is 1000 also when the task failed."""
    if "no data" in task.directives.scoped("query") and task.use_once("no data"):
        return {"code": OK, "message": "success"}
    return {"code": OK, "message": "success", "data": _task_members(task) | _outcome(task, files)}


def callback_body(task: SandboxTask, files: FileLinks, at: float) -> Body:
    """The body of a callback with its signature, which directives alter or remove."""
    directives = task.directives.scoped("callback")
    results = FORGED_RESULTS if "altered" in directives else files.videos
    body = _task_members(task) | {"timestamp": _timestamp(task, at)}
    if task.state == "success":
        body |= {"data": _upstream(task, results), "usage": {"totalPoints": task.price}}
    if task.state == "failed":
        body["error"] = task.err_code
    return body if "unsigned" in directives else body | {"sign": _sign(task, body["timestamp"])}


def error_response(error: ApiError) -> Response:
    """A reason in digits is the code of the body, whatever the HTTP status."""
    code = int(error.reason) if error.reason.isdecimal() else error.status
    return json_response({"code": code, "message": error.message, "data": None}, error.status)


def signature(task_id: str, timestamp: int, key: str) -> str:
    """SHA-256 of the three as one text (3.4); it covers nothing else of the body."""
    return hashlib.sha256(f"{task_id}{timestamp}{key}".encode()).hexdigest()


def _task_members(task: SandboxTask) -> Body:
    status = STATE_WORDS.get(task.state, task.state)
    return {"taskNo": task.id, "model": task.order["model"], "status": status}


def _outcome(task: SandboxTask, files: FileLinks) -> Body:
    if task.state == "failed":
        return {"error": task.err_code}
    if task.state != "success":
        return {}
    # The page shows this time without a zone; the service is in China.
    created = datetime.fromtimestamp(task.created_at, UTC).astimezone(BEIJING)
    return {
        "createTime": f"{created:%Y-%m-%d %H:%M:%S}",
        "data": {"result": list(files.videos)},
        "usage": {"totalPoints": task.credits},
    }


def _upstream(task: SandboxTask, results: tuple[str, ...]) -> Body:
    """The reply of the service behind the gateway, as the page's example passes it on."""
    return {
        "task_id": str(uuid.UUID(task.id)),
        "status": "SUCCESS",
        "request_id": f"{int(task.creation_id):032x}",
        "result": list(results),
        "error_info": "",
        "traceback": "",
    }


def _timestamp(task: SandboxTask, at: float) -> int:
    """Seconds in ten digits, or milliseconds in thirteen where a directive asks for them."""
    directives = task.directives.scoped("callback")
    moment = at - STALE_SECONDS if "stale date" in directives else at
    return int(moment * 1000) if "milliseconds" in directives else int(moment)


def _sign(task: SandboxTask, timestamp: int) -> str:
    directives = task.directives.scoped("callback")
    key = "a key that nobody has" if "bad signature" in directives else task.key
    sign = signature(task.id, timestamp, key)
    return sign.upper() if "upper case" in directives else sign

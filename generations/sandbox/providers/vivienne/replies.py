"""The replies of Vivienne's gateway, and its callbacks with their signature (3.3 to 3.5).

A result lies at `data.data.result` in the reply to a look and at `data.result` in a callback.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from generations.sandbox.files import Files
from generations.sandbox.http import Answer, Refusal, json_answer
from generations.sandbox.tasks import Task

Body = dict[str, Any]
OK = 1000
STALE_SECONDS = 25 * 3600
BEIJING = timezone(timedelta(hours=8))
STATUSES = {"created": "pending", "queueing": "pending"}
FORGED = ("https://cdn.example/forged.mp4",)


def signature(number: str, timestamp: int, key: str) -> str:
    """SHA-256 of the three as one text; it covers nothing else of the body."""
    return hashlib.sha256(f"{number}{timestamp}{key}".encode()).hexdigest()


def create_reply(task: Task) -> Body:
    words = task.words
    if "no data" in words:
        return {"code": OK, "message": "success"}
    if "top level" in words:
        return {"code": OK, "message": "success", "taskNo": task.id}
    data = {} if "no task id" in words else {"taskNo": task.id}
    return {"code": OK, "message": "success", "data": data}


def describe(task: Task, files: Files) -> Body:
    """The code is 1000 also when the task failed."""
    if "no data" in task.words.under("query") and task.once("no data"):
        return {"code": OK, "message": "success"}
    return {"code": OK, "message": "success", "data": _head(task) | _tail(task, files)}


def callback(task: Task, files: Files, at: float) -> Body:
    words = task.words.under("callback")
    results = FORGED if "altered" in words else files.videos
    body = _head(task) | {"timestamp": _timestamp(task, at)}
    if task.state == "success":
        body |= {"data": _upstream(task, results), "usage": {"totalPoints": task.price}}
    if task.state == "failed":
        body["error"] = task.err_code
    return body if "unsigned" in words else body | {"sign": _sign(task, body["timestamp"])}


def error_answer(refusal: Refusal) -> Answer:
    """A reason in digits is the code of the body, whatever the status."""
    code = int(refusal.reason) if refusal.reason.isdecimal() else refusal.status
    return json_answer({"code": code, "message": refusal.message, "data": None}, refusal.status)


def _head(task: Task) -> Body:
    status = STATUSES.get(task.state, task.state)
    return {"taskNo": task.id, "model": task.order["model"], "status": status}


def _tail(task: Task, files: Files) -> Body:
    if task.state == "failed":
        return {"error": task.err_code}
    if task.state != "success":
        return {}
    created = datetime.fromtimestamp(task.created_at, UTC).astimezone(BEIJING)
    return {
        "createTime": f"{created:%Y-%m-%d %H:%M:%S}",
        "data": {"result": list(files.videos)},
        "usage": {"totalPoints": task.credits},
    }


def _upstream(task: Task, results: tuple[str, ...]) -> Body:
    return {
        "task_id": str(uuid.UUID(task.id)),
        "status": "SUCCESS",
        "request_id": f"{int(task.creation_id):032x}",
        "result": list(results),
        "error_info": "",
        "traceback": "",
    }


def _timestamp(task: Task, at: float) -> int:
    """Ten digits, or thirteen where a word asks for milliseconds."""
    words = task.words.under("callback")
    moment = at - STALE_SECONDS if "stale date" in words else at
    return int(moment * 1000) if "milliseconds" in words else int(moment)


def _sign(task: Task, timestamp: int) -> str:
    words = task.words.under("callback")
    key = "a key that nobody has" if "bad signature" in words else task.key
    sign = signature(task.id, timestamp, key)
    return sign.upper() if "upper case" in words else sign

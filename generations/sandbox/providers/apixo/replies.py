"""The replies of APIXO (5.2 to 5.5): every one is an envelope of code, message and data."""

import json
from typing import Any

from generations.sandbox.files import Files
from generations.sandbox.http import Answer, Refusal, json_answer
from generations.sandbox.tasks import Task

Body = dict[str, Any]
STATES = {"created": "pending", "queueing": "pending"}
FAILURES = {
    "CONTENT_VIOLATION": "Content does not meet safety guidelines",
    "INVALID_IMAGE_URL": "The image address cannot be fetched",
    "NSFW_DETECTED": "The content is not safe for work",
    "PROMPT_TOO_LONG": "The prompt is too long",
    "INVALID_PROMPT": "The prompt is invalid",
    "IMAGE_TOO_LARGE": "The image is larger than 10 MB",
    "UNSUPPORTED_FORMAT": "The image has a format that is not supported",
    "IMAGE_DOWNLOAD_FAILED": "The image could not be downloaded",
    "PROCESSING_TIMEOUT": "The task took too long",
    "MODEL_UNAVAILABLE": "The model is not available",
    "GENERATION_FAILED": "The generation failed",
    "INSUFFICIENT_CREDITS": "The credits do not suffice",
}
# The sandbox's own words for a failure that no bracketed word has named.
OWN_WORDS = {
    "InternalServiceFailure": "GENERATION_FAILED",
    "CreationPolicyViolation": "CONTENT_VIOLATION",
}


def envelope(data: Any) -> Body:
    return {"code": 200, "message": "success", "data": data}


def create_reply(task: Task) -> Body:
    if "no data" in task.words:
        return envelope(None)
    return envelope({} if "no task id" in task.words else {"taskId": task.id})


def describe(task: Task, files: Files) -> Body:
    """The code is 200 also when the task failed."""
    words, data = task.words, _head(task)
    if task.state == "failed":
        data |= _failure(task)
    if task.state == "success":
        data |= {"resultJson": _results(files)} | _times(task)
        if "bad result" in words and task.once("bad result"):
            data["resultJson"] = data["resultJson"][:-9]
        if "result object" in words:
            data["resultJson"] = {"resultUrls": list(files.videos)}
    return envelope(data)


def callback(task: Task, files: Files) -> Body:
    """The same envelope, which has its times also when the task failed."""
    data = _head(task) | (_times(task) if task.is_final else {})
    if task.state == "failed":
        data |= _failure(task)
    if task.state == "success":
        data |= {"resultJson": _results(files)}
    return envelope(data)


def error_answer(refusal: Refusal) -> Answer:
    """The status is also the code; what is lacking is named in the data."""
    if refusal.reason == "lacking":
        data = {"error": f"Missing required field: {refusal.message}"}
        return _error(refusal.status, "Invalid request", data)
    return _error(refusal.status, refusal.message, None)


def _error(status: int, message: str, data: Any) -> Answer:
    return json_answer({"code": status, "message": message, "data": data}, status)


def _head(task: Task) -> Body:
    return {"taskId": task.id, "state": STATES.get(task.state, task.state)}


def _failure(task: Task) -> Body:
    code = OWN_WORDS.get(task.err_code, task.err_code)
    return {"failCode": code, "failMsg": FAILURES.get(code, f"The task failed: {code}")}


def _results(files: Files) -> str:
    return json.dumps({"resultUrls": list(files.videos)}, separators=(",", ":"))


def _times(task: Task) -> Body:
    """Milliseconds; the last is the difference of the others."""
    created, completed = int(task.created_at * 1000), int(task.ended_at * 1000)
    return {"createTime": created, "completeTime": completed, "costTime": completed - created}

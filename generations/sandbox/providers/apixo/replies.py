"""The replies of APIXO (docs/wire.md, 5.2 to 5.5): an envelope of code, message and data."""

import json
from typing import Any

from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Response, json_response
from generations.sandbox.tasks import SandboxTask

Body = dict[str, Any]
# The states that APIXO has another word for (1.2).
STATE_WORDS = {"created": "pending", "queueing": "pending"}
# The `failCode`s of https://apixo.ai/docs/api-reference/error-codes (5.5), each with its `failMsg`.
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
# The sandbox's own codes of a failure, where no directive chose one of APIXO's.
SANDBOX_CODES = {
    "InternalServiceFailure": "GENERATION_FAILED",
    "CreationPolicyViolation": "CONTENT_VIOLATION",
}


def envelope(data: Any) -> Body:
    """A successful reply with this data."""
    return {"code": 200, "message": "success", "data": data}


def create_reply(task: SandboxTask) -> Body:
    """The reply to an order; directives remove its data or its id."""
    if "no data" in task.directives:
        return envelope(None)
    return envelope({} if "no task id" in task.directives else {"taskId": task.id})


def query_reply(task: SandboxTask, files: FileLinks) -> Body:
    """The reply to a query; its code is 200 also when the task failed."""
    directives, data = task.directives, _task_members(task)
    if task.state == "failed":
        data |= _failure(task)
    if task.state == "success":
        data |= {"resultJson": _result_json(files)} | _times(task)
        if "bad result" in directives and task.use_once("bad result"):
            data["resultJson"] = data["resultJson"][:-9]
        if "result object" in directives:
            data["resultJson"] = {"resultUrls": list(files.videos)}
    return envelope(data)


def callback_body(task: SandboxTask, files: FileLinks) -> Body:
    """The reply to a query, but with its times also when the task failed (5.4)."""
    data = _task_members(task) | (_times(task) if task.is_final else {})
    if task.state == "failed":
        data |= _failure(task)
    if task.state == "success":
        data |= {"resultJson": _result_json(files)}
    return envelope(data)


def error_response(error: ApiError) -> Response:
    """The status is also the code; a missing field is named in the data."""
    if error.reason == "lacking":
        data = {"error": f"Missing required field: {error.message}"}
        return _error(error.status, "Invalid request", data)
    return _error(error.status, error.message, None)


def _error(status: int, message: str, data: Any) -> Response:
    return json_response({"code": status, "message": message, "data": data}, status)


def _task_members(task: SandboxTask) -> Body:
    return {"taskId": task.id, "state": STATE_WORDS.get(task.state, task.state)}


def _failure(task: SandboxTask) -> Body:
    code = SANDBOX_CODES.get(task.err_code, task.err_code)
    return {"failCode": code, "failMsg": FAILURES.get(code, f"The task failed: {code}")}


def _result_json(files: FileLinks) -> str:
    return json.dumps({"resultUrls": list(files.videos)}, separators=(",", ":"))


def _times(task: SandboxTask) -> Body:
    """Milliseconds; `costTime` is the difference of the other two."""
    created, completed = int(task.created_at * 1000), int(task.ended_at * 1000)
    return {"createTime": created, "completeTime": completed, "costTime": completed - created}

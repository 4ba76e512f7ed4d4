"""The replies of Vidu: for clips and the list, for ad films, and errors.

docs/wire.md has the replies in 2.6 to 2.8, those of films in 2.13 with the quirks of 2.14, and the
errors with their HTTP statuses in 2.10.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from generations.sandbox import files
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS, order_size
from generations.sandbox.context import Context
from generations.sandbox.directives import FaultProfile
from generations.sandbox.http import ApiError
from generations.sandbox.tasks import SandboxTask

from .film_plan import CUT, FOOTAGE, MUSIC, NARRATION, plan_of
from .kinds import NO_TASKS, PICTURE, SOUND_KINDS

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
        "id": task.remote_id,
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


def list_row(context: Context, task: SandboxTask, base_url: str) -> Body:
    """A row of the list (https://platform.vidu.com/docs/tasks-list)."""
    names = ("model", "prompt", "duration", "resolution", "aspect_ratio")
    shown: Any = creations(context, task, base_url)
    if "creations object" in task.directives and shown:
        shown = shown[0]
    return {name: task.order.get(name, "") for name in names} | {
        "id": task.remote_id,
        "key_id": task.key[-4:],
        "type": task.kind,
        "template": "",
        "images": task.order.get("images", []),
        "state": task.state,
        "creations": shown,
        "created_at": iso_time(task.created_at),
        "credits": task.credits,
    }


def creations(context: Context, task: SandboxTask, base_url: str) -> list[Body]:
    """The results with newly signed links; empty before a success."""
    if task.state != "success" or task.kind in NO_TASKS:
        return []
    if task.kind == PICTURE or task.kind in SOUND_KINDS:
        (name,) = files.file_names(task)
        url = files.signed_url(context, task, name, base_url)
        return [{"id": task.creation_id, "url": url, "cover_url": "", "watermarked_url": ""}]
    has_mark = task.order.get("watermark", False)
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


def id_member(task: SandboxTask, name: str) -> Body:
    """The id under the name that this reply has for it; a directive changes or removes it."""
    if "no task id" in task.directives:
        return {}
    return {name: int(task.id) if "task id number" in task.directives else task.remote_id}


def iso_time(seconds: float) -> str:
    """ISO 8601 in UTC with nine fractional digits."""
    moment = datetime.fromtimestamp(seconds, UTC)
    # Python has no nanoseconds; the last three digits are those of the example (2.6).
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}316Z"


# ---- Films ----------------------------------------------------------------------------------


def film_reply(task: SandboxTask) -> Body:
    """The reply to a new film."""
    names = ("images", "prompt", "duration", "aspect_ratio", "language")
    echoed = {name: task.order[name] for name in names}
    return id_member(task, "task_id") | {"state": task.state} | echoed | {"credits": task.credits}


def edit_reply(task: SandboxTask) -> Body:
    """The reply to an edit, which orders a new take."""
    return {
        "ad_one_click_task_id": task.order["ad_one_click_task_id"],
        **id_member(task, "sub_task_id"),
        "state": task.state,
        "err_code": task.err_code,
        "credits": task.credits,
    }


def compose_reply(task: SandboxTask) -> Body:
    """The reply to a compose, which orders a new cut."""
    return {
        "ad_one_click_task_id": task.order["ad_one_click_task_id"],
        **id_member(task, "compose_sub_task_id"),
        "state": task.state,
        "credits": task.credits,
    }


def detail_reply(
    context: Context, film: SandboxTask, records: Iterable[SandboxTask], base_url: str
) -> Body:
    """The film with all its records; every reply has newly signed links."""
    return {
        "id": film.remote_id,
        "err_code": film.err_code,
        "state": film.state,
        "data_records": FilmRecords(context, film, list(records), base_url).lists(),
    }


class FilmRecords:
    """The records of one film as `data_records` lists them."""

    def __init__(
        self, context: Context, film: SandboxTask, records: list[SandboxTask], base_url: str
    ) -> None:
        self._context = context
        self._film = film
        self._records = records[::-1] if "shuffle records" in film.directives else records
        self._base_url = base_url
        self._remote_ids = {record.id: record.remote_id for record in records}

    def lists(self) -> Body:
        """The members of `data_records`; an unfinished or failed film has empty lists."""
        count = len(plan_of(self._film).seconds) if self._film.state == "success" else 0
        storyboards = [self._storyboard(index) for index in range(count)]
        lists = {
            "storyboards": storyboards[::-1] if self._has("shuffle records") else storyboards,
            "narration_records": self._takes(NARRATION),
            "bgm_records": self._takes(MUSIC),
            "completed_creation_records": [
                self._cut(record) for record in self._records if record.kind == CUT
            ],
        }
        if self._has("unknown records"):
            lists["subtitle_records"] = [{"id": "1", "type": "generate_subtitle", "state": "kept"}]
        return lists

    def _has(self, directive: str) -> bool:
        return directive in self._film.directives

    def _storyboard(self, index: int) -> Body:
        # The page itself spells it so (2.14).
        name = "storyboard_id" if self._has("right spelling") else "stroyboard_id"
        is_empty = self._has(f"drop shot {index}")
        return {name: index, "records": [] if is_empty else self._takes(FOOTAGE, index)}

    def _takes(self, kind: str, storyboard: int | None = None) -> list[Body]:
        return [
            self._take(record)
            for record in self._records
            if record.kind == kind and record.order.get("storyboard") == storyboard
        ]

    def _take(self, record: SandboxTask) -> Body:
        body = {
            "id": record.remote_id,
            # The example of the page gives narration and music the type of footage (2.14).
            "type": record.kind if self._has("right types") else FOOTAGE,
            "prompt": record.order["prompt"],
            "creation_url": self._link(record),
            "state": record.state,
            "err_code": record.err_code,
        }
        return body | ({"score": 0.5} if self._has("unknown records") else {})

    def _cut(self, record: SandboxTask) -> Body:
        order = record.order
        params: Body = {
            name: self._remote_ids[order[name]] for name in ("bgm_task_id", "narration_task_id")
        }
        params |= {"video_task_ids": [self._remote_ids[each] for each in order["video_task_ids"]]}
        # As in the example of the page, whose first cut lists four takes for three shots (2.14).
        if record.part_of and self._has("all takes"):
            params["video_task_ids"] = [
                each.remote_id for each in self._records if each.part_of and each.kind == FOOTAGE
            ]
        return {
            "id": record.remote_id,
            "state": record.state,
            "params": params,
            "creation_url": self._link(record),
            "err_code": record.err_code,
        }

    def _link(self, record: SandboxTask) -> str:
        if record.state != "success":
            return ""
        name = "sound.mp3" if record.kind in SOUND_KINDS else "video.mp4"
        return files.signed_url(self._context, record, name, self._base_url)


# ---- Errors ---------------------------------------------------------------------------------

# https://platform.vidu.com/docs/error-code
STATUSES = {
    "BadRequest": 400,
    "FieldLacking": 400,
    "FieldUnwanted": 400,
    "FieldItemCountOutOfRange": 400,
    "FieldInvalid": 400,
    "PageSizeOutOfRange": 400,
    "ImageDownloadFailure": 400,
    "ImageFormatInvalid": 400,
    "ImageCheckBodyJointsFailed": 400,
    "ImageCheckFaceFailed": 400,
    "ImageObjectsUndetected": 400,
    "OperationInProcess": 400,
    "TaskPromptPolicyViolation": 400,
    "AuditSubmitIllegal": 400,
    "CreationPolicyViolation": 400,
    "CreditInsufficient": 400,
    "ModelUnavailable": 400,
    "ImageSizeInvalid": 400,
    "VideoDownloadFailure": 400,
    "VideoFormatInvalid": 400,
    "NoFaceDetected": 400,
    "MultiFaceDetected": 400,
    "FaceDetectFailure": 400,
    "FaceDetectNotPass": 400,
    "PhotoAuditNotPass": 400,
    "AuditFailed": 400,
    "UserCancelled": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "TaskNotFound": 404,
    "CreationNotFound": 404,
    "NotFound": 404,
    "Conflict": 409,
    "QuotaExceeded": 429,
    "TooManyRequests": 429,
    "SystemThrottling": 429,
    "Canceled": 499,
    "InternalServiceFailure": 500,
}
# What `fields.FieldError` says of a field, as a reason.
FIELD_REASONS = {
    "unreadable": "BadRequest",
    "lacking": "FieldLacking",
    "unwanted": "FieldUnwanted",
    "invalid": "FieldInvalid",
}
# What `pictures.PictureError` says of a picture, as a reason.
PICTURE_REASONS = {
    "download": "ImageDownloadFailure",
    "format": "ImageFormatInvalid",
    "size": "PageSizeOutOfRange",
    "ratio": "PageSizeOutOfRange",
}
FAULT_PROFILE = FaultProfile(
    STATUSES,
    garbled=b'{"task_id":"9110260474603',
    code_in_200=b'{"code":400,"reason":"BadRequest","message":"a code in a 200"}',
)


def error_body(error: ApiError) -> Body:
    """The error body of https://platform.vidu.com/docs/error-code."""
    return {
        "code": error.status,
        "reason": error.reason,
        "message": error.message,
        "metadata": {"trace_id": uuid.uuid4().hex},
    }

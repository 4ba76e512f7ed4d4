"""The replies of the ad film endpoints (docs/wire.md, 2.13), with the quirks of 2.14."""

from collections.abc import Iterable
from typing import Any

from generations.sandbox import files
from generations.sandbox.context import Context
from generations.sandbox.tasks import SandboxTask

from .film_plan import CUT, FOOTAGE, MUSIC, NARRATION, SOUND_KINDS, plan_of
from .replies import id_member

Body = dict[str, Any]


def film_reply(task: SandboxTask) -> Body:
    """The reply to a new film."""
    names = ("images", "prompt", "duration", "aspect_ratio", "language")
    echoed = {name: task.order[name] for name in names}
    return id_member(task, "task_id") | {"state": task.state} | echoed | {"credits": task.credits}


def edit_reply(task: SandboxTask) -> Body:
    """The reply to an edit, which orders a new take."""
    return {
        "ad_one_click_task_id": task.order["film"],
        **id_member(task, "sub_task_id"),
        "state": task.state,
        "err_code": task.err_code,
        "credits": task.credits,
    }


def compose_reply(task: SandboxTask) -> Body:
    """The reply to a compose, which orders a new cut."""
    return {
        "ad_one_click_task_id": task.order["film"],
        **id_member(task, "compose_sub_task_id"),
        "state": task.state,
        "credits": task.credits,
    }


def detail_reply(
    context: Context, film: SandboxTask, records: Iterable[SandboxTask], base_url: str
) -> Body:
    """The film with all its records; every reply has newly signed links."""
    return {
        "id": film.id,
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
            "id": record.id,
            # The example of the page gives narration and music the type of footage (2.14).
            "type": record.kind if self._has("right types") else FOOTAGE,
            "prompt": record.order["prompt"],
            "creation_url": self._link(record),
            "state": record.state,
            "err_code": record.err_code,
        }
        return body | ({"score": 0.5} if self._has("unknown records") else {})

    def _cut(self, record: SandboxTask) -> Body:
        names = ("video_task_ids", "bgm_task_id", "narration_task_id")
        params = {name: record.order[name] for name in names}
        if record.part_of and self._has("all takes"):
            params["video_task_ids"] = [
                each.id for each in self._records if each.part_of and each.kind == FOOTAGE
            ]
        return {
            "id": record.id,
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

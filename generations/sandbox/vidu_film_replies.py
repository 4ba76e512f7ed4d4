"""The replies about films, with the quirks of the ad film page.

Its example types narration and music as generate_video and spells `stroyboard_id`; so do these
replies, unless a word says otherwise. A failed film has no records.
"""

from collections.abc import Iterable
from typing import Any

from generations.sandbox import media
from generations.sandbox.film_plan import COMPOSITION, FOOTAGE, MUSIC, NARRATION, SOUNDS, plan
from generations.sandbox.stage import Stage
from generations.sandbox.tasks import Task
from generations.sandbox.vidu_replies import numbered


def film_reply(task: Task) -> dict[str, Any]:
    names = ("images", "prompt", "duration", "aspect_ratio", "language")
    said = {name: task.order[name] for name in names}
    return numbered(task, "task_id") | {"state": task.state} | said | {"credits": task.credits}


def edit_reply(task: Task) -> dict[str, Any]:
    return {
        "ad_one_click_task_id": task.order["film"],
        **numbered(task, "sub_task_id"),
        "state": task.state,
        "err_code": task.err_code,
        "credits": task.credits,
    }


def compose_reply(task: Task) -> dict[str, Any]:
    return {
        "ad_one_click_task_id": task.order["film"],
        **numbered(task, "compose_sub_task_id"),
        "state": task.state,
        "credits": task.credits,
    }


def detail(stage: Stage, film: Task, parts: Iterable[Task], base_url: str) -> dict[str, Any]:
    """All records of a film; the links in each reply are new."""
    return {
        "id": film.id,
        "err_code": film.err_code,
        "state": film.state,
        "data_records": Records(stage, film, list(parts), base_url).all(),
    }


class Records:
    """The parts of one film as its detail lists them."""

    def __init__(self, stage: Stage, film: Task, parts: list[Task], base_url: str) -> None:
        self._stage = stage
        self._film = film
        self._parts = parts[::-1] if "shuffle records" in film.words else parts
        self._base_url = base_url

    def all(self) -> dict[str, Any]:
        numbers = range(len(plan(self._film).seconds) if self._film.state == "success" else 0)
        storyboards = [self._storyboard(number) for number in numbers]
        lists = {
            "storyboards": storyboards[::-1] if self._says("shuffle records") else storyboards,
            "narration_records": self._records(NARRATION),
            "bgm_records": self._records(MUSIC),
            "completed_creation_records": [
                self._composition(part) for part in self._parts if part.kind == COMPOSITION
            ],
        }
        if self._says("unknown records"):
            lists["subtitle_records"] = [{"id": "1", "type": "generate_subtitle", "state": "kept"}]
        return lists

    def _says(self, word: str) -> bool:
        return word in self._film.words

    def _storyboard(self, number: int) -> dict[str, Any]:
        name = "storyboard_id" if self._says("right spelling") else "stroyboard_id"
        dropped = self._says(f"drop shot {number}")
        return {name: number, "records": [] if dropped else self._records(FOOTAGE, number)}

    def _records(self, kind: str, storyboard: int | None = None) -> list[dict[str, Any]]:
        return [
            self._record(part)
            for part in self._parts
            if part.kind == kind and part.order.get("storyboard") == storyboard
        ]

    def _record(self, part: Task) -> dict[str, Any]:
        record = {
            "id": part.id,
            "type": part.kind if self._says("right types") else FOOTAGE,
            "prompt": part.order["prompt"],
            "creation_url": self._link(part),
            "state": part.state,
            "err_code": part.err_code,
        }
        return record | ({"score": 0.5} if self._says("unknown records") else {})

    def _composition(self, part: Task) -> dict[str, Any]:
        names = ("video_task_ids", "bgm_task_id", "narration_task_id")
        params = {name: part.order[name] for name in names}
        if part.part_of and self._says("all takes"):
            takes = [each.id for each in self._parts if each.part_of and each.kind == FOOTAGE]
            params["video_task_ids"] = takes
        return {
            "id": part.id,
            "state": part.state,
            "params": params,
            "creation_url": self._link(part),
            "err_code": part.err_code,
        }

    def _link(self, part: Task) -> str:
        if part.state != "success":
            return ""
        name = "sound.mp3" if part.kind in SOUNDS else "video.mp4"
        return media.link(self._stage, part, name, self._base_url)

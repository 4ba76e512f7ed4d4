"""What was ordered elsewhere at Vidu and can only be asked for by its id (docs/wire.md, 2.22).

The control endpoint /control/made creates it. All but a music video are asked for as clips are.
Prices are the sandbox's own where the page names none, and one of the page's range elsewhere.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from generations.sandbox import files
from generations.sandbox.context import Context
from generations.sandbox.dialects import dialect_named
from generations.sandbox.directives import Directives
from generations.sandbox.fields import FieldError, Rule, check, integer, is_boolean, one_of, text
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.tasks import SandboxTask

from .kinds import MUSIC_VIDEO, MUSIC_VIDEO_SHOT
from .orders import DIALECT, ViduOrders
from .replies import iso_time

Body = dict[str, Any]
ADDRESS = "/ent/v2/one-click/mv/"
# Credits: for the whole, and for each second.
PRICES = {
    "template": (40, 0),
    "template-story": (100, 0),
    "multiframe": (10, 5),
    "extend": (10, 5),
    "text2audio": (10, 0),
    "timing2audio": (10, 0),
    MUSIC_VIDEO: (1, 10),
}
SHOT_SECONDS = 3
# Above it, the music video has no link of its own.
MOST_LINKED_SECONDS = 180
FIELDS: dict[str, Rule] = {
    "kind": one_of(*PRICES),
    "key": text(200),
    "prompt": text(2000),
    "duration": integer(range(1, 301)),
    "running": is_boolean,
}


@dataclass(frozen=True, slots=True)
class MadeElsewhere:
    """Creates them, and answers for music videos."""

    context: Context
    orders: ViduOrders

    def create(self, body: Body) -> SandboxTask:
        """A new task of this `kind`, `key`, `prompt` and `duration`; done unless `running`."""
        try:
            check(body, FIELDS, ("kind",))
        except FieldError as error:
            raise ApiError(400, "BadRequest", str(error)) from error
        kind, seconds = body["kind"], body.get("duration", 5)
        prompt = body.get("prompt", f"A {kind}")
        directives = Directives.parse(prompt)
        if not body.get("running"):
            is_failed = directives.argument("fail") is not None
            directives += Directives(("failed at once" if is_failed else "done at once",))
        whole, each_second = PRICES[kind]
        task_id = self.orders.new_id()
        task = SandboxTask(
            id=task_id,
            creation_id=self.orders.new_id(),
            dialect=DIALECT,
            kind=kind,
            key=body.get("key") or dialect_named(DIALECT).demo_key,
            order=_order(task_id, prompt, seconds),
            phrases=directives.phrases,
            price=whole + each_second * seconds,
            created_at=self.context.clock.now(),
            base_url="",
        )
        self.context.engine.create(task)
        return task

    def add_shots(self, video: SandboxTask) -> None:
        """Store the shots that a finished music video has."""
        self.context.engine.add_finished(self._shots(video))

    def respond(self, request: Request) -> Response | None:
        """None when no music video is asked for."""
        if request.method != "GET" or not request.path.startswith(ADDRESS):
            return None
        task_id = self.orders.checked_id(request.path.removeprefix(ADDRESS))
        video = self.orders.find_task(task_id, self.orders.api_key(request))
        if video.kind != MUSIC_VIDEO:
            raise ApiError(404, "TaskNotFound", f"task {task_id} is no music video")
        return self.orders.answer_query(
            request, video, "query", lambda: self._tree(video, request.base_url)
        )

    def _shots(self, video: SandboxTask) -> Iterable[SandboxTask]:
        seconds = video.order["duration"]
        for index, start in enumerate(range(0, seconds, SHOT_SECONDS)):
            task_id = self.orders.new_id()
            length = min(SHOT_SECONDS, seconds - start)
            prompt = f"{video.order['prompt']}, shot {index + 1}"
            yield replace(
                video,
                id=task_id,
                creation_id=self.orders.new_id(),
                kind=MUSIC_VIDEO_SHOT,
                order=_order(task_id, prompt, length) | {"index": index},
                price=0,
                done_once=[],
                part_of=video.id,
            )

    def _tree(self, video: SandboxTask, base_url: str) -> Body:
        with self.context.engine.lock:
            tasks = list(self.context.engine.tasks.values())
        shots = sorted(
            (task for task in tasks if (task.kind, task.part_of) == (MUSIC_VIDEO_SHOT, video.id)),
            key=lambda task: int(task.id),
        )
        records = [self._record("generate_video", shot, base_url) for shot in shots]
        if video.state == "success":
            records.append(self._record("compose", video, base_url))
        is_linked = video.order["duration"] <= MOST_LINKED_SECONDS
        link = {"signed_url": self._link(video, base_url)} if is_linked else {}
        return {
            "id": video.remote_id,
            "type": video.kind,
            "creator_id": "869085108764676096",
            "state": video.state,
            "input": "",
            "job_records": records,
            "created_at": iso_time(video.created_at),
            "updated_at": iso_time(video.ended_at or video.created_at),
            "err_code": video.err_code,
            **link,
        }

    def _record(self, kind: str, task: SandboxTask, base_url: str) -> Body:
        """A record with its one job."""
        index = task.order["index"]
        job = {
            "id": task.creation_id if kind == "compose" else task.remote_id,
            "type": kind,
            "input": "",
            "output": "",
            "state": task.state,
            "created_at": iso_time(task.created_at),
            "updated_at": iso_time(task.ended_at),
            "err_code": task.err_code,
            "err_msg": "",
            "signed_url": self._link(task, base_url),
            "index": index,
        }
        if kind != "compose":
            order = task.order
            job["mv_generate_video_input"] = {
                "duration": order["duration"],
                "prompt": order["prompt"],
                "lyric_text": "",
                "signed_images": [],
            }
        return {"type": kind, "index": index, "jobs": [job]}

    def _link(self, task: SandboxTask, base_url: str) -> str:
        if task.state != "success":
            return ""
        return files.signed_url(self.context, task, "video.mp4", base_url)


def _order(task_id: str, prompt: str, seconds: int) -> Body:
    return {
        "prompt": prompt,
        "model": "",
        "duration": seconds,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "seed": zlib.crc32(task_id.encode()),
        "images": [],
        "watermark": False,
        "payload": "",
        "callback_url": "",
        "index": 0,
    }

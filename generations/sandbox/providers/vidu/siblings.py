"""Vidu's orders of pictures, speech, lip-sync and upscaling (docs/wire.md, 2.16 to 2.21).

Where the pages are silent: what an address leads to is checked before the order is taken, and a
resolution that is not higher ends as a failed task. A speech is done when it is answered;
`[queueing]` in its text, or a word that lets it wait, makes it a task like any other. An order
without a text has its directives in its payload.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from generations.sandbox import files
from generations.sandbox.clips.spec import shorter_side
from generations.sandbox.clips.spoken import spoken_seconds
from generations.sandbox.context import Context
from generations.sandbox.directives import Directives
from generations.sandbox.fields import Order
from generations.sandbox.http import Request, Response
from generations.sandbox.tasks import SandboxTask

from . import sibling_rules
from .kinds import LIP_SYNC, PICTURE, SPEECH, UPSCALE
from .orders import CheckedOrder, Reply, ViduOrders
from .replies import id_member, iso_time
from .sources import check_photo, film_of_creation, film_to_sync, film_to_upscale, sound_to_sync

Body = dict[str, Any]
Create = Callable[[Request, str, str], CheckedOrder]


class ViduSiblings:
    """Answers the four orders; their tasks are asked for as those of clips are."""

    def __init__(self, context: Context, orders: ViduOrders) -> None:
        self._context = context
        self._orders = orders
        self._creates: dict[str, tuple[Create, Reply]] = {
            PICTURE: (self._picture, picture_reply),
            LIP_SYNC: (self._lip_sync, lip_sync_reply),
            UPSCALE: (self._upscale, upscale_reply),
        }

    def respond(self, request: Request) -> Response | None:
        """None when the request is no such order."""
        kind = request.path.removeprefix("/ent/v2/")
        if request.method != "POST" or kind not in (SPEECH, *self._creates):
            return None
        key, task_id = self._orders.api_key(request), self._orders.new_id()
        if kind == SPEECH:
            checked = self._speech(request, key, task_id)
            return self._orders.accept(checked, partial(self._speech_reply, request.base_url))
        check, reply = self._creates[kind]
        return self._orders.accept(check(request, key, task_id), reply)

    def _picture(self, request: Request, key: str, task_id: str) -> CheckedOrder:
        order = sibling_rules.read_picture_order(request.body, task_id)
        price, directives = sibling_rules.picture_price(order), Directives.parse(order["prompt"])
        return CheckedOrder(request, key, task_id, PICTURE, order, price, directives)

    def _speech(self, request: Request, key: str, task_id: str) -> CheckedOrder:
        order = sibling_rules.read_speech_order(request.body)
        order["duration"] = spoken_seconds(order["text"], order["voice_setting_speed"])
        price, directives = sibling_rules.speech_price(order), Directives.parse(order["text"])
        return CheckedOrder(request, key, task_id, SPEECH, order, price, directives, at_once=True)

    def _lip_sync(self, request: Request, key: str, task_id: str) -> CheckedOrder:
        order = sibling_rules.read_lip_sync_order(request.body)
        if order.get("ref_photo_url"):
            check_photo(order["ref_photo_url"])
        film = film_to_sync(self._context, order["video_url"])
        seconds, sound_file = self._sound(order)
        order |= {
            "film_file": film.file_name,
            "sound_file": sound_file,
            "size": [film.width // 2 * 2, film.height // 2 * 2],
            "duration": seconds,
        }
        price = sibling_rules.lip_sync_price(seconds)
        directives = Directives.parse(order["prompt"], order["payload"])
        return CheckedOrder(request, key, task_id, LIP_SYNC, order, price, directives)

    def _sound(self, order: Order) -> tuple[float, str]:
        """The seconds of the sound, and its file among the clips; "" for one that is spoken."""
        if not order["audio_url"]:
            return spoken_seconds(order["text"], order["speed"]), ""
        sound = sound_to_sync(self._context, order["audio_url"])
        return sound.seconds, sound.file_name

    def _upscale(self, request: Request, key: str, task_id: str) -> CheckedOrder:
        order = sibling_rules.read_upscale_order(request.body)
        if order["video_creation_id"]:
            film = film_of_creation(self._context, key, order["video_creation_id"])
        else:
            film = film_to_upscale(self._context, order["video_url"])
        factor = shorter_side(order["upscale_resolution"]) / min(film.width, film.height)
        order |= {
            "film_file": film.file_name,
            "factor": factor,
            "size": [round(side * factor / 2) * 2 for side in (film.width, film.height)],
            "duration": film.seconds,
        }
        price = sibling_rules.upscale_price(order, film.seconds)
        directives = Directives.parse(order["payload"])
        if factor <= 1:
            directives += Directives(("fail FieldInvalid",))
        return CheckedOrder(request, key, task_id, UPSCALE, order, price, directives)

    def _speech_reply(self, base_url: str, task: SandboxTask) -> Body:
        # The page has no word for a task that nobody has begun but `queueing`.
        state = "queueing" if task.state == "created" else task.state
        body = id_member(task, "task_id") | {"state": state}
        if task.state == "success" and "no file" not in task.directives:
            body["file_url"] = files.signed_url(self._context, task, "sound.mp3", base_url)
        if task.err_code:
            body["err_code"] = task.err_code
        return body | {"credits": task.credits} | _shared_members(task)


def picture_reply(task: SandboxTask) -> Body:
    """The reply to the order of a picture."""
    names = ("model", "prompt", "images", "seed", "aspect_ratio", "resolution", "callback_url")
    body = id_member(task, "task_id") | {"type": task.kind, "state": task.state}
    body |= {name: task.order[name] for name in names}
    return body | {"credits": task.credits} | _shared_members(task)


def lip_sync_reply(task: SandboxTask) -> Body:
    """The reply to the order of a lip-sync, which does not say what it costs."""
    return id_member(task, "task_id") | {"state": task.state} | _shared_members(task)


def upscale_reply(task: SandboxTask) -> Body:
    """The reply to the order of an upscale."""
    names = ("video_url", "video_creation_id", "upscale_resolution")
    body = id_member(task, "task_id") | {"state": task.state}
    body |= {name: task.order[name] for name in names}
    return body | {"credits": task.credits} | _shared_members(task)


def _shared_members(task: SandboxTask) -> Body:
    return {"payload": task.order["payload"], "created_at": iso_time(task.created_at)}

"""A provider that fails and lies in every way of the menu, and counts truly what it did."""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from .clips import Clip, cast

BASE = "http://provider.test"
WORDS = ("queueing", "processing")
# What may go wrong around the paid POST. ``after``: the order was taken all the same.
CREATE = (
    *("refused connect", "drop before", "drop after", "500 before", "500 after", "429", "busy"),
    *("no", "late", "garbled after", "no id after", "conflict after", "id of another"),
    *("callback first", "id of nobody"),
)
ASK = ("refused connect", "drop", "500", "429", "garbled", "not found", "backwards", "no results")
type Move = Callable[[float], None]


class FaultyProvider:
    """The provider's books; ``fault_rate`` is how often an exchange (or a fetching) goes wrong."""

    def __init__(self, dice: random.Random, now: Callable[[], datetime], wait: Move) -> None:
        self.dice = dice
        self.now = now
        self.wait = wait
        self.fault_rate = 0.0
        self.media_fault_rate = 0.0
        self.calm = False
        self.key_is_good = True
        self.credits = 400
        self.clips: dict[str, Clip] = {}
        self.posts: Counter[str] = Counter()
        self.signed = 0  # links, each of which is another
        self.told: list[str] = []  # what it did to whom, for the list of events
        self.call_back: Callable[[Clip], None] = lambda clip: None

    def by_reference(self, reference: str) -> Clip | None:
        found = (each for each in self.clips.values() if each.reference == reference)
        return next(found, None)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Any request of ours; raises what httpx would."""
        is_order = request.method == "POST" and request.url.path.endswith("text2video")
        if is_order:
            self.posts[json.loads(request.content)["payload"]] += 1
        fault = self.fault(CREATE if is_order else ASK, self.fault_rate)
        if fault == "refused connect":
            raise httpx.ConnectError(fault, request=request)
        if not self.key_is_good:
            return reply(401, {"code": 401, "reason": "Unauthorized", "message": "no such key"})
        return self._create(request, fault) if is_order else self._ask(request, fault)

    def media_fault(self, menu: tuple[str, ...]) -> str:
        return self.fault(menu, self.media_fault_rate)

    def fault(self, menu: tuple[str, ...], fault_rate: float) -> str:
        if self.dice.random() >= fault_rate:
            return ""
        fault = self.dice.choice(menu)
        self.told.append(fault)
        return fault

    # ---- The paid POST ----

    def _create(self, request: httpx.Request, fault: str) -> httpx.Response:
        order = json.loads(request.content)
        match fault:
            case "drop before":
                raise httpx.ReadError(fault, request=request)
            case "500 before":
                return reply(500, {"code": 500})
            case "429":
                return reply(429, {"code": 429, "reason": "TooManyRequests"})
            case "busy":
                return reply(400, {"code": 400, "reason": "QuotaExceeded"})
            case "no":
                return reply(400, {"code": 400, "reason": "TaskPromptPolicyViolation"})
        clip = self._take(order)
        return self._taken(request, clip, fault)

    def _take(self, order: dict[str, str]) -> Clip:
        remote_id = str(900_000_000_000_000_000 + len(self.clips))
        self.clips[remote_id] = cast(self.dice, remote_id, order, self.now(), calm=self.calm)
        return self.clips[remote_id]

    def _taken(self, request: httpx.Request, clip: Clip, fault: str) -> httpx.Response:
        remote_id = clip.remote_id
        match fault:
            case "drop after":
                raise httpx.ReadTimeout(fault, request=request)
            case "500 after":
                return reply(502, {"code": 502})
            case "conflict after":
                return reply(409, {"code": 409, "reason": "Conflict"})
            case "garbled after":
                return said(200, b'{"task_id": "9000')
            case "no id after":
                return reply(200, {"state": "created"})
            case "late":
                self.wait(29)
            case "callback first":
                self.call_back(clip)
            case "id of another" if len(self.clips) > 1:
                remote_id = next(iter(self.clips))
            case "id of nobody":
                remote_id = str(int(remote_id) + 7_000_000)
        cost = {"credits": clip.cost} if clip.says_cost else {}
        return reply(200, {"task_id": remote_id, "state": "created", **cost})

    # ---- Questions ----

    def _ask(self, request: httpx.Request, fault: str) -> httpx.Response:
        match fault:
            case "drop":
                raise httpx.ReadError(fault, request=request)
            case "500":
                return reply(503, {"code": 503})
            case "429":
                return reply(429, {"code": 429, "reason": "TooManyRequests"})
            case "garbled":
                return said(200, b"<html>busy</html>")
        path = request.url.path
        if path.endswith("/credits"):
            return reply(200, {"remains": [{"credit_remain": self.credits_left}]})
        if path.endswith("/tasks"):
            return self._list(request.url.params, fault)
        clip = self.clips.get(path.split("/")[-2])
        if clip is None or clip.is_gone(self.now()) or fault == "not found":
            return reply(404, {"code": 404, "reason": "TaskNotFound"})
        return self._stop(clip) if path.endswith("/cancel") else self._tell(clip, fault)

    @property
    def credits_left(self) -> int:
        """What is left after all that was taken, and set aside for what still runs."""
        now = self.now()
        aside = (
            clip.cost if clip.word(now) in WORDS and not clip.is_gone(now) else clip.charge(now)
            for clip in self.clips.values()
        )
        return max(0, self.credits - sum(aside))

    def _list(self, params: Mapping[str, str], fault: str) -> httpx.Response:
        first, last = (
            datetime.fromisoformat(params[f"created_at.{end}"]) for end in ("from", "to")
        )
        rows = [
            {"id": clip.remote_id, "state": clip.word(self.now()), "prompt": clip.prompt}
            for clip in self.clips.values()
            if first <= clip.created_at <= last and not clip.is_gone(self.now())
        ]
        return reply(200, {"tasks": [] if fault == "no results" else rows})

    def _stop(self, clip: Clip) -> httpx.Response:
        if clip.word(self.now()) != "queueing":
            return reply(400, {"code": 400, "reason": "BadRequest", "message": "too late"})
        clip.cancelled = True
        return reply(200, {})

    def _tell(self, clip: Clip, fault: str) -> httpx.Response:
        word = clip.word(self.now())
        if fault == "backwards" and word != "failed":
            word = self.dice.choice(WORDS)
        told: dict[str, Any] = {"state": word, "payload": clip.reference}
        if word == "failed":
            told["err_code"] = "UserCancelled" if clip.cancelled else "SystemFailure"
            told["credits"] = clip.charge(self.now())
        if word == "success":
            told |= {"credits": clip.cost} if clip.says_cost else {}
            told["creations"] = [] if fault == "no results" else [self._links(clip)]
        return reply(200, told)

    def _links(self, clip: Clip) -> dict[str, str]:
        dies = self.now() + timedelta(seconds=clip.link_life)
        self.signed += 1
        names = {"video": "url", "cover": "cover_url"}
        query = f"?Expires={dies.timestamp():.0f}&n={self.signed}" if clip.signs else ""
        return {names[part]: f"{BASE}/media/{clip.remote_id}/{part}{query}" for part in clip.parts}


def reply(status: int, members: dict[str, Any]) -> httpx.Response:
    return said(status, json.dumps(members).encode())


def said(status: int, body: bytes) -> httpx.Response:
    """A response whose body is still to be read, as one from a socket."""
    return httpx.Response(status, stream=httpx.ByteStream(body))

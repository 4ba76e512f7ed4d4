"""The page, and the control endpoints, by which a person or a test moves the clock and sets faults.

They also count what was created and asked, so that a test can prove that nothing was ordered twice.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote

from . import truth
from .context import Context
from .dialects import DIALECTS
from .directives import Directives, KeyFault
from .help_tables import TABLES, HelpEntry
from .http import ApiError, Request, Response, json_response
from .manners.catalogue import LISTED, OF_FILMS
from .manners.manner import KINDS
from .manners.pages import choice_form, manner_tables
from .manners.player import MannerChoice
from .tasks import SandboxTask

Body = dict[str, Any]
FORM_TYPE = "application/x-www-form-urlencoded"
# The id of a task in a path, as each dialect writes it.
TASK_ID = re.compile(r"/(?:task_)?(?:\d+|[0-9a-f]{32})(?=/|$)")


class Control:
    """Responds at / with the page, and under /control/ with JSON."""

    def __init__(
        self,
        context: Context,
        announce: Callable[[SandboxTask, float], None],
        make_elsewhere: Callable[[Body], SandboxTask],
    ) -> None:
        self._context = context
        self._announce = announce
        self._make_elsewhere = make_elsewhere
        self._routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("POST", "advance"): self._advance,
            ("POST", "faults"): self._set_fault,
            ("POST", "expire"): self._expire_links,
            ("POST", "reset"): self._reset,
            ("POST", "made"): self._made,
            ("POST", "manners"): self._choose_manners,
            ("GET", "manners"): self._manners,
            ("GET", "truth"): self._truth,
            ("GET", "requests"): self._requests,
            ("GET", "tasks"): self._tasks,
            ("GET", "callbacks"): self._callbacks,
            ("GET", "counts"): self._counts,
        }

    def respond(self, request: Request) -> Response | None:
        """None if the path belongs to another."""
        if (request.method, request.path) == ("GET", "/"):
            html = render_page(self._context, request.base_url)
            return Response(200, html.encode(), "text/html; charset=utf-8")
        if not request.path.startswith("/control/"):
            return None
        try:
            if _is_form(request):
                self._choose_manners(_read_form(request))
                return Response(303, headers={"Location": "/"})
            return json_response(self._route(request))
        except ApiError as error:
            return json_response({"message": error.message}, error.status)

    def _route(self, request: Request) -> Any:
        name = request.path.removeprefix("/control/")
        if request.method == "POST" and name.startswith("fire/"):
            return self._fire_callback(name.removeprefix("fire/"))
        action = self._routes.get((request.method, name))
        if action is None:
            raise ApiError(404, "NotFound", f"no {request.method} {request.path} here")
        return action(_read_body(request))

    def _advance(self, body: Body) -> Any:
        # Clips and callbacks may still be under way on return; `Sandbox.advance` waits for them.
        self._context.clock.advance(_read_number(body, "seconds"))
        self._context.scheduler.run_due()
        return {"now": self._context.clock.now()}

    def _set_fault(self, body: Body) -> Any:
        times = None if body.get("times") is None else int(_read_number(body, "times"))
        directives = Directives.parse(str(body.get("words", "")))
        fault = KeyFault(directives, body.get("on", "any"), times)
        self._context.faults.set(str(body.get("key", "")), fault)
        return {"key": body.get("key"), "words": directives.phrases}

    def _expire_links(self, _: Body) -> Any:
        self._context.links.expire()
        return {}

    def _reset(self, _: Body) -> Any:
        self._context.reset()
        return {}

    def _made(self, body: Body) -> Any:
        """Create what a person has ordered elsewhere at Vidu, to be asked for by its id."""
        return {"id": self._make_elsewhere(body).remote_id}

    def _fire_callback(self, task_id: str) -> Any:
        """Report the task's present state once more, as if it had entered it only now."""
        task = self._context.engine.find(unquote(task_id))
        if task is None:
            raise ApiError(404, "NotFound", f"no task {task_id} here")
        self._announce(task, self._context.clock.now())
        return {}

    def _choose_manners(self, body: Body) -> Any:
        words = body.get("words") or []
        try:
            choice = MannerChoice.of(
                str(body.get("dialect")), tuple(map(str, words)), _read_number(body, "chance")
            )
        except (TypeError, ValueError) as error:
            raise ApiError(400, "BadRequest", str(error)) from error
        self._context.manners.choose(choice)
        return {"choices": [asdict(each) for each in self._context.manners.choices]}

    def _manners(self, _: Body) -> Any:
        return {
            "kinds": {kind: english for kind, (english, _) in KINDS.items()},
            "manners": [manner.to_json() for manner in LISTED],
            "manners_of_films": [manner.to_json() for manner in OF_FILMS],
            "choices": [asdict(each) for each in self._context.manners.choices],
        }

    def _truth(self, _: Body) -> Any:
        return truth.describe(self._context)

    def _requests(self, _: Body) -> Any:
        return [
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "headers": dict(request.headers),
                "body": request.body.decode(errors="replace"),
                "at": request.at,
            }
            for request in list(self._context.requests)
        ]

    def _tasks(self, _: Body) -> Any:
        with self._context.engine.lock:
            return [task.to_json() for task in self._context.engine.tasks.values()]

    def _callbacks(self, _: Body) -> Any:
        return [asdict(attempt) for attempt in list(self._context.callbacks.attempts)]

    def _counts(self, _: Body) -> Any:
        with self._context.engine.lock:
            tasks = list(self._context.engine.tasks.values())
        return asdict(Counts.of(tasks, list(self._context.requests)))


def _read_body(request: Request) -> Body:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ApiError(400, "BadRequest", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "BadRequest", "the body is not an object")
    return body


def _is_form(request: Request) -> bool:
    """Whether this is the form of the page, which chooses manners."""
    content_type = request.headers.get("content-type", "")
    return request.path == "/control/manners" and content_type.startswith(FORM_TYPE)


def _read_form(request: Request) -> Body:
    fields = parse_qs(request.body.decode())
    try:
        chance = float(fields.get("chance", [""])[0])
    except ValueError as error:
        raise ApiError(400, "BadRequest", "chance must be a number") from error
    return {
        "dialect": fields.get("dialect", [""])[0],
        "words": fields.get("words", []),
        "chance": chance,
    }


def _read_number(body: Body, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApiError(400, "BadRequest", f"{name} must be a number")
    return value


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of tasks, in all and by a field of their orders, and of requests by method and path.

    The records that a film brings with it were not ordered and are not counted. An order of a
    dialect that has no payload is not in `by_payload`.
    """

    creates: int
    by_dialect: dict[str, int]
    by_key: dict[str, int]
    by_prompt: dict[str, int]
    by_payload: dict[str, int]
    by_callback: dict[str, int]
    requests: dict[str, int]

    @classmethod
    def of(cls, tasks: Iterable[SandboxTask], requests: Iterable[Request]) -> "Counts":
        ordered = [task for task in tasks if not task.part_of]
        return cls(
            creates=len(ordered),
            by_dialect=dict(Counter(task.dialect for task in ordered)),
            by_key=dict(Counter(task.key for task in ordered)),
            by_prompt=dict(Counter(task.order.get("prompt", "") for task in ordered)),
            by_payload=_by_field(ordered, "payload"),
            by_callback=_by_field(ordered, "callback_url"),
            requests=dict(Counter(_method_and_path(request) for request in requests)),
        )


def _by_field(tasks: list[SandboxTask], name: str) -> dict[str, int]:
    return dict(Counter(task.order[name] for task in tasks if name in task.order))


def _method_and_path(request: Request) -> str:
    return f"{request.method} {TASK_ID.sub('/{id}', request.path)}"


# ---- The page -------------------------------------------------------------------------------

MAX_TASKS = 100
STYLE = """
:root { color-scheme: dark; font: 15px/1.5 system-ui, "PingFang SC", "Noto Sans SC", sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem; background: #151311; color: #ece8e1 }
h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin-top: 2.5rem } p, td { color: #bdb7ad }
table { border-collapse: collapse; width: 100% } code { color: #f2af5c; white-space: nowrap }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0 }
tr { border-bottom: 1px solid #2b2723 } td { overflow-wrap: anywhere }
"""
INTRODUCTION = """
<h1>Sandbox · 沙盒</h1>
<p>A server that answers as a provider does. It costs nothing, keeps no secret and makes real video
files. Use one of the keys below with one of the addresses. To choose what goes wrong, write words
in square brackets into a prompt.</p>
<p lang="zh-Hans">这是一个模拟服务商：不收费，不保密，生成真实的视频。
请把下面的密钥与其中一个地址一起使用；在提示词里写入方括号中的词，即可选择要发生的问题。</p>
"""
CONTROL_HELP = """
<p><code>POST /control/advance {"seconds": 60}</code></p>
<p><code>POST /control/faults {"key": "sandbox-studio", "words": "[429 TooManyRequests]",
"on": "create", "times": 2}</code> (on: create, query, any)</p>
<p><code>POST /control/manners {"dialect": "relay", "words": ["state done"], "chance": 0.3}</code>
(without words any of them; chance 0 ends it)</p>
<p><code>GET /control/manners</code> · <code>GET /control/truth</code> (POSTs, costs, balances and
the SHA-256 of each film)</p>
<p><code>POST /control/made {"kind": "extend", "key": "sandbox-studio", "prompt": "A harbour",
"duration": 5, "running": false}</code> (ordered elsewhere at Vidu, to be imported by the id that is
answered; kind: template, template-story, multiframe, extend, text2audio, timing2audio, mv)</p>
<p><code>POST /control/fire/&lt;task&gt;</code> · <code>POST /control/expire</code> ·
<code>POST /control/reset</code></p>
<p><code>GET /control/requests</code> · <code>GET /control/tasks</code> ·
<code>GET /control/callbacks</code> · <code>GET /control/counts</code></p>
"""


def render_page(context: Context, base_url: str) -> str:
    with context.engine.lock:
        tasks = list(context.engine.tasks.values())[-MAX_TASKS:]
        rows = "".join(_task_row(task, context.clock.now()) for task in reversed(tasks))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body>{INTRODUCTION}"
        f"<h2>Addresses · 地址</h2>{_addresses(base_url)}"
        f"<h2>Tasks · 任务</h2><table>{rows or '<tr><td>None yet · 暂无</td></tr>'}</table>"
        f"{''.join(f'<h2>{title}</h2>{_help_table(entries)}' for title, entries in TABLES)}"
        f"<h2>Manners · 举止</h2>{choice_form(context.manners.choices)}{manner_tables()}"
        f"<h2>Control · 控制</h2>{CONTROL_HELP}</body></html>"
    )


def _addresses(base_url: str) -> str:
    rows = (
        f"<tr><td><code>{escape(base_url + dialect.path)}</code></td>"
        f"<td><code>{escape(dialect.authorization)}</code></td><td>{escape(dialect.english)}</td>"
        f'<td lang="zh-Hans">{escape(dialect.chinese)}</td></tr>'
        for dialect in DIALECTS
    )
    return f"<table>{''.join(rows)}</table>"


def _help_table(entries: tuple[HelpEntry, ...]) -> str:
    rows = (
        f"<tr><td><code>{escape(entry.syntax)}</code></td><td>{escape(entry.english)}</td>"
        f'<td lang="zh-Hans">{escape(entry.chinese)}</td></tr>'
        for entry in entries
    )
    return f"<table>{''.join(rows)}</table>"


def _task_row(task: SandboxTask, now: float) -> str:
    cells = (
        task.remote_id,
        task.dialect,
        task.key,
        task.state,
        f"{task.progress(now)} %",
        task.err_code,
    )
    row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{row}<td>{escape(task.order.get('prompt', ''))}</td></tr>"

"""W9 to W12, W14: links that are late, dead or written by hand, and files that are not as ordered.

The words of W12 and of the second half of W14 are read where clips are made (`clips`).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from generations.sandbox.clips.containers import FORMS
from generations.sandbox.directives import Directives
from generations.sandbox.http import Request, Response
from generations.sandbox.tasks import SandboxTask

from .codings import typed
from .interruptions import PAGE, between, page
from .manner import EVERY, DraftReply, Manner
from .members import film_links

# ---- W9: links that are late ----------------------------------------------------------------

LATE_SECONDS = 45.0


def store_error(status: int, code: str, message: str) -> Response:
    """As S3 answers."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(status, body.encode(), "application/xml")


LATE: dict[str, tuple[str, str, Callable[[], Response]]] = {
    "late 404": (
        "404 of a store",
        "存储的 404",
        lambda: store_error(404, "NoSuchKey", "The specified key does not exist."),
    ),
    "late 403": (
        "403 of a store",
        "存储的 403",
        lambda: store_error(403, "AccessDenied", "Access Denied"),
    ),
    "late expired": (
        "403 that says: Request has expired",
        "写着 Request has expired 的 403",
        lambda: store_error(403, "AccessDenied", "Request has expired"),
    ),
    "late 400": (
        "400 of a store",
        "存储的 400",
        lambda: store_error(400, "InvalidRequest", "not ready"),
    ),
    "late 410": ("410", "410", lambda: Response(410, b"Gone", "text/plain")),
    "late 425": ("425", "425", lambda: Response(425, b"Too Early", "text/plain")),
    "late 500": (
        "500 of a store",
        "存储的 500",
        lambda: store_error(500, "InternalError", "try again"),
    ),
    "late 503": (
        "503 of a store",
        "存储的 503",
        lambda: store_error(503, "SlowDown", "reduce your rate"),
    ),
    "late empty": ("200 without a byte", "空的 200", lambda: Response(200, b"", "video/mp4")),
    "late page": (
        "200 with a page",
        "200 网页",
        lambda: Response(200, PAGE.format(title="Not found").encode(), "text/html"),
    ),
    "late json": (
        "200 with an error in JSON",
        "含 JSON 错误的 200",
        lambda: Response(200, b'{"code":404,"message":"file is being copied"}'),
    ),
    "late drop": ("closed connection", "断开连接", lambda: Response(dropped=True)),
}
LATE_MANNERS = tuple(
    Manner(
        word,
        "W9",
        f"For 45 s, or as many as a number behind says, a link answers with a {english}.",
        f"45 秒内（或其后数字所示的秒数）链接返回{chinese}。",
    )
    for word, (english, chinese, _) in LATE.items()
)


def late_answer(task: SandboxTask, now: float) -> Response | None:
    """What the store answers while the file is not there yet."""
    for word, (_, _, build) in LATE.items():
        if task.directives.argument(word) is not None:
            seconds = task.directives.numeric_argument(word, LATE_SECONDS)
            return build() if now < task.ended_at + seconds else None
    return None


# ---- W10: one link that is dead early -------------------------------------------------------

NUMBER = re.compile(r"Number=(\d+)")
DEAD_SECONDS = {"dead link": 0.0, "dead link 404": 0.0, "dead link soon": 5.0}


def _kill(word: str) -> Callable[[DraftReply], Any]:
    """Note that the links of the first reply with films die before their time."""

    def body(reply: DraftReply) -> Any:
        links = film_links(reply.body)
        if reply.moment == "query" and links and reply.task.use_once(word):
            dies = reply.at + DEAD_SECONDS[word]
            numbers = NUMBER.findall(json.dumps(links))
            reply.task.done_once.extend(f"dead {number} {dies}" for number in numbers)
        return reply.body

    return body


def is_dead(task: SandboxTask, query: str, now: float) -> bool:
    """Whether the link with this query is one that died before its time."""
    found = NUMBER.search(query)
    dead = [
        note.split() for note in task.done_once if found and note.startswith(f"dead {found[1]} ")
    ]
    return any(float(dies) <= now for _, _, dies in dead)


DEAD_MANNERS = (
    Manner(
        "dead link",
        "W10",
        "The first link of the film answers 403 from the start; later ones work.",
        "影片的首个链接一开始就返回 403，之后的有效。",
        body=_kill("dead link"),
    ),
    Manner(
        "dead link 404",
        "W10",
        "The same with 404.",
        "同上，返回 404。",
        implied=("expired 404",),
        body=_kill("dead link 404"),
    ),
    Manner(
        "dead link soon",
        "W10",
        "The first link of the film dies after 5 s, though it names a later time.",
        "影片的首个链接 5 秒后失效，尽管写着更晚的时间。",
        body=_kill("dead link soon"),
    ),
)


# ---- W11: links written by hand -------------------------------------------------------------

FOLDERS = {
    "address blanks in path": "shots of today (final)",
    "address chinese": "港口 夜景",
    "address umlaut": "Außenaufnahmen",
    "address percent": "100% new+old",
}
# What stands behind the signed query: as it is in the link, and as a client must send it.
QUERIES = {
    "address escapes": ("&note=%e4%b8%ad+a%20b%2F~*'()!&empty=&=&flag&q=%22%3C",) * 2,
    "address repeated": ("&a=1;b=2&a=2&%61=%2e%2E&a=%2B",) * 2,
    "address brackets": ("&f[0]=x&t=a:b@c/d?e",) * 2,
    # Letters that a browser leaves as they are in a query.
    "address bars": ("&f=x|y&g={z}^`",) * 2,
    "address raw chinese": ("&name=港口&x=1", f"&name={quote('港口')}&x=1"),
}


def _with_folder(folder: str) -> Callable[[str], str]:
    """One more folder before the name of the file, with its letters as they are."""
    return lambda link: re.sub(r"/(?=[^/]+$)", f"/{folder}/".replace("\\", ""), link, count=1)


def _with_query(more: str) -> Callable[[str], str]:
    return lambda link: link + more


def _rescheme(link: str, scheme: str) -> str:
    return scheme + link.partition("://")[2]


LINKS: tuple[tuple[str, str, str, Callable[[str], str]], ...] = (
    (
        "blanks",
        "Blanks stand before and behind a link",
        "链接前后有空格",
        lambda link: f"  {link} ",
    ),
    (
        "newline",
        "A line break and a tab stand behind a link",
        "链接后有换行和制表符",
        lambda link: f"\n{link}\r\n\t",
    ),
    (
        "invisible",
        "Invisible letters stand before and behind a link",
        "链接前后有不可见字符",
        lambda link: f"\ufeff{link}\u200b",
    ),
    (
        "wide blanks",
        "Wide blanks stand before and behind a link",
        "链接前后有全角空格",
        lambda link: f"\u3000{link}\u00a0",
    ),
    (
        "capitals",
        "The scheme of a link is in capitals",
        "链接的协议为大写",
        lambda link: _rescheme(link, "HTTP://"),
    ),
    (
        "no scheme",
        "A link begins with its host",
        "链接以主机名开头",
        lambda link: _rescheme(link, ""),
    ),
    (
        "two slashes",
        "A link begins with two slashes",
        "链接以两个斜杠开头",
        lambda link: _rescheme(link, "//"),
    ),
    (
        "relative",
        "A link begins with its path",
        "链接以路径开头",
        lambda link: "/" + _rescheme(link, "").partition("/")[2],
    ),
    (
        "one slash",
        "The scheme of a link has one slash",
        "协议后只有一个斜杠",
        lambda link: _rescheme(link, "http:/"),
    ),
    ("quotes", "A link is in quotes of its own", "链接自带引号", lambda link: f'"{link}"'),
    ("angles", "A link is in angle brackets", "链接在尖括号中", lambda link: f"<{link}>"),
    (
        "markdown",
        "A link is written for Markdown",
        "链接是 Markdown 写法",
        lambda link: f"[video]({link})",
    ),
    (
        "backslashes",
        "A link has backslashes before its slashes",
        "斜杠前有反斜杠",
        lambda link: link.replace("/", "\\/"),
    ),
    (
        "fragment",
        "A fragment stands behind a link",
        "链接后有片段标识",
        lambda link: f"{link}#t=0.1",
    ),
)
LINK_MANNERS = (
    *(
        Manner(f"address {name}", "W11", f"{english}.", f"{chinese}。", link=link)
        for name, english, chinese, link in LINKS
    ),
    *(
        Manner(
            word,
            "W11",
            f"The path of a link has, unescaped, the folder {folder}.",
            f"链接路径中有未转义的文件夹 {folder}。",
            link=_with_folder(folder),
        )
        for word, folder in FOLDERS.items()
    ),
    *(
        Manner(
            word,
            "W11",
            f"The signed query ends, byte for byte, with {shown}",
            f"签名查询以 {shown} 结尾，须逐字节保留。",
            link=_with_query(shown),
        )
        for word, (shown, _) in QUERIES.items()
    ),
)


def as_signed(request: Request, directives: Directives) -> Request:
    """The request without what a manner wrote into its link.

    Where a client has changed that, the query has no valid signature any more.
    """
    path, query = request.path, request.query
    for word, folder in FOLDERS.items():
        if word in directives:
            path = unquote(path).replace(f"/{folder}/", "/")
    for word, (_, sent) in QUERIES.items():
        if word in directives:
            query = query.removesuffix(sent) if query.endswith(sent) else ""
    return replace(request, path=path, query=query)


# ---- W12, W14: files ------------------------------------------------------------------------

FILE_TYPES = (
    "application/octet-stream",
    "text/html",
    "text/plain",
    "image/jpeg",
    "video/quicktime",
    "",
)


def _without_length(response: Response) -> Response:
    """Only the end of the connection tells where the file ends."""
    if isinstance(response.body, bytes):
        response.body = iter([response.body])
    response.length = None
    return response


FILE_MANNERS = (
    *(
        Manner(
            f"container {name}",
            "W12",
            f"{form.english}.",
            f"{form.chinese}。",
            # Where sound can be ordered, its absence is another thing (W14).
            dialects=EVERY if form.sounds else ("relay", "vivienne"),
        )
        for name, form in FORMS.items()
        if form.share == 1
    ),
    *(
        Manner(
            f"file type {name or 'empty'}",
            "W12",
            f"A file has the type {name or '(empty)'}.",
            f"文件的类型为 {name or '（空）'}。",
            file=typed(name),
        )
        for name in FILE_TYPES
    ),
    Manner(
        "file no length",
        "W12",
        "A file comes without its length.",
        "文件没有长度信息。",
        file=_without_length,
    ),
    *(
        between(
            f"proxy file {status}",
            "W7",
            "file",
            (f"a {status} page of a proxy", f"代理的 {status} 页面"),
            page(status),
        )
        for status in (200, 403, 502)
    ),
)


def _no_mark(reply: DraftReply) -> Any:
    for creation in reply.body.get("creations") or []:
        creation["watermarked_url"] = ""
    return reply.body


MARK: Mapping[str, Any] = {"watermark": True}
SOUND: Mapping[str, Any] = {"audio": True}


def _undelivered(
    what: str,
    english: str,
    chinese: str,
    dialects: tuple[str, ...] = EVERY,
    order: Mapping[str, Any] = SOUND,
    implied: tuple[str, ...] = (),
) -> Manner:
    return Manner(f"undelivered {what}", "W14", english, chinese, "told", dialects, order, implied)


DELIVERY_MANNERS = (
    Manner(
        "undelivered mark",
        "W14",
        "A marked film was ordered and is nowhere.",
        "已下单的水印视频无处可得。",
        "told",
        ("vidu", "relay"),
        MARK,
        body=_no_mark,
    ),
    Manner(
        "mark elsewhere",
        "W14",
        "The marked film stands only in the answer of /ent/v2/tasks/{id}/creations.",
        "水印视频只出现在 /ent/v2/tasks/{id}/creations 的回复中。",
        "right",
        ("relay",),
        MARK,
    ),
    _undelivered("sound", "The clip has no sound.", "视频没有声音。", ("vidu", "apixo")),
    _undelivered(
        "resolution", "The clip has half the width and height.", "视频的宽高减半。", order={}
    ),
    _undelivered(
        "seconds",
        "The clip has half its length.",
        "视频时长减半。",
        order={},
        implied=("container half",),
    ),
    _undelivered("ratio", "Width and height are exchanged.", "宽高互换。", order={}),
)

"""W4, W5, W15: how replies and callbacks are written, coded and sent."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from generations.sandbox.callbacks import OutgoingCallback
from generations.sandbox.http import Response

from .manner import Manner

Text = Callable[[bytes], bytes]


# ---- W4: JSON that is not clean -------------------------------------------------------------


def _with_member(member: bytes) -> Text:
    """One more member of an object, before all others, which is not clean."""
    return lambda text: b"{" + member + b"," + text[1:] if text.startswith(b"{") else text


def _twice(text: bytes) -> bytes:
    """Each member of the outer object twice, with the same values."""
    return text[:-1] + b"," + text[1:]


def _commas(text: bytes) -> bytes:
    return text.replace(b"]", b",]").replace(b"[,]", b"[]")[:-1] + b",}"


UNCLEAN: tuple[tuple[str, str, str, Text], ...] = (
    (
        "surrogate",
        "Half of an emoji, as an escape, in an echoed text.",
        "回显文本中有半个表情（转义）。",
        _with_member(rb'"prompt_excerpt":"A lamp \ud83d"'),
    ),
    (
        "low surrogate",
        "The second half of an emoji, as an escape, in an echoed text.",
        "回显文本以表情的后半（转义）开头。",
        _with_member(rb'"prompt_excerpt":"\ude00 turns"'),
    ),
    (
        "raw surrogate",
        "Half of an emoji, as bytes, in an echoed text.",
        "回显文本中有半个表情（字节）。",
        _with_member(b'"prompt_excerpt":"A lamp \xed\xa0\xbd"'),
    ),
    (
        "cut letter",
        "A Chinese letter that is cut within its bytes.",
        "汉字的字节被截断。",
        _with_member(b'"prompt_excerpt":"\xe6\xb8\xaf\xe5\x8f"'),
    ),
    (
        "mark",
        "A byte order mark before the text.",
        "开头有 BOM。",
        lambda text: b"\xef\xbb\xbf" + text,
    ),
    (
        "line break",
        "A line break and a tab, unescaped, in a text.",
        "文本中有未转义的换行和制表符。",
        _with_member(b'"prompt_excerpt":"A lamp\n\tturns"'),
    ),
    (
        "control letter",
        "A control letter, unescaped, in a text.",
        "文本中有未转义的控制字符。",
        _with_member(b'"prompt_excerpt":"A lamp\x01\x1b[0m"'),
    ),
    (
        "nul",
        "A zero letter in a text, as an escape.",
        "文本中有转义的零字符。",
        _with_member(rb'"prompt_excerpt":"A lamp\u0000"'),
    ),
    (
        "bad escape",
        "An escape that JSON does not know.",
        "JSON 不认识的转义。",
        _with_member(rb'"prompt_excerpt":"it\'s \x41 50\%"'),
    ),
    ("commas", "A comma after the last member and the last item.", "末尾多余的逗号。", _commas),
    (
        "trailing page",
        "A comment of a proxy behind the object.",
        "对象之后有代理的注释。",
        lambda text: text + b"\n<!-- served by cache-hkg-17 -->\n",
    ),
    (
        "trailing object",
        "A second object behind the first.",
        "第一个对象之后又有一个对象。",
        lambda text: text + b'{"took_ms":12}',
    ),
    (
        "nan",
        "NaN and Infinity as numbers.",
        "数字为 NaN 和 Infinity。",
        _with_member(b'"score":NaN,"eta":-Infinity'),
    ),
    ("prefix", "A prefix against scripts.", "带有防脚本前缀。", lambda text: b")]}',\n" + text),
    (
        "loop prefix",
        "An endless loop against scripts before it.",
        "前面有防脚本的死循环。",
        lambda text: b"while(1);" + text,
    ),
    (
        "blank lines",
        "Blank lines before the object.",
        "对象之前有空行。",
        lambda text: b"\r\n \r\n" + text + b"\r\n\r\n",
    ),
    (
        "warning",
        "A warning of a script before the object.",
        "对象之前有脚本的警告。",
        lambda text: b"\nWarning: Undefined index: trace in /srv/gateway.php on line 42\n" + text,
    ),
    (
        "jsonp",
        "A call of a function around the object.",
        "对象外有函数调用。",
        lambda text: b"callback(" + text + b");",
    ),
    (
        "event",
        "The object as a server-sent event.",
        "对象以服务器推送事件发送。",
        lambda text: b"data: " + text + b"\n\n",
    ),
    (
        "comments",
        "Comments inside the object.",
        "对象中有注释。",
        lambda text: b"{/* v2 */ " + text[1:] + b" // end\n",
    ),
    ("doubled", "Every member twice.", "每个成员出现两次。", _twice),
    (
        "huge number",
        "A number with 400 digits.",
        "四百位的数字。",
        _with_member(b'"trace":' + b"7" * 400),
    ),
    (
        "padding",
        "Blanks after the object, 64 KB of them.",
        "对象之后有 64 KB 空白。",
        lambda text: text + b" " * 65536,
    ),
)
JSON_MANNERS = tuple(
    Manner(f"json {name}", "W4", english, chinese, text=text)
    for name, english, chinese, text in UNCLEAN
)
JSON_MANNERS += (
    Manner(
        "json cut",
        "W4",
        "The reply to an order lacks its last bracket.",
        "下单回复缺少最后的括号。",
        text=lambda text: text[:-1],
        moments=("create",),
    ),
)


# ---- W5: encodings --------------------------------------------------------------------------


def _as_is(content: bytes) -> bytes:
    return content


def _raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _coded(name: str, pack: Text = _as_is) -> Callable[[Response], Response]:
    """The whole body packed, under this Content-Encoding; with `_as_is` it is only claimed."""

    def response(response: Response) -> Response:
        if response.status == HTTPStatus.OK:
            response.headers["Content-Encoding"] = name
            if pack is not _as_is:
                content = (
                    response.body if isinstance(response.body, bytes) else b"".join(response.body)
                )
                response.body = pack(content)
                response.headers.pop("Accept-Ranges", None)
        elif response.status == HTTPStatus.PARTIAL_CONTENT and pack is _as_is:
            response.headers["Content-Encoding"] = name
        return response

    return response


def _lettered(charset: str, claimed: str) -> Callable[[Response], Response]:
    """The text in a charset, under the name that is claimed."""

    def response(response: Response) -> Response:
        if isinstance(response.body, bytes):
            text = response.body.decode()
            response.body = text.encode(charset, "xmlcharrefreplace")
            response.content_type = f"application/json{claimed}"
        return response

    return response


def typed(content_type: str) -> Callable[[Response], Response]:
    """Another Content-Type."""

    def response(response: Response) -> Response:
        if response.status < HTTPStatus.BAD_REQUEST:
            response.content_type = content_type
        return response

    return response


CODINGS: tuple[tuple[str, str, str, str, Text], ...] = (
    (
        "aws-chunked",
        "aws-chunked",
        "Claims aws-chunked over plain bytes",
        "声称 aws-chunked，实为原样",
        _as_is,
    ),
    (
        "utf-8",
        "utf-8",
        "Claims the coding utf-8 over plain bytes",
        "声称编码为 utf-8，实为原样",
        _as_is,
    ),
    (
        "unknown",
        "x-vendor-pack",
        "Claims an unknown coding over plain bytes",
        "声称未知编码，实为原样",
        _as_is,
    ),
    ("none", "none", "Claims the coding none", "声称编码为 none", _as_is),
    ("empty", "", "Has an empty Content-Encoding", "Content-Encoding 为空", _as_is),
    ("gzip claimed", "gzip", "Claims gzip over plain bytes", "声称 gzip，实为原样", _as_is),
    ("br claimed", "br", "Claims br over plain bytes", "声称 br，实为原样", _as_is),
    (
        "gzip",
        "gzip",
        "Is packed with gzip though identity was asked",
        "要求原样却用 gzip 压缩",
        gzip.compress,
    ),
    (
        "x-gzip",
        "x-gzip",
        "Is packed with gzip under its old name",
        "以旧名 x-gzip 压缩",
        gzip.compress,
    ),
    ("deflate", "deflate", "Is packed with deflate", "用 deflate 压缩", zlib.compress),
    (
        "raw deflate",
        "deflate",
        "Is packed with deflate without its head",
        "用无头的 deflate 压缩",
        _raw_deflate,
    ),
    (
        "aws-chunked gzip",
        "aws-chunked, gzip",
        "Names two codings, of which only gzip was used",
        "列出两种编码，实际只用 gzip",
        gzip.compress,
    ),
)
CHINESE_MEMBER = _with_member('"notice":"视频生成服务：正常"'.encode())
CHARSETS: tuple[tuple[str, str, str], ...] = (
    ("gb18030", "gb18030", "; charset=gb18030"),
    ("gb18030 unnamed", "gb18030", ""),
    ("utf-16", "utf-16", "; charset=utf-16"),
    ("utf-16 unnamed", "utf-16", ""),
    ("latin claimed", "utf-8", "; charset=iso-8859-1"),
    ("unknown claimed", "utf-8", "; charset=utf8mb4"),
)
TYPES = ("text/html; charset=utf-8", "text/plain", "application/octet-stream", "json")
CODING_MANNERS = (
    *(
        Manner(
            f"reply coding {name}",
            "W5",
            f"{english}: replies.",
            f"回复：{chinese}。",
            response=_coded(coding, pack),
        )
        for name, coding, english, chinese, pack in CODINGS
    ),
    *(
        Manner(
            f"reply charset {name}",
            "W5",
            f"Replies are in {charset}{' as ' + claimed[2:] if claimed else ''}.",
            f"回复的字符集为 {charset}{claimed}。",
            text=CHINESE_MEMBER,
            response=_lettered(charset, claimed),
        )
        for name, charset, claimed in CHARSETS
    ),
    *(
        Manner(
            f"reply type {name.partition(';')[0]}",
            "W5",
            f"Replies have the type {name}.",
            f"回复的类型为 {name}。",
            response=typed(name),
        )
        for name in TYPES
    ),
    *(
        Manner(
            f"file coding {name}",
            "W5",
            f"{english}: files.",
            f"文件：{chinese}。",
            # What is packed can only be had in one piece.
            implied=() if pack is _as_is else ("no range",),
            file=_coded(coding, pack),
        )
        for name, coding, english, chinese, pack in CODINGS
    ),
)


# ---- W15: callbacks -------------------------------------------------------------------------


def _chunked(size: int) -> Callable[[OutgoingCallback], OutgoingCallback]:
    return lambda callback: replace(callback, chunk_bytes=size)


def _packed(callback: OutgoingCallback) -> OutgoingCallback:
    own = callback.encode
    packed = replace(callback, encode=lambda body: gzip.compress(own(body)))
    return _with_headers(Content_Encoding="gzip")(packed)


def _with_headers(**headers: str) -> Callable[[OutgoingCallback], OutgoingCallback]:
    """Further headers, or others in place of the usual ones."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(callback: OutgoingCallback) -> OutgoingCallback:
        own = callback.headers
        return replace(callback, headers=lambda now: own(now) | named)

    return change


CALLBACK_MANNERS = (
    Manner(
        "callback chunked",
        "W15",
        "Callbacks are sent with Transfer-Encoding: chunked.",
        "回调以 Transfer-Encoding: chunked 发送。",
        callback=_chunked(1024),
    ),
    Manner(
        "callback small chunks",
        "W15",
        "The same, seven bytes in a chunk.",
        "同上，每块七个字节。",
        callback=_chunked(7),
    ),
    Manner(
        "callback gzip",
        "W15",
        "Callbacks are packed with gzip.",
        "回调用 gzip 压缩。",
        callback=_packed,
    ),
    Manner(
        "callback plain type",
        "W15",
        "Callbacks have the type text/plain.",
        "回调的类型为 text/plain。",
        callback=_with_headers(Content_Type="text/plain;charset=UTF-8"),
    ),
    Manner(
        "callback form type",
        "W15",
        "Callbacks have the type of a form.",
        "回调的类型为表单。",
        callback=_with_headers(Content_Type="application/x-www-form-urlencoded"),
    ),
    Manner(
        "callback coding claimed",
        "W15",
        "Callbacks claim the coding utf-8 over plain bytes.",
        "回调声称编码为 utf-8，实为原样。",
        callback=_with_headers(Content_Encoding="utf-8"),
    ),
)

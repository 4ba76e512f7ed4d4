"""Links to results: read as a browser would, and when they die (docs/wire.md, 1.6)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qsl, unquote, urlsplit

from .values import read_time, trim

# ---- Addresses --------------------------------------------------------------------------------

QUOTES = "\"'`\u201c\u201d\u2018\u2019<>"
# Of these none belongs to a link; the end of a query may be one of the others.
CLOSING = '"\u201c\u201d\u2018\u2019<>'
MARKDOWN = re.compile(r"!?\[[^\]]*\]\((.*)\)", re.DOTALL)
SCHEME = re.compile(r"(https?)[:\uff1a][/\\]*", re.IGNORECASE)
# A whole address that was escaped, as in the value of a query.
ESCAPED = re.compile(r"https?%3a(?:%2f){2}", re.IGNORECASE)
# What ends a sentence in Chinese and no link.
SENTENCE_ENDS = "\u3002\uff0c\uff1b\uff09\u3011\u300b\u3001"
# ``host.example/path``, also with a port, or a host of four numbers.
BARE = re.compile(
    r"(?:(?:[\w-]+\.)+[^\W\d_]{2,}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?[/?]",
    re.IGNORECASE,
)
# What JSON in JSON leaves of an ampersand, an equals sign and a slash.
LEFT_ESCAPE = re.compile(r"\\(?:u00(26|3[dD]|2[fF])|(?=/))")
BROWSER_DROPS = str.maketrans("", "", "\t\r\n\0")
# What no request line can carry as it is; everything else stays byte for byte, above all a query,
# because any change breaks its signature.
UNSENDABLE_IN_PATH = re.compile(r"[^\x21-\x7e]+|[\"<>\\^`{|}]")
UNSENDABLE_IN_QUERY = re.compile(r"[^\x21-\x7e]+|[\"<>]")


def read_address(value: object, scheme: str = "https") -> str:
    """An http(s) address that can be sent, "" for any other value.

    ``scheme`` is that of the provider, for an address without one. The letters stay as they came,
    but for those that no request can carry: these are escaped.
    """
    if not isinstance(value, str):
        return ""
    text = value
    # A link may be in quotes with blanks within, and in quotes again.
    while (bare := _unwrapped(trim(text))) != text:
        text = bare
    text = LEFT_ESCAPE.sub(lambda left: chr(int(left[1], 16)) if left[1] else "", text)
    text = text.translate(BROWSER_DROPS).rstrip("\\" + SENTENCE_ENDS).replace("&amp;", "&")
    if ESCAPED.match(text):
        text = unquote(text)
    if match := SCHEME.match(text):
        text = f"{match[1].lower()}://{text[match.end() :]}"
    elif text.startswith(("//", "\\\\")):
        text = f"{scheme}://{text[2:]}"
    elif BARE.match(text):
        text = f"{scheme}://{text}"
    else:
        return ""
    return _sendable(text)


def _unwrapped(text: str) -> str:
    if link := MARKDOWN.fullmatch(text):
        return link[1]
    return text.strip(QUOTES) if text.startswith(tuple(QUOTES)) else text.rstrip(CLOSING)


def _sendable(url: str) -> str:
    scheme, _, rest = url.partition("://")
    # A host may have letters of any script, which the client turns into its own form.
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    path, mark, query = rest[len(host) :].partition("?")
    path, query = UNSENDABLE_IN_PATH.sub(_escape, path), UNSENDABLE_IN_QUERY.sub(_escape, query)
    address = f"{scheme}://{host}{path}{mark}{query}"
    try:
        return address if urlsplit(address).hostname and " " not in host else ""
    except ValueError:
        return ""


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


# ---- What a link leads to ---------------------------------------------------------------------

FILM_ENDINGS = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".flv")
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".heic")
SOUND_ENDINGS = (".mp3", ".wav", ".m4a", ".aac", ".flac", ".ogg", ".opus")


def role_by_ending(url: str) -> str:
    """The role that the path's ending tells, "" where it tells none."""
    path = urlsplit(url).path.lower()
    for role, endings in (
        ("video", FILM_ENDINGS),
        ("cover", PICTURE_ENDINGS),
        ("audio", SOUND_ENDINGS),
    ):
        if path.endswith(endings):
            return role
    return ""


def is_playlist(url: str) -> bool:
    """Whether the path ends as that of a list of parts, which is no film by itself."""
    return urlsplit(url).path.lower().endswith((".m3u8", ".mpd"))


# ---- When a link dies -------------------------------------------------------------------------

# The parameters that say when an address was signed and for how many seconds.
SIGNING_PREFIXES = ("x-amz-", "x-oss-", "x-goog-", "x-tos-", "x-cos-", "x-obs-", "x-bce-")
# Those that say when an address dies.
END_PARAMETERS = (
    *("expires", "expire", "x-expires", "expires_at", "expiresat", "expiry", "exp", "deadline"),
    "se",
)
# Those that may as well say when the address was made: they count only if that is to come.
# Aliyun's and Tencent's ``auth_key=1764522552-…``, Qiniu's ``e``, and ``t``.
DOUBTFUL_PARAMETERS = ("auth_key", "e", "t", "ts", "wstime")
# Tencent's ``q-sign-time=1764522552;1764526152``.
SPANS = ("q-sign-time", "q-key-time")


def read_expiry(url: str, *, now: float | None = None) -> float | None:
    """When a link dies, in Unix seconds; None where its address does not tell.

    Without ``now``, parameters that may be the time of signing are not read.
    """
    try:
        query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    except ValueError:
        return None
    ends = [_signed_end(query, prefix) for prefix in SIGNING_PREFIXES]
    ends += [_instant(query.get(name, "")) for name in END_PARAMETERS]
    ends += [_instant(query[name].rpartition(";")[2]) for name in SPANS if name in query]
    if now is not None:
        ends += [end for end in _doubtful_ends(query) if end > now]
    # An address may tell more than one end, and is dead after the first.
    return min((end for end in ends if end is not None), default=None)


def _signed_end(query: Mapping[str, str], prefix: str) -> float | None:
    span = query.get(f"{prefix}expires", "").strip()
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", span):
        return None
    try:
        at = query.get(f"{prefix}date", "").strip().upper()
        signed = datetime.strptime(f"{at}+0000", "%Y%m%dT%H%M%SZ%z")
    except ValueError:
        return None
    return signed.timestamp() + float(span)


def _doubtful_ends(query: Mapping[str, str]) -> Iterator[float]:
    for name in DOUBTFUL_PARAMETERS:
        end = _instant(re.split("[-_]", query.get(name, ""), maxsplit=1)[0])
        if end is not None:
            yield end


def _instant(text: str) -> float | None:
    """Unix seconds of a time in any unit or form; a small number is none, e.g. a span."""
    seconds = read_time(text)
    try:
        return float(Decimal(seconds)) if seconds else None
    except ArithmeticError:  # a time without a zone
        return None

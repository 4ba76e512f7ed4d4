"""What a store says of a link that it does not serve: a text to show, and whether it expired."""

import codecs
import html
import re
from contextlib import suppress
from dataclasses import dataclass

MAX_BYTES = 8 * 1024
EXCERPT_LENGTH = 500

# The error of S3 and of the stores that speak as it does: the other elements repeat parts of the
# request, among them its signature.
CODE_AND_MESSAGE = re.compile(r"<(Code|Message)>(.*?)</\1>", re.DOTALL)
INVISIBLE = re.compile(r"<!--.*?-->|<(script|style|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
QUERY_VALUE = re.compile(r"=([^&]{8,})")
TITLE = re.compile(r"<title\b[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
ESCAPE = re.compile(r"\\u(?!00[01])([0-9a-fA-F]{4})")  # of JSON, but for control letters
CHARSETS = ("utf-8", "gb18030")

# In the words of S3 and OSS ("Request has expired", ExpiredToken), Azure, Qiniu, and CDNs.
EXPIRED = re.compile(
    r"(?<!not )expired(?!\w*=)|expired[-_ ]?token|out of date|timestamp is too old"
    r"|not valid in the specified time frame|no longer valid|time out of range"
    r"|claim timestamp check failed|过期|過期|失效",
    re.IGNORECASE,
)
OTHER_REASON = re.compile(
    r"nosuch(key|bucket|object)|does ?n[o']t exist|not[-_ ]?found|not yet valid"
    r"|signature[-_ ]?does[-_ ]?not[-_ ]?match|invalidaccesskeyid|invalidobjectstate|不存在",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """``excerpt``: text of at most 500 characters. ``is_expired``: None where nothing is said."""

    excerpt: str = ""
    is_expired: bool | None = None


def read_error_page(body: bytes, query: str) -> ErrorPage:
    """Read the beginning of an error's body; the values of the link's ``query`` are left out.

    A body that is no text says nothing.
    """
    text = _decode(body)
    if CONTROL.search(text[:EXCERPT_LENGTH]):
        return ErrorPage()
    text = ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # pairs, and halves
    if parts := CODE_AND_MESSAGE.findall(text):
        text = ": ".join(content for _, content in parts)
    shown = TAG.sub(" ", INVISIBLE.sub(" ", text))
    if not shown.strip() and (title := TITLE.search(text)):
        shown = title[1]
    text = html.unescape(shown)
    for value in QUERY_VALUE.findall(query):
        text = text.replace(value, "…")
    text = " ".join(text.split())
    return ErrorPage(text[:EXCERPT_LENGTH], _expiry(text))


def _decode(body: bytes) -> str:
    """The text of a body whose end may be cut in a letter."""
    for charset in CHARSETS:
        with suppress(UnicodeDecodeError):
            return codecs.getincrementaldecoder(charset)().decode(body)
    return body.decode("utf-8", "replace")


def _expiry(text: str) -> bool | None:
    expired, other = EXPIRED.search(text), OTHER_REASON.search(text)
    if bool(expired) == bool(other):
        return None  # nothing, or both: "does not exist or has expired"
    return bool(expired)

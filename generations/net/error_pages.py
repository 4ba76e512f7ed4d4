"""What a store says of a link that it does not serve: a text to show, and whether it expired."""

import html
import re
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

# In the words of S3 and OSS ("Request has expired", ExpiredToken), Azure, Qiniu, and CDNs.
EXPIRED = re.compile(
    r"(?<!not )expired(?!\w*=)|expired[-_ ]?token|out of date|timestamp is too old"
    r"|not valid in the specified time frame|过期|已失效",
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
    text = body.decode("utf-8", "replace")
    if CONTROL.search(text[:EXCERPT_LENGTH]):
        return ErrorPage()
    if parts := CODE_AND_MESSAGE.findall(text):
        text = ": ".join(content for _, content in parts)
    text = html.unescape(TAG.sub(" ", INVISIBLE.sub(" ", text)))
    for value in QUERY_VALUE.findall(query):
        text = text.replace(value, "…")
    text = " ".join(text.split())
    return ErrorPage(text[:EXCERPT_LENGTH], _expiry(text))


def _expiry(text: str) -> bool | None:
    expired, other = EXPIRED.search(text), OTHER_REASON.search(text)
    if bool(expired) == bool(other):
        return None  # nothing, or both: "does not exist or has expired"
    return bool(expired)

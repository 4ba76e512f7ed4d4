"""A provider's answer, read strictly; each adapter decides what its members mean.

A member that does not fit counts as missing, and nothing is guessed. First the answer as a whole,
then the links in it and when they die (docs/wire.md, 1.2 and 1.6), then single values.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec

from generations.providers.contract import (
    ProviderError,
    Reason,
    Refused,
    RemoteState,
    Report,
    Result,
    Unavailable,
    Unclear,
)

from .reasons import status_reason

# A reply may repeat an order, whose own limit is 20 MB (docs/wire.md, 2.4).
BODY_LIMIT = 32 * 1024 * 1024
# What is stored of a reply, and of a sentence and a word in it (docs/wire.md, 1.7).
RAW_LIMIT = 64 * 1024
TEXT_LIMIT = 2000
WORD_LIMIT = 60
# Twice what an order may have (docs/wire.md, 2.3), so that a listed prompt can be compared whole.
PROMPT_LIMIT = 10_000
INTEGER_LIMIT = 10**15  # of an amount (docs/wire.md, 1.5)

# Seed 002 has an id with a colon in it.
IDENTIFIER = re.compile(r"[A-Za-z0-9_:-]{1,100}")
INTEGER = re.compile(r"-?[0-9]{1,15}")
DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,20})?(e-[0-9]{1,2})?")
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")

# The query parameters that say when an address was signed and for how many seconds.
SIGNING_PARAMETERS = (
    ("x-amz-date", "x-amz-expires"),
    ("x-oss-date", "x-oss-expires"),
    ("x-goog-date", "x-goog-expires"),
    ("x-tos-date", "x-tos-expires"),
)
SIGNED_AT = "%Y%m%dT%H%M%SZ"
# The parameter that says when an address dies, in Unix seconds.
EXPIRES = "expires"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, or one object inside it. ``members`` is None where it is no JSON object.

    ``raw`` is the whole answer as text that can be stored; ``retry_after`` is in seconds.
    """

    status: int
    members: Mapping[str, object] | None
    raw: str
    retry_after: float | None
    key: str = field(repr=False)

    @property
    def is_successful(self) -> bool:
        """Whether the HTTP status is 2xx; the body may still tell an error."""
        return 200 <= self.status < 300

    def get(self, name: str) -> object:
        """A member as it came, None where it is missing."""
        return (self.members or {}).get(name)

    def child(self, name: str) -> "Reply":
        """The same answer, read from the object in one of its members."""
        return self.at(self.get(name))

    def at(self, value: object) -> "Reply":
        """The same answer, read from an object that is somewhere in it.

        Status and raw text stay those of the whole, so that an error found there quotes all of it.
        """
        return replace(self, members=as_object(value))

    def text(self, name: str, *, limit: int = TEXT_LIMIT) -> str:
        """A member as text without the key, "" where it is missing or no text."""
        # Cut last: half a key at the end would not be found any more.
        return redact(read_text(self.get(name), limit=None), self.key)[:limit]

    def word(self, name: str) -> str:
        """A member as a word of the provider's vocabulary, "" where it is missing or no text."""
        return self.text(name, limit=WORD_LIMIT).strip()

    def error(
        self,
        kind: type[ProviderError],
        code: str = "",
        message: str | None = None,
        *,
        reason: Reason | None = None,
    ) -> ProviderError:
        """The error of this answer; without the provider's own word its HTTP status is the code."""
        return kind(
            code or f"http_{self.status}",
            self.text("message") if message is None else message,
            reason=reason or status_reason(self.status),
            status=self.status,
            raw=self.raw,
            retry_after=self.retry_after,
        )

    def unreadable(self, kind: type[ProviderError], message: str | None = None) -> ProviderError:
        """The error of an answer that is not what the provider documents."""
        return self.error(kind, "garbled", message, reason=Reason.UNREADABLE)

    def as_question(self, error: ProviderError) -> ProviderError:
        """Turn the error of a create into that of a question, which may be asked again.

        Only a clear no stays Refused. A page without JSON is none: it may come from a proxy.
        """
        if isinstance(error, Unclear) or (isinstance(error, Refused) and self.members is None):
            return self.error(Unavailable, error.code, error.message, reason=error.reason)
        return error


def read_reply(response: httpx.Response, key: str) -> Reply:
    """Read an answer whose body is loaded; ``key`` is removed from all that is read as text."""
    return Reply(
        status=response.status_code,
        members=read_object(response.content),
        raw=read_raw(response.content, key),
        retry_after=read_retry_after(response.headers.get("Retry-After", "")),
        key=key,
    )


def read_raw(content: bytes, key: str) -> str:
    """The body as text that can be stored: without the key, without NUL, at most 64 KiB long."""
    # Cut last: half a key at the end would not be found any more.
    return redact(content.decode("utf-8", "replace").replace("\0", ""), key)[:RAW_LIMIT]


def redact(text: str, key: str) -> str:
    """``text`` with stars for the key, also where JSON has escaped its slashes."""
    if not key:
        return text
    return text.replace(key, "***").replace(key.replace("/", "\\/"), "***")


def read_retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header; None for a date, since an adapter has no clock."""
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value) else None


def read_echo(reply: Reply, names: Mapping[str, str]) -> Mapping[str, str]:
    """What an answer repeats of its order; ``names`` maps our names to the answer's members."""
    echo = {
        ours: reply.text(theirs, limit=PROMPT_LIMIT) if ours == "prompt" else reply.word(theirs)
        for ours, theirs in names.items()
    }
    return {name: value for name, value in echo.items() if value}


# ---- Links ------------------------------------------------------------------------------------


def with_results(report: Report, results: Iterable[Result]) -> Report:
    """Add the links to a success; one without a video counts as running, and is asked again."""
    if report.state is not RemoteState.SUCCEEDED:
        return report
    links = tuple(results)
    # Else the task would have ended, and nobody would ask for its link any more.
    if not any(result.role == "video" for result in links):
        return replace(report, state=RemoteState.RUNNING)
    return replace(report, results=links)


def read_expiry(url: str) -> float | None:
    """When a link dies, in Unix seconds; None where its address does not tell."""
    try:
        query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    except ValueError:
        return None
    ends = [_signed_end(query, date, span) for date, span in SIGNING_PARAMETERS]
    ends.append(_read_seconds(query.get(EXPIRES, "")))
    # An address may tell more than one end, and is dead after the first.
    return min((end for end in ends if end is not None), default=None)


def _signed_end(query: Mapping[str, str], date: str, span: str) -> float | None:
    seconds = _read_seconds(query.get(span, ""))
    if seconds is None:
        return None
    try:
        signed = datetime.strptime(query.get(date, ""), SIGNED_AT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return signed.timestamp() + seconds


def _read_seconds(text: str) -> float | None:
    return float(text) if SECONDS.fullmatch(text) else None


# ---- Single values ----------------------------------------------------------------------------


def read_object(content: bytes) -> Mapping[str, object] | None:
    """The JSON object in a body; None for anything else, also a broken or too large one."""
    if len(content) > BODY_LIMIT:
        return None
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return as_object(value)


def as_object(value: object) -> Mapping[str, object] | None:
    """A JSON object, None for any other value."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_objects(value: object) -> Sequence[Mapping[str, object]]:
    """The objects in a list; one object alone counts as a list of one."""
    values = value if isinstance(value, list) else [value]
    return [row for row in map(as_object, values) if row is not None]


def read_text(value: object, *, limit: int | None = TEXT_LIMIT) -> str:
    """A string that can be stored (no NUL, not longer than ``limit``), "" for any other value."""
    return value[:limit].replace("\0", "") if isinstance(value, str) else ""


def read_word(value: object) -> str:
    """A word of a provider's vocabulary, at most 60 characters; "" for any other value."""
    return read_text(value, limit=WORD_LIMIT).strip()


def read_identifier(value: object) -> str:
    """An id as text, also where it came as an integer; "" for any other value.

    Ids exceed 2^53 (docs/wire.md, 1.3), so one that came as a float has lost digits.
    """
    if isinstance(value, int) and not isinstance(value, bool):  # to Python, true is an integer
        value = str(value)
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        return ""
    # No task has the id 0: adapters ask for it to test a key (docs/wire.md, 2.7).
    return "" if value == "0" or value.startswith("-") else value


def read_integer(value: object, *, low: int = 0, high: int = INTEGER_LIMIT) -> int | None:
    """An integer, also where it came as text; None for any other value or out of bounds."""
    if isinstance(value, str) and INTEGER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if low <= value <= high else None


def read_decimal(value: object) -> Decimal | None:
    """A number that may have a fraction, as it was written, also where it came as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    # A float is read by its shortest form: 74.87 is 74.87, and not 74.87000000000000455. A very
    # small one has an exponent there.
    text = str(value)
    return Decimal(text) if DECIMAL.fullmatch(text) else None


def read_progress(value: object) -> int | None:
    """0 to 100, also where it came as ``45%``; None for any other value."""
    return read_integer(value.removesuffix("%") if isinstance(value, str) else value, high=100)


def read_address(value: object) -> str:
    """An http(s) address, byte for byte as it came; "" for any other value."""
    if not isinstance(value, str) or "\0" in value:
        return ""
    return value if value.startswith(("https://", "http://")) else ""

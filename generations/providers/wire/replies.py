"""A provider's answer: its members, its raw text, and the error that it is (docs/wire.md, 1.7)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cached_property
from html import unescape
from itertools import chain

import httpx

from generations.providers.contract import ProviderError, Reason

from .complaints import read_complaint
from .objects import as_object, decode, read_members
from .reasons import status_reason
from .values import TEXT_LIMIT, WORD_LIMIT, is_empty, read_identifier, read_text, read_time, trim

# 303 is missing: it says that the request was taken, and where its answer is.
REDIRECTS = frozenset({300, 301, 302, 307, 308})
RAW_LIMIT = 64 * 1024
PLACE_LIMIT = 200  # of a redirect's address, and of a page's title

# Objects that the answer to a question may be wrapped in.
ENVELOPES = (
    *("data", "task", "result", "output", "Response", "response", "Data", "Task", "Result"),
    *("Output", "body", "job"),
)
ENVELOPE_DEPTH = 3
TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)
MARKUP = re.compile(r"<[^>]*>|\s+")
HTML = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
# An id behind its name in JSON, in what other languages print for an object, or in XML. A name
# behind a backslash stands in a text, which may be a prompt.
SIGHT = (
    r"""(?<![\w\\])["']{quotes}(?:{names})["']{quotes}\s*(?:=>|[:=>])\s*"""
    r"""(?:"([^"\\]+)"|'([^'\\]+)'|([\w.:/+@-]+)(?=[\s,;)}}\]<]))"""
)


@dataclass(frozen=True)
class Reply:
    """An answer, or one object inside it. ``members`` is None where it is no JSON object.

    ``is_cut``: the end of the answer is missing. ``scheme`` is that of the address it came from.
    ``raw`` is the whole answer as text that can be stored; ``retry_after`` is in seconds;
    ``location`` is where a redirect leads.
    """

    status: int
    members: Mapping[str, object] | None
    raw: str
    retry_after: float | None
    key: str = field(repr=False)
    is_cut: bool = False
    scheme: str = "https"
    location: str = ""

    @property
    def is_successful(self) -> bool:
        """Whether the HTTP status is 2xx; the body may still tell an error."""
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether a page came where JSON was asked for."""
        return self.members is None and self.raw.lstrip().startswith("<")

    @property
    def headline(self) -> str:
        """The status, and what a page in between has as its title, or what else it says."""
        match = TITLE.search(self.raw) if self.is_page else None
        said = unescape(MARKUP.sub(" ", match[2])) if match else self.sentence
        return f"{self.status} {' '.join(said.split())}".strip()[:PLACE_LIMIT]

    @property
    def sentence(self) -> str:
        """What an answer of somebody else says: its sentence, or its text where it is no JSON."""
        if self.members is not None:
            return self.hidden(read_complaint(self.members, {}).message)
        text = " ".join(self.raw[:TEXT_LIMIT].split())
        return text if text.isprintable() and not self.is_page else ""

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

    def first(self, paths: Sequence[str]) -> object:
        """The first member at these paths (``data.usage``) that tells anything, else None."""
        for path in paths:
            *outer, last = path.split(".")
            members = self.members
            for name in outer:
                members = as_object((members or {}).get(name))
            value = (members or {}).get(last)
            if not is_empty(value):
                return value
        return None

    @property
    def scopes(self) -> "Sequence[Reply]":
        """The objects that members may stand in: what the answer is wrapped in, then its top."""
        return [*self._wrapped, self]

    @cached_property
    def _wrapped(self) -> "Sequence[Reply]":
        return list(self._within(ENVELOPE_DEPTH))

    def _within(self, depth: int) -> "Iterator[Reply]":
        for name in ENVELOPES if depth else ():
            members = as_object(self.get(name))
            if members is not None:
                inner = replace(self, members=members)
                yield inner
                yield from inner._within(depth - 1)

    @cached_property
    def _told(self) -> Mapping[str, Sequence[object]]:
        """What stands under each name in any of these objects, without what tells nothing."""
        told: dict[str, list[object]] = {}
        for scope in self.scopes:
            for name, value in (scope.members or {}).items():
                if not is_empty(value):
                    told.setdefault(name, []).append(value)
        return told

    def neighbours(self, names: Sequence[str]) -> Iterator[object]:
        """What stands under these names anywhere in the answer, the first names first."""
        return chain.from_iterable(self._told.get(name, ()) for name in names)

    def identifier(self, value: object) -> str:
        """A value as an id, "" for what is none; no id has the key in it."""
        text = read_identifier(value)
        return text if text == redact(text, self.key) else ""

    def sighted(self, names: Sequence[str]) -> Sequence[str]:
        """What stands under these names in the text of an answer that nobody can read as JSON."""
        if is_json(self.raw) or HTML.search(self.raw):
            return []
        # Without quotes a name may stand in a prompt, wherever there are members at all.
        quotes = "?" if self.members is None else ""
        pattern = SIGHT.format(names="|".join(map(re.escape, names)), quotes=quotes)
        return [match[match.lastindex or 0] for match in re.finditer(pattern, self.raw)]

    def anywhere(self, paths: Sequence[str]) -> object:
        """The first member at these paths, else where an answer wrapped otherwise has them."""
        value = self.first(paths)
        for path in paths if value is None else ():
            parts = path.split(".")
            inner_paths = [".".join(parts[start:]) for start in range(len(parts))]
            found = (scope.first([inner]) for inner in inner_paths for scope in self.scopes)
            value = next((each for each in found if each is not None), None)
            if value is not None:
                break
        return value

    def text(self, name: str, *, limit: int = TEXT_LIMIT) -> str:
        """A member as text without the key, "" where it is missing or no text."""
        return self.hidden(read_text(self.get(name), limit=None), limit)

    def word(self, name: str) -> str:
        """A member as a word of the provider's vocabulary, "" where it is missing or no text."""
        return trim(self.text(name, limit=WORD_LIMIT))

    def hidden(self, text: str, limit: int = TEXT_LIMIT) -> str:
        """A text of this answer without the key, as long as it may be stored."""
        # Cut last: half a key at the end would not be found any more.
        return redact(text.replace("\0", ""), self.key)[:limit]

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
            self.hidden(code, WORD_LIMIT) or f"http_{self.status}",
            self.text("message") if message is None else self.hidden(message),
            reason=reason or status_reason(self.status),
            status=self.status,
            raw=self.raw,
            retry_after=self.retry_after,
        )


def error_of_redirect(reply: Reply, kind: type[ProviderError]) -> ProviderError:
    """The error of an answer that sends a request on to another address."""
    message = f"{reply.status} {reply.location}".strip()
    return reply.error(kind, "redirected", message, reason=Reason.REDIRECTED)


def read_reply(response: httpx.Response, key: str, scheme: str = "https") -> Reply:
    """Read an answer whose body is loaded; ``key`` is removed from all that is read as text."""
    charset = read_charset(response.headers.get("Content-Type", ""))
    members, is_cut = read_members(response.content, charset)
    return Reply(
        status=response.status_code,
        members=members,
        raw=read_raw(response.content, key, charset),
        retry_after=read_retry_after(response.headers),
        key=key,
        is_cut=is_cut,
        scheme=scheme,
        location=redact(response.headers.get("Location", "").strip(), key)[:PLACE_LIMIT],
    )


def is_json(text: str) -> bool:
    """Whether a strict reader takes a text."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_charset(content_type: str) -> str:
    """The charset that a Content-Type claims, "" for none."""
    header = Message()
    header["Content-Type"] = content_type.encode("ascii", "ignore").decode().replace("\n", "")
    return str(header.get_param("charset") or "").strip("\"' ")


def read_raw(content: bytes, key: str, charset: str = "") -> str:
    """The body as text that can be stored: without the key, without NUL, at most 64 KiB long."""
    # Cut last: half a key at the end would not be found any more.
    return redact(decode(content, charset).replace("\0", ""), key)[:RAW_LIMIT]


def redact(text: str, key: str) -> str:
    """``text`` with stars for the key, also where JSON has escaped its slashes."""
    if not key:
        return text
    return text.replace(key, "***").replace(key.replace("/", "\\/"), "***")


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header. A date is told from the answer's own: there is no clock."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]*)?", value):
        return float(value)
    times = read_time(value), read_time(headers.get("Date", ""))
    try:
        then, now = map(float, times)
    except ValueError:  # not told, or without a zone
        return None
    return max(0.0, then - now)

"""The heads of replies as servers write them, made into what an HTTP parser takes.

A gateway that copies the headers of another server may send ``Transfer-Encoding`` twice, a length
that is none, or a name that is no token. A parser of HTTP refuses all of these, and with them an
answer that was given once only. Nothing of a body is touched.
"""

import re

MOST_BYTES = 96 * 1024  # a longer head goes on as it came, and is refused by the parser
END = re.compile(rb"\r?\n\r?\n")
LINE_BREAK = re.compile(rb"\r?\n(?![ \t])")  # not before a line that continues a value
STATUS = re.compile(
    rb"\s*HTTP/([0-9](?:\.[0-9])?)[ \t]+([1-9][0-9]{2})(?:[ \t]+(.*))?", re.IGNORECASE
)
TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
UNSENDABLE = re.compile(rb"[\x00\r\n]+[ \t]*")
ABOUT_LENGTH = {b"transfer-encoding", b"content-length"}


class ResponseHeads:
    """Finds the head of each reply in the bytes of a connection: one follows each request."""

    def __init__(self) -> None:
        self._is_expected = False
        self._buffer = b""

    def expect(self) -> None:
        """Note that a request was sent."""
        self._is_expected = True

    def feed(self, data: bytes) -> bytes:
        """Return what goes on of bytes that came; b"" while a head is not whole.

        Without ``data``, which is the end of the connection, all that was held back goes on.
        """
        if not self._is_expected:
            return data
        held = (self._buffer + data).lstrip(b"\r\n")
        end = END.search(held)
        if end is None and data and len(held) < MOST_BYTES:
            self._buffer = held
            return b""
        self._buffer, self._is_expected = b"", False
        if end is None:
            return held
        head, rest = held[: end.start()], held[end.end() :]
        mended, is_last = _mended(head)
        if not is_last:
            self._is_expected = True
            rest = self.feed(rest) if rest else rest
        return mended + rest


def _mended(head: bytes) -> tuple[bytes, bool]:
    """Return a head with its blank line, and whether no further one follows before the body."""
    first, *lines = LINE_BREAK.split(head)
    status = STATUS.fullmatch(first)
    if status is None:
        return head + b"\r\n\r\n", True
    version = b"1.0" if status[1] == b"1.0" else b"1.1"
    fields = [_field(line) for line in lines]
    kept = [field for field in fields if field and field[0].lower() not in ABOUT_LENGTH]
    kept += _length(fields)
    text = [b"HTTP/%s %s %s" % (version, status[2], (status[3] or b"").strip())]
    text += [b"%s: %s" % field for field in kept]
    is_last = not status[2].startswith(b"1") or status[2] == b"101"
    return b"\r\n".join(text) + b"\r\n\r\n", is_last


def _field(line: bytes) -> tuple[bytes, bytes] | None:
    """Return name and value of a line; None where it has no name."""
    name, colon, value = line.partition(b":")
    name = name.strip()
    if not colon or not TOKEN.fullmatch(name):
        return None
    return name, UNSENDABLE.sub(b" ", value).strip()


def _length(fields: list[tuple[bytes, bytes] | None]) -> list[tuple[bytes, bytes]]:
    """Return what tells the end of the body: chunks or one length, else that of the connection."""
    values: dict[bytes, set[bytes]] = {name: set() for name in ABOUT_LENGTH}
    for name, value in filter(None, fields):
        if name.lower() in values:
            values[name.lower()] |= {part.strip().lower() for part in value.split(b",")}
    if b"chunked" in values[b"transfer-encoding"]:
        return [(b"Transfer-Encoding", b"chunked")]
    lengths = {
        int(part) for part in values[b"content-length"] if re.fullmatch(rb"[0-9]{1,18}", part)
    }
    return [(b"Content-Length", b"%d" % lengths.pop())] if len(lengths) == 1 else []

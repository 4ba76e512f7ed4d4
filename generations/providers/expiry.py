"""When a result's link dies, as far as its own address tells (contract 2.12)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

DATE_FORM = "%Y%m%dT%H%M%SZ"
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")

# The parameters that name when an address was signed and for how many seconds.
SPANS = (
    ("x-amz-date", "x-amz-expires"),
    ("x-oss-date", "x-oss-expires"),
    ("x-goog-date", "x-goog-expires"),
    ("x-tos-date", "x-tos-expires"),
)
# The parameter that names the end itself, in Unix seconds.
END = "expires"


def read_expiry(url: str) -> float | None:
    """The end of a link in Unix seconds; None where its address does not tell."""
    try:
        said = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    except ValueError:
        return None
    ends = [_span(said, date, span) for date, span in SPANS]
    ends.append(_seconds(said.get(END, "")))
    return min((end for end in ends if end is not None), default=None)


def _span(said: Mapping[str, str], date: str, span: str) -> float | None:
    seconds = _seconds(said.get(span, ""))
    if seconds is None:
        return None
    try:
        signed = datetime.strptime(said.get(date, ""), DATE_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return signed.timestamp() + seconds


def _seconds(text: str) -> float | None:
    return float(text) if SECONDS.fullmatch(text) else None

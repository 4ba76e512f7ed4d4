"""The links of a finished task, and when each of them dies (docs/wire.md, 1.2 and 1.6)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from generations.providers.contract import RemoteState, Report, Result

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
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


def with_results(report: Report, results: Iterable[Result]) -> Report:
    """Add the links to a success; one without a video counts as running, and is asked again."""
    if report.state is not RemoteState.SUCCEEDED:
        return report
    links = tuple(results)
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

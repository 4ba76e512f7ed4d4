"""The links of a finished task, and when they make it a success."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from generations.providers.contract import Report, Result, State


def with_results(report: Report, results: Iterable[Result]) -> Report:
    """A success with its links; without a video it has not ended yet, and is asked again (2.7)."""
    if report.state is not State.SUCCEEDED:
        return report
    links = tuple(results)
    if not any(result.part == "video" for result in links):
        return replace(report, state=State.RUNNING)
    return replace(report, results=links)


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

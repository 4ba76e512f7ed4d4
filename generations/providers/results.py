"""The links of a finished task, and when they make it a success."""

from collections.abc import Iterable
from dataclasses import replace

from generations.providers.contract import Report, Result, State


def with_results(report: Report, results: Iterable[Result]) -> Report:
    """A success with its links; without a video it has not ended yet, and is asked again (2.7)."""
    if report.state is not State.SUCCEEDED:
        return report
    links = tuple(results)
    if not any(result.part == "video" for result in links):
        return replace(report, state=State.RUNNING)
    return replace(report, results=links)

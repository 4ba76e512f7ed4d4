"""Memory at rest, and under a thousand open tabs."""

import asyncio
import re
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.bench.figures import memory, percentile, with_descendants
from tests.bench.tabs import EVERY_SECONDS, poll

from .installation import Stage, running

pytestmark = [pytest.mark.bench, pytest.mark.timeout(400)]

TABS, SECONDS = 1_000, 60.0
SETTLE_SECONDS = 5.0


def part(stage: Stage, word: str) -> int:
    """The process of ``up`` whose command holds this word."""
    for process in with_descendants(stage.app.pid):
        words = Path(f"/proc/{process}/cmdline").read_text()
        if word in words and process != stage.app.pid:
            return process
    raise LookupError(word)


def changes(stage: Stage, team: str, cookie: str) -> bytes:
    """The request of a tab that is up to date."""
    wall = Request(f"{stage.url}/t/{team}/", headers={"Cookie": cookie})
    with urlopen(wall) as answer:
        found = re.search(r'data-since="([^"]*)"', answer.read().decode())
    assert found
    query = urlencode({"since": found[1]})
    head = f"GET /t/{team}/changes?{query} HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n"
    return f"{head}Cookie: {cookie}\r\nConnection: close\r\n\r\n".encode()


def test_memory_at_rest_and_under_a_thousand_tabs(tmp_path: Path) -> None:
    with running(tmp_path) as stage:
        placed = stage.place()
        request = changes(stage, placed["team"], f"sessionid={placed['session']}")
        time.sleep(SETTLE_SECONDS)
        web, cluster = part(stage, "granian"), part(stage, "qcluster")
        rest = memory(web)
        print(f"\nAt rest (PSS): web {rest:.0f} MiB, cluster {memory(cluster):.0f} MiB")
        print(f"  all of it, with the supervisor: {memory(stage.app.pid):.0f} MiB")
        told = asyncio.run(poll(stage.port, request, TABS, SECONDS))
        busy = memory(web)
    print(f"{TABS:,} tabs, each asking every {EVERY_SECONDS:g} s, for {SECONDS:g} s")
    print(f"  answers {told.statuses}, failures {told.failures}")
    asked = len(told.seconds) / SECONDS
    late = percentile(told.seconds, 95)
    print(
        f"  {asked:.0f} answers a second, p50 {percentile(told.seconds, 50):.3f} s, p95 {late:.3f}"
    )
    print(f"  web memory {rest:.0f} → {busy:.0f} MiB (×{busy / rest:.2f})")
    assert set(told.statuses) == {204}

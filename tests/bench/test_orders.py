"""A thousand orders over ten keys of five slots: none twice, none lost, and how long it takes."""

import time
from pathlib import Path

import pytest

from tests.bench.figures import cpu_seconds

from .installation import running, wait_until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(400)]

ORDERS, KEYS = 1_000, 10
MOST_SECONDS = 80.0
SUCCEEDED = "generations_task WHERE state = 'succeeded'"
STORED = "generations_file WHERE part = 'video' AND state = 'stored'"


def test_a_thousand_orders(tmp_path: Path) -> None:
    with running(tmp_path) as stage:
        began = time.monotonic()
        stage.place(keys=KEYS, orders=ORDERS)
        ordered, before = time.monotonic(), cpu_seconds(stage.app.pid)
        wait_until(lambda: stage.count(SUCCEEDED) == ORDERS, MOST_SECONDS)
        spent = time.monotonic() - ordered
        work = cpu_seconds(stage.app.pid) - before
        succeeded, stored = stage.count(SUCCEEDED), stage.count(STORED)
        twice = [name for name, n in stage.sandbox("counts")["by_payload"].items() if n > 1]
        locked = stage.said("database is locked")
    assert stored, "nothing was stored"
    print(f"\n{ORDERS:,} orders, {KEYS} keys, 5 slots each, 2 s at the provider")
    print(f"  ordered in {ordered - began:.1f} s ({ORDERS / (ordered - began):.0f} a second)")
    print(f"  succeeded within {spent:.0f} s: {succeeded} ({succeeded / spent:.1f} a second)")
    print(f"  stored by then: {stored} ({stored / spent:.1f} a second)")
    print(f"  CPU of web and cluster meanwhile: {work:.0f} s, {work / stored:.2f} s a stored clip")
    print(f"  sent twice: {len(twice)}; database is locked: {len(locked)}")
    assert twice == []
    assert locked == []

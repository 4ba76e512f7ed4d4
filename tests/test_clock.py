"""The clock stops for one test, moves when told, and sleeps without waiting."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from generations import clock

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)


def test_a_running_clock_tells_the_present_in_utc() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_stopped_clock_moves_only_when_told() -> None:
    with clock.stopped(NOON) as hands:
        assert clock.now() == NOON
        hands.move(90.5)
        assert clock.now() == NOON + timedelta(seconds=90.5)
    assert clock.now() > NOON + timedelta(days=30)


def test_a_sleeper_moves_the_hands_and_nobody_waits() -> None:
    began = time.monotonic()
    with clock.stopped(NOON):
        asyncio.run(clock.sleep(3600))
        assert clock.now() == NOON + timedelta(hours=1)
    assert time.monotonic() - began < 60


def test_clocks_stop_inside_each_other() -> None:
    with clock.stopped(NOON):
        with clock.stopped(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON

"""A frozen clock moves only when a test advances it, and sleeps without waiting."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from generations import clock

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)


def test_the_running_clock_returns_the_present_in_utc() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_frozen_clock_moves_only_when_advanced() -> None:
    with clock.frozen(NOON) as frozen_clock:
        assert clock.now() == NOON
        frozen_clock.advance(90.5)
        assert clock.now() == NOON + timedelta(seconds=90.5)
    assert clock.now() > NOON + timedelta(days=30)


def test_sleep_advances_a_frozen_clock_and_nobody_waits() -> None:
    began = time.monotonic()
    with clock.frozen(NOON):
        asyncio.run(clock.sleep(3600))
        assert clock.now() == NOON + timedelta(hours=1)
    assert time.monotonic() - began < 60


def test_clocks_can_be_frozen_inside_each_other() -> None:
    with clock.frozen(NOON):
        with clock.frozen(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON

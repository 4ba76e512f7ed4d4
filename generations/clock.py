"""The current time. Tests can freeze it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.utils import timezone


class FrozenClock:
    """A clock that moves only when a test advances it, or when code sleeps."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


_frozen: ContextVar[FrozenClock | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    frozen_clock = _frozen.get()
    return frozen_clock.at if frozen_clock else timezone.now()


async def sleep(seconds: float) -> None:
    """Wait; a frozen clock is advanced instead, and nobody waits."""
    if frozen_clock := _frozen.get():
        frozen_clock.advance(seconds)
        await asyncio.sleep(0)
    else:
        await asyncio.sleep(seconds)


@contextmanager
def frozen(at: datetime) -> Iterator[FrozenClock]:
    """Freeze the time at an instant in this context, e.g. in one test."""
    frozen_clock = FrozenClock(at)
    token = _frozen.set(frozen_clock)
    try:
        yield frozen_clock
    finally:
        _frozen.reset(token)

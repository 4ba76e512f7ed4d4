"""The time, for everything that keeps a deadline; a test may hold its hands."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.utils import timezone


class Hands:
    """The hands of a stopped clock: they move when told, or when somebody sleeps."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


_hands: ContextVar[Hands | None] = ContextVar("hands", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    hands = _hands.get()
    return hands.at if hands else timezone.now()


async def sleep(seconds: float) -> None:
    """Wait; on a stopped clock the hands move instead and nobody waits."""
    if hands := _hands.get():
        hands.move(seconds)
        await asyncio.sleep(0)
    else:
        await asyncio.sleep(seconds)


@contextmanager
def stopped(at: datetime) -> Iterator[Hands]:
    """Stop the clock at an instant for this context, e.g. one test."""
    hands = Hands(at)
    token = _hands.set(hands)
    try:
        yield hands
    finally:
        _hands.reset(token)

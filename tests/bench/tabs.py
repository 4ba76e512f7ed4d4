"""Open tabs that ask what changed, each on a connection of its own, as browsers do."""

import asyncio
import random
import time
from dataclasses import dataclass, field

EVERY_SECONDS = 3.0
PATIENCE = 30.0


@dataclass
class Told:
    """What the tabs were answered: how often, after how many seconds, and how often not."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    failures: int = 0


async def poll(port: int, request: bytes, tabs: int, seconds: float) -> Told:
    told = Told()
    ends = time.monotonic() + seconds
    await asyncio.gather(*(_tab(port, request, ends, told) for _ in range(tabs)))
    return told


async def _tab(port: int, request: bytes, ends: float, told: Told) -> None:
    await asyncio.sleep(random.uniform(0, EVERY_SECONDS))
    while time.monotonic() < ends:
        try:
            async with asyncio.timeout(PATIENCE):
                await _ask(port, request, ends, told)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            told.failures += 1


async def _ask(port: int, request: bytes, ends: float, told: Told) -> None:
    """One look on one connection; then the tab waits as the page does."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
    status = int(head.split(b" ", 2)[1])
    told.statuses[status] = told.statuses.get(status, 0) + 1
    told.seconds.append(time.monotonic() - began)
    await asyncio.sleep(min(EVERY_SECONDS, max(0.0, ends - time.monotonic())))

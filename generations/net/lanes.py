"""Many small connection pools behind one async client.

httpcore looks at every connection of a pool at the start and the end of every request: one pool
with 200 requests in flight cost 17 ms of CPU per poll here, 32 lanes cost 2 ms.
"""

from collections.abc import AsyncIterator, Callable
from operator import attrgetter

import httpx

LANES = 32
MOST_PER_LANE = 8


class Lane:
    """One small pool, and how many exchanges it carries now."""

    def __init__(self, transport: httpx.AsyncHTTPTransport) -> None:
        self.transport = transport
        self.busy = 0


class LaneStream(httpx.AsyncByteStream):
    """A body that frees its place in the lane when it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, lane: Lane) -> None:
        self._stream = stream
        self._lane = lane

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._lane.busy -= 1


class Lanes(httpx.AsyncBaseTransport):
    """Sends each request on the least busy lane; when all is quiet that is always the first."""

    def __init__(self, make: Callable[[], httpx.AsyncHTTPTransport]) -> None:
        self.lanes = [Lane(make()) for _ in range(LANES)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        lane = min(self.lanes, key=attrgetter("busy"))
        lane.busy += 1
        try:
            response = await lane.transport.handle_async_request(request)
        except BaseException:
            lane.busy -= 1
            raise
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("An async transport answered with a sync body.")
        response.stream = LaneStream(response.stream, lane)
        return response

    async def aclose(self) -> None:
        for lane in self.lanes:
            await lane.transport.aclose()

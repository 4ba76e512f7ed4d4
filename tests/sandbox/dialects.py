"""Clients of the gateways, with a good key unless another is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from generations.sandbox.accounts import DEMO_KEYS
from generations.sandbox.sandbox import Sandbox
from generations.sandbox.wire import Request


@contextmanager
def speaking(sandbox: Sandbox, dialect: str, key: str = "") -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {key or DEMO_KEYS[dialect]}"}
    base_url = sandbox.address(dialect)
    with httpx.Client(base_url=base_url, headers=headers, trust_env=False) as client:
        yield client


def inside(sandbox: Sandbox, dialect: str, key: str = "") -> httpx.Client:
    """A client that asks the sandbox in this thread, without a socket."""

    def answer(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        asked = Request.of(request.method, target, dict(request.headers), request.read())
        found = sandbox.answer(asked)
        assert isinstance(found.body, bytes)
        headers = {"Content-Type": found.content_type} | found.headers
        return httpx.Response(found.status, headers=headers, content=found.body)

    headers = {"Authorization": f"Bearer {key or DEMO_KEYS[dialect]}"}
    base_url = f"http://sandbox.example/{dialect}"
    return httpx.Client(base_url=base_url, headers=headers, transport=httpx.MockTransport(answer))


def body_of(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body

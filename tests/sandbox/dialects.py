"""Clients of every dialect, with its demo key unless another is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from generations.sandbox.http import Request
from generations.sandbox.page import base

# A small order in each dialect: its path, and its body without a prompt.
ORDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "vidu": ("/ent/v2/text2video", {"model": "viduq2", "duration": 1, "resolution": "540p"}),
    "relay": ("/ent/v2/text2video", {"model": "viduq2", "duration": 1, "resolution": "540p"}),
    "vivienne": ("/open/aigw/gateway/generations", {"model": "viduq2_text2video"}),
    "apixo": (
        "/api/v1/generateTask/vidu-q3",
        {"mode": "turbo-text-to-video", "resolution": "540p", "duration": 1},
    ),
}


def order_of(dialect: str, prompt: str, callback: str = "") -> tuple[str, dict[str, Any]]:
    """The path and the body of an order, with a callback address if there is one."""
    path, body = ORDERS[dialect]
    body = body | {"prompt": prompt}
    name = "callbackUrl" if dialect == "vivienne" else "callback_url"
    told = {name: callback} if callback else {}
    if dialect == "apixo":
        kind = {"request_type": "callback"} if callback else {}
        return path, {"input": body} | kind | told
    return path, body | told


@contextmanager
def speaking(sandbox: Sandbox, dialect: str, key: str = "") -> Iterator[httpx.Client]:
    headers, base_url = authorization(dialect, key), sandbox.address(dialect)
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

    base_url = f"http://sandbox.example{base(dialect).path}"
    transport = httpx.MockTransport(answer)
    return httpx.Client(base_url=base_url, headers=authorization(dialect, key), transport=transport)


def authorization(dialect: str, key: str = "") -> dict[str, str]:
    own = base(dialect)
    return {"Authorization": f"{own.scheme} {key}" if key else own.authorization}


def body_of(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body

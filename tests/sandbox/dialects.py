"""Clients of the four dialects, a small order for each, and the reading of their replies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from generations.sandbox.dialects import dialect_named
from generations.sandbox.http import Request

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
    path, fields = ORDERS[dialect]
    body = fields | {"prompt": prompt}
    name = "callbackUrl" if dialect == "vivienne" else "callback_url"
    address = {name: callback} if callback else {}
    if dialect == "apixo":
        request_type = {"request_type": "callback"} if callback else {}
        return path, {"input": body} | request_type | address
    return path, body | address


def http_client(base_url: str, authorization: str) -> httpx.Client:
    """A client of a server of this machine.

    It loads no certificates, which takes longer than all requests of most tests.
    """
    headers = {"Authorization": authorization}
    return httpx.Client(base_url=base_url, headers=headers, trust_env=False, verify=False)


@contextmanager
def client_of(sandbox: Sandbox, dialect: str, key: str = "") -> Iterator[httpx.Client]:
    """A client of a running sandbox, with the demo key of the dialect unless another is given."""
    with http_client(sandbox.base_url(dialect), authorization(dialect, key)) as client:
        yield client


def in_process_client(sandbox: Sandbox, dialect: str, key: str = "") -> httpx.Client:
    """A client whose requests the sandbox answers in this thread, without a socket."""

    def respond(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        received = Request.of(request.method, target, dict(request.headers), request.read())
        response = sandbox.respond(received)
        assert isinstance(response.body, bytes)
        headers = {"Content-Type": response.content_type} | response.headers
        return httpx.Response(response.status, headers=headers, content=response.body)

    base_url = f"http://sandbox.example{dialect_named(dialect).path}"
    headers = {"Authorization": authorization(dialect, key)}
    return httpx.Client(base_url=base_url, headers=headers, transport=httpx.MockTransport(respond))


def authorization(dialect: str, key: str = "") -> str:
    """The Authorization header with this key, else with the demo key."""
    own = dialect_named(dialect)
    return f"{own.scheme} {key}" if key else own.authorization


def download(url: str) -> httpx.Response:
    """The response of a link, which is asked without a key."""
    return httpx.get(url, trust_env=False, verify=False)


def body_of(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The JSON body of a response that has this status."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body

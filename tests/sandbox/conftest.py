"""A sandbox for each test, with a frozen clock, and a client with a good key."""

from collections.abc import Iterator

import httpx
import pytest

from generations.sandbox.app import Sandbox

KEY = "sandbox-studio"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.running() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Token {KEY}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False) as opened:
        yield opened

"""A browser whose console must stay silent, the sandbox in real time, and a cluster at work."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from generations.sandbox.app import Sandbox

from .studio import (
    Complaints,
    Hands,
    Studio,
    forget_made,
)

PATIENCE = 30_000  # milliseconds; a busy machine is slow, and a quick one does not wait

expect.set_options(timeout=PATIENCE)


@pytest.fixture(autouse=True, scope="session")
def _leave_nothing() -> Iterator[None]:
    yield
    forget_made()


@pytest.fixture
def screen(transactional_db: None, page: Page) -> Iterator[Page]:
    """A page in a real browser; a word on its console fails the test."""
    page.set_default_timeout(PATIENCE)
    complaints = Complaints(page)
    yield page
    page.goto("about:blank")  # its last poll ends before the database is emptied
    assert complaints.heard == []


@pytest.fixture
def studio(transactional_db: None) -> Studio:
    return Studio()


@pytest.fixture
def sandbox(
    settings: Settings, live_server: LiveServer, transactional_db: None
) -> Iterator[Sandbox]:
    """The pretend provider in real time, a cluster that works on it, and rings that arrive."""
    with Sandbox.running(seconds_per_task=2, tiny=True, frozen=False) as running:
        settings.SANDBOX = True
        settings.SANDBOX_URL = running.url
        settings.PUBLIC_URL = live_server.url
        with Hands():
            yield running

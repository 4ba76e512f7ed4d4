"""A sandbox for each test, with a frozen clock, and a client with a valid key."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.providers.vidu.film_plan import FILM
from tests.sandbox.dialects import http_client
from tests.sandbox.films import finished_film
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.stills import BLUE, GREEN, RED, still

KEY = "sandbox-studio"


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips of all tests: equal ones are made once, which saves most of the time."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory: pytest.TempPathFactory, clip_folder: Path) -> Path:
    """The folder of a sandbox with one finished film, of three clips and two sounds."""
    folder = tmp_path_factory.mktemp("film")
    images = [still(colour=colour) for colour in (RED, GREEN, BLUE)]
    with (
        Sandbox.running(folder=folder, clip_folder=clip_folder) as sandbox,
        http_client(sandbox.url, f"Token {KEY}") as client,
    ):
        finished_film(sandbox, client, "Coffee [one take]", images=images)
    return folder


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, clip_folder: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """An empty sandbox; for a test that uses `film`, one with a copy of the finished film."""
    folder = None
    if "film" in request.fixturenames:
        folder = tmp_path / "sandbox"
        shutil.copytree(request.getfixturevalue("film_folder"), folder)
    with Sandbox.running(folder=folder, clip_folder=clip_folder) as running:
        yield running


@pytest.fixture
def film(sandbox: Sandbox) -> str:
    """The id of a finished film with three storyboards: one red, one green, one blue."""
    return next(task.id for task in sandbox.tasks.values() if task.kind == FILM)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with http_client(sandbox.url, f"Token {KEY}") as opened:
        yield opened


@pytest.fixture
def in_process() -> Iterator[Sandbox]:
    """A sandbox without a server, for tests/sandbox/dialects.in_process_client."""
    with Sandbox.in_process() as sandbox:
        yield sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server for callbacks."""
    with receiving() as opened:
        yield opened

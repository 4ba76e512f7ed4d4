"""A new site for each test: its tables are made once and copied."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.site import Provider, Site

pytest.register_assert_rewrite("tests.processes.outcome")

type Build = Callable[..., Site]


@pytest.fixture(scope="session")
def empty_house(template: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR with all tables and no rows."""
    data = tmp_path_factory.mktemp("empty") / "data"
    data.mkdir(mode=0o700)
    shutil.copy(template, data / "rushes.sqlite3")
    return data


@pytest.fixture(scope="module")
def copied_house(empty_house: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(empty_house, tmp_path_factory.mktemp("site") / "data")


@pytest.fixture
def build(tmp_path: Path, empty_house: Path) -> Iterator[Build]:
    """Makes a site that is not started yet, beside a sandbox that is."""
    opened: list[Site] = []

    def build(*, seconds_per_task: float = 1.0, tiny: bool = True) -> Site:
        shutil.copytree(empty_house, tmp_path / "data")
        site = Site(tmp_path, Provider(tmp_path, seconds_per_task, tiny=tiny))
        opened.append(site)
        return site

    yield build
    for site in opened:
        site.stop()
        site.provider.stop()


@pytest.fixture
def site(build: Build) -> Site:
    return build()

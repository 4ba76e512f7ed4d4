"""A new site for each test: its tables are made once and copied."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from tests.processes.site import Provider, Site

type Build = Callable[..., Site]


@pytest.fixture(scope="session")
def empty_house(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR with all tables and no rows: those that the tests beside it have."""
    data = tmp_path_factory.mktemp("empty") / "data"
    data.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as made,
        closing(sqlite3.connect(data / "rushes.sqlite3")) as copy,
    ):
        made.backup(copy)
    return data


@pytest.fixture(scope="module")
def copied_house(empty_house: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(empty_house, tmp_path_factory.mktemp("site") / "data")


@pytest.fixture
def build(tmp_path: Path, empty_house: Path) -> Iterator[Build]:
    """Makes a site that is not started yet, beside a sandbox that is."""
    opened: list[Site] = []

    def build(*, seconds_per_task: float = 1.0) -> Site:
        shutil.copytree(empty_house, tmp_path / "data")
        site = Site(tmp_path, Provider(tmp_path, seconds_per_task))
        opened.append(site)
        return site

    yield build
    for site in opened:
        site.stop()
        site.provider.stop()


@pytest.fixture
def site(build: Build) -> Site:
    return build()

"""Clips that many tests read, made once in a session; a test that damages one takes its bytes."""

from pathlib import Path

import pytest

from tests.media.clips import clip


@pytest.fixture
def outdir(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def plain_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of H.264 in an MP4, its index at the end."""
    return clip(tmp_path_factory.mktemp("clips") / "plain")


@pytest.fixture(scope="session")
def faststart_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of H.264 in an MP4, its index first."""
    folder = tmp_path_factory.mktemp("clips")
    return clip(folder / "faststart", seconds=2, options={"movflags": "+faststart"})

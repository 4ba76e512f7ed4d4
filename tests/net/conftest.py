from pathlib import Path

import pytest


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The partial file of a download."""
    return tmp_path / "clip.part"

"""Every catalogue file is read at the start, so that a broken one stops it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generations.providers import PROVIDERS
from generations.providers.catalogue import toml

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = toml.DIRECTORY.relative_to(ROOT)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_broken_catalogue_stops_the_start_by_file_place_and_reason(
    kind: str, tmp_path: Path
) -> None:
    for part in ("generations", "project", "templates"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / CATALOGUES / f"{kind}.toml"
    text = file.read_text(encoding="utf-8")
    offer = text.splitlines().index("[[offers]]") + 1
    file.write_text(text.replace('durations = "', 'durations = "?', 1), encoding="utf-8")
    outcome = start(tmp_path)
    assert outcome.returncode != 0
    assert f"CatalogueError: {kind}.toml: offers (" in outcome.stderr
    assert f", line {offer}).durations: not durations: ?" in outcome.stderr


def start(place: Path) -> subprocess.CompletedProcess[str]:
    """``manage.py check`` in a copy of the house: what every command of ours does first."""
    command = [sys.executable, str(shutil.copy(ROOT / "manage.py", place)), "check"]
    environment = os.environ | {"DATA_DIR": str(place / "var")}
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_catalogue_stands_beside_every_adapter() -> None:
    assert {path.stem for path in toml.DIRECTORY.glob("*.toml")} == {*PROVIDERS}

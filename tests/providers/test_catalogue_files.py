"""Every catalogue file is read at the start, so that a broken one stops it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generations import providers
from generations.providers import PROVIDERS
from generations.providers.catalogue import CatalogueError, catalogue, toml

ROOT = Path(__file__).resolve().parents[2]
PROVIDERS_FOLDER = toml.PROVIDERS_DIRECTORY.relative_to(ROOT)


def break_catalogue(file: Path) -> int:
    """Make the first duration of a file impossible. Return the line of its offer."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('durations = "', 'durations = "?', 1), encoding="utf-8")
    return text.splitlines().index("[[offers]]") + 1


def test_a_broken_catalogue_stops_the_start_and_names_position_and_reason(tmp_path: Path) -> None:
    for part in ("generations", "project", "templates"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    line = break_catalogue(tmp_path / PROVIDERS_FOLDER / "apixo" / "catalogue.toml")
    outcome = start(tmp_path)
    assert outcome.returncode != 0
    assert "CatalogueError: apixo/catalogue.toml: offers (" in outcome.stderr
    assert f", line {line}).durations: not durations: ?" in outcome.stderr


def start(place: Path) -> subprocess.CompletedProcess[str]:
    """``manage.py check`` in a copy of the site: what every command of ours does first."""
    command = [sys.executable, str(shutil.copy(ROOT / "manage.py", place)), "check"]
    environment = os.environ | {"DATA_DIR": str(place / "var")}
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_package_of_the_providers_reads_each_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toml, "PROVIDERS_DIRECTORY", tmp_path)
    for broken in PROVIDERS:
        shutil.copytree(
            ROOT / PROVIDERS_FOLDER, tmp_path, ignore=only_catalogues, dirs_exist_ok=True
        )
        line = break_catalogue(tmp_path / broken / "catalogue.toml")
        catalogue.cache_clear()
        with pytest.raises(CatalogueError) as caught:
            import_again()
        assert str(caught.value).startswith(f"{broken}/catalogue.toml: offers (")
        assert f", line {line}).durations: not durations: ?" in str(caught.value)
    catalogue.cache_clear()


def only_catalogues(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not ((Path(folder) / name).is_dir() or "toml" in name)]


def import_again() -> None:
    """Run the package as an import does, beside the one that is imported already."""
    spec = importlib.util.find_spec(providers.__name__)
    assert spec
    assert spec.loader
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_a_catalogue_stands_beside_every_adapter() -> None:
    files = toml.PROVIDERS_DIRECTORY.glob("*/catalogue.toml")
    assert {path.parent.name for path in files} == {*PROVIDERS}

"""A bad setting stops the start and names itself; none set is a good start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


def start(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of their own, with nothing set but these variables."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "from project import settings; print(settings.PUBLIC_URL)"],
        cwd=settings.BASE_DIR,
        env={**clean, "DATA_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DEBUG", "perhaps"),
        ("WORKERS", "1"),
        ("PUBLIC_URL", "rushes.example"),
        ("PUBLIC_URL", "https://rushes.example/path"),
        ("DATABASE_URL", "nonsense://"),
        ("STORAGE_URL", "ftp://bucket"),
        ("LANGUAGE_CODE", "fr"),
        ("LOG_LEVEL", "LOUD"),
        ("SECRET_KEY_FILE", "/nowhere/key"),
        ("CREDENTIAL_KEYS", "too-short"),
        ("SANDBOX_URL", "127.0.0.1:8001"),
        ("TIME_ZONE", "Moon/Crater"),
        ("EMAIL_PORT", "0"),
    ],
)
def test_a_bad_setting_stops_the_start_and_names_itself(
    tmp_path: Path, name: str, value: str
) -> None:
    ended = start(tmp_path, **{name: value})
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert name in last


def test_with_nothing_set_it_starts_and_makes_its_secrets_for_the_owner_only(
    tmp_path: Path,
) -> None:
    ended = start(tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "http://127.0.0.1:8000"
    for name in ("secret_key", "credential_keys"):
        secret = tmp_path / "keys" / name
        assert secret.stat().st_mode & 0o077 == 0
        assert len(secret.read_text()) > 40


def test_a_secret_comes_from_a_file_without_its_newline(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a-secret-from-a-file-that-is-long-enough-for-django\n")
    ended = subprocess.run(
        [sys.executable, "-c", "from project import settings; print(repr(settings.SECRET_KEY))"],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "SECRET_KEY_FILE": str(tmp_path / "secret"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.strip() == "'a-secret-from-a-file-that-is-long-enough-for-django'"

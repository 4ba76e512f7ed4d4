"""A bad setting stops the start and names itself; none set is a good start."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def start(folder: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, with no variable set but these."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"from project import settings; {code}"],
        cwd=settings.BASE_DIR,
        env={**clean, "DATA_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


BAD = [
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
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(os, "environ", {"DATA_DIR": str(tmp_path), name: value})
    path = settings.BASE_DIR / "project" / "settings.py"
    spec = importlib.util.spec_from_file_location("project.settings_of_a_test", path)
    assert spec
    assert spec.loader
    with pytest.raises(ImproperlyConfigured, match=name):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_a_bad_setting_stops_the_start(tmp_path: Path) -> None:
    ended = start(tmp_path, "", PORT="eighty")
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert "PORT" in last


def test_with_nothing_set_it_starts_and_makes_its_secrets_for_the_owner_only(
    tmp_path: Path,
) -> None:
    ended = start(tmp_path, "print(settings.PUBLIC_URL)")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "http://127.0.0.1:8000"
    for name in ("secret_key", "credential_keys"):
        secret = tmp_path / "keys" / name
        assert secret.stat().st_mode & 0o077 == 0
        assert len(secret.read_text()) > 40


def test_a_secret_comes_from_a_file_without_its_newline(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a-secret-from-a-file-that-is-long-enough-for-django\n")
    variables = {"SECRET_KEY_FILE": str(tmp_path / "secret")}
    ended = start(tmp_path, "print(repr(settings.SECRET_KEY))", **variables)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "'a-secret-from-a-file-that-is-long-enough-for-django'"


def test_a_traceback_that_django_logs_is_in_the_log(tmp_path: Path) -> None:
    done = start(
        tmp_path,
        "import logging.config; logging.config.dictConfig(settings.LOGGING)\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('django.request').exception('broken')",
        LOG_FORMAT="json",
    )
    (line,) = done.stderr.splitlines()
    logged = json.loads(line)
    assert logged["event"] == "broken"
    assert "Traceback" in logged["exception"]
    assert logged["exception"].endswith("ZeroDivisionError: division by zero")

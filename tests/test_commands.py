"""What an operator types, and what is said when it cannot be done."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from generations.crypto import UnsealError
from generations.lifecycle import stops
from generations.models import Credential, Film, Heartbeat, Membership, Task, Team, User
from generations.models.ledger import Account
from generations.providers import PROVIDERS
from generations.teams import installation, ordering_stops
from project.env import new_credential_key
from tests.factories import make_tasks

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent
OWNER = "mara@rushes.example"


def run(*words: str) -> str:
    output = StringIO()
    call_command(*words, stdout=output, stderr=output)
    return output.getvalue()


def a_key_file(tmp_path: Path, *, key: str = "vda_0123456789wxyz") -> str:
    path = tmp_path / "key"
    path.write_text(f"{key}\n")
    return str(path)


def add_credential(tmp_path: Path, *, team: str = "harbour-lane", name: str = "Main") -> str:
    words = ["add_credential", team, "--kind", "vidu", "--name", name]
    words += ["--base-url", "https://api.vidu.com", "--key-file", a_key_file(tmp_path)]
    return run(*words)


@pytest.fixture
def team() -> Team:
    run("add_team", "Harbour Lane", "--owner", OWNER)
    return Team.objects.get()


# ---- add_team -------------------------------------------------------------------------------


def test_add_team_makes_the_team_its_owner_and_a_password() -> None:
    output = run("add_team", "Harbour Lane", "--owner", "Mara@Rushes.example")
    password = output.strip().rpartition(" ")[2]
    member = Membership.objects.get()
    assert (member.team.slug, member.role, member.user.email) == ("harbour-lane", "owner", OWNER)
    assert member.user.check_password(password)


def test_add_team_takes_the_password_from_a_file_and_does_not_say_it(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("slow-crane-shot-42\n")
    output = run("add_team", "Harbour Lane", "--owner", OWNER, "--password-file", str(file))
    assert User.objects.get().check_password("slow-crane-shot-42")
    assert "slow-crane" not in output


def test_add_team_refuses_a_weak_password_and_makes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("12345678")
    with pytest.raises(CommandError, match="too common"):
        run("add_team", "Harbour Lane", "--owner", OWNER, "--password-file", str(file))
    assert not User.objects.exists()


def test_add_team_gives_a_known_person_a_second_team_and_no_new_password(team: Team) -> None:
    assert "password" not in run("add_team", "雨巷", "--owner", OWNER)
    assert Membership.objects.filter(user=User.objects.get()).count() == 2


def test_add_team_twice_is_refused(team: Team) -> None:
    with pytest.raises(CommandError, match="already"):
        run("add_team", "Harbour Lane", "--owner", OWNER)


@pytest.mark.parametrize("email", ["mara", "mara@", ""])
def test_add_team_refuses_what_is_no_address(email: str) -> None:
    with pytest.raises(CommandError, match="valid"):
        run("add_team", "Harbour Lane", "--owner", email)


# ---- add_credential -------------------------------------------------------------------------


def test_add_credential_seals_the_key_and_shows_only_its_end(team: Team, tmp_path: Path) -> None:
    output = add_credential(tmp_path)
    credential = Credential.objects.get(team=team)
    assert credential.open_key().reveal() == "vda_0123456789wxyz"
    assert "wxyz" in output
    assert "0123456789" not in output + credential.sealed_key


def test_add_credential_names_the_teams_that_there_are(team: Team, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There are: harbour-lane"):
        add_credential(tmp_path, team="harbor-lane")


def test_add_credential_refuses_a_name_twice(team: Team, tmp_path: Path) -> None:
    add_credential(tmp_path)
    with pytest.raises(CommandError, match="already"):
        add_credential(tmp_path)


def test_add_credential_refuses_an_empty_key(team: Team, tmp_path: Path) -> None:
    words = ["--kind", "vidu", "--name", "A", "--base-url", "https://api.vidu.com"]
    with pytest.raises(CommandError, match="empty"):
        run("add_credential", team.slug, *words, "--key-file", a_key_file(tmp_path, key=" "))


# ---- rotate_keys ----------------------------------------------------------------------------


@pytest.fixture
def keyring_file(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.CREDENTIAL_KEYS = [new_credential_key()]
    path = tmp_path / "credential_keys"
    path.write_text(settings.CREDENTIAL_KEYS[0])
    monkeypatch.setenv("CREDENTIAL_KEYS_FILE", str(path))
    return path


def test_rotate_keys_seals_every_key_with_a_new_one(
    team: Team, keyring_file: Path, tmp_path: Path, settings: Settings
) -> None:
    add_credential(tmp_path)
    add_credential(tmp_path, name="Second")
    old = settings.CREDENTIAL_KEYS[0]
    run("rotate_keys")
    new, kept = keyring_file.read_text().split()
    assert kept == old != new
    assert stat.S_IMODE(keyring_file.stat().st_mode) == 0o600
    settings.CREDENTIAL_KEYS = [new]
    assert {row.open_key().reveal() for row in Credential.objects.all()} == {"vda_0123456789wxyz"}
    settings.CREDENTIAL_KEYS = [old]
    with pytest.raises(UnsealError):
        Credential.objects.get(name="Main").open_key()


def test_rotate_keys_goes_on_where_it_was_interrupted(
    team: Team, keyring_file: Path, tmp_path: Path, settings: Settings
) -> None:
    add_credential(tmp_path)
    settings.CREDENTIAL_KEYS = [new_credential_key(), *settings.CREDENTIAL_KEYS]
    before = keyring_file.read_text()
    run("rotate_keys")
    assert keyring_file.read_text() == before
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    assert Credential.objects.get().open_key().reveal() == "vda_0123456789wxyz"


def test_rotate_keys_names_a_key_that_nothing_opens(
    team: Team, keyring_file: Path, tmp_path: Path, settings: Settings
) -> None:
    add_credential(tmp_path, name="Lost")
    settings.CREDENTIAL_KEYS = [new_credential_key()]
    with pytest.raises(CommandError, match="No key opens"):
        run("rotate_keys")


def test_rotate_keys_waits_until_the_site_is_stopped(keyring_file: Path) -> None:
    Heartbeat.record("cluster")
    with pytest.raises(CommandError, match="Stop it"):
        run("rotate_keys")


# ---- verify_ledger --------------------------------------------------------------------------


def test_verify_ledger_says_that_the_books_hold(team: Team, tmp_path: Path) -> None:
    add_credential(tmp_path)
    assert run("verify_ledger") == "The books hold.\n"


def test_verify_ledger_names_an_account_that_is_off(team: Team, tmp_path: Path) -> None:
    add_credential(tmp_path)
    Account.objects.filter(name="spent").update(balance=7)
    with pytest.raises(CommandError, match="in 1 places"):
        run("verify_ledger")


# ---- demo -----------------------------------------------------------------------------------


@pytest.fixture
def with_sandbox(settings: Settings, tmp_path: Path) -> None:
    """Nothing is started: the clips wait."""
    settings.SANDBOX = True
    settings.STATICFILES_DIRS = []


@pytest.mark.usefixtures("with_sandbox")
def test_demo_makes_team_login_key_and_clips_once_however_often_it_runs() -> None:
    first = run("demo")
    assert run("demo") == first
    assert Team.objects.get().name == "Harbour Lane"
    password = first.strip().rpartition(" ")[2]
    assert User.objects.get(email="demo@rushes.local").check_password(password)
    assert Task.objects.count() == 9
    assert Film.objects.get().task.pictures.count() == 2
    assert {task.credential.kind for task in Task.objects.all()} == {*PROVIDERS}
    assert any("一" <= letter <= "鿿" for task in Task.objects.all() for letter in task.prompt)
    assert len({task.aspect_ratio for task in Task.objects.all()}) == 5


@pytest.mark.usefixtures("with_sandbox")
def test_the_demos_key_follows_the_sandbox_to_another_port(settings: Settings) -> None:
    run("demo")
    settings.SANDBOX_URL = "http://127.0.0.1:9999"
    run("demo")
    addresses = dict(Credential.objects.values_list("kind", "base_url"))
    assert addresses.pop("vidu") == "http://127.0.0.1:9999"
    assert addresses == {kind: f"http://127.0.0.1:9999/{kind}" for kind in addresses}
    assert len(addresses) == 3


def test_demo_without_the_sandbox_says_how_to_have_it() -> None:
    with pytest.raises(CommandError, match="SANDBOX=on"):
        run("demo")


@pytest.mark.slow
def test_two_demos_that_start_together_make_one(tmp_path: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    both = [
        subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env={**kept, "DATA_DIR": str(tmp_path / "data"), "SANDBOX": "on", "LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    printed = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    assert printed[0] == printed[1]
    with closing(sqlite3.connect(tmp_path / "data" / "rushes.sqlite3")) as database:
        counts = "SELECT (SELECT count(*) FROM generations_team), count(*) FROM generations_task"
        assert database.execute(counts).fetchone() == (1, 9)


@pytest.mark.usefixtures("with_sandbox")
def test_demo_says_why_nothing_can_be_ordered(settings: Settings) -> None:
    settings.MIN_FREE_MB = 10**9
    with pytest.raises(CommandError, match="make room, or set MIN_FREE_MB lower"):
        run("demo")
    settings.MIN_FREE_MB = 0
    stops.stop(None)
    with pytest.raises(CommandError, match="allow_ordering ends that"):
        run("demo")


# ---- stop_ordering, allow_ordering ----------------------------------------------------------


def test_ordering_is_stopped_and_allowed_from_the_command_line(team: Team) -> None:
    assert "allow_ordering ends it" in run("stop_ordering")
    assert ordering_stops.sending_obstacle(team) == ordering_stops.STOPPED
    assert "was stopped already" in run("stop_ordering")
    assert run("allow_ordering") == "Orders may leave again.\n"
    assert ordering_stops.sending_obstacle(team) == ""


def test_allow_ordering_says_how_many_orders_of_a_copy_became_unclear(
    team: Team, tmp_path: Path
) -> None:
    add_credential(tmp_path)
    owner = Membership.objects.get()
    make_tasks(membership=owner, credential=Credential.objects.get(), count=2)
    installation.ensure_identity()
    installation.mark_as_copy()
    assert "2 that waited are unclear now" in run("allow_ordering")


def test_allow_ordering_sends_all_where_the_operator_knows_that_nothing_was_sent(
    team: Team, tmp_path: Path
) -> None:
    add_credential(tmp_path)
    owner = Membership.objects.get()
    make_tasks(membership=owner, credential=Credential.objects.get())
    installation.ensure_identity()
    installation.mark_as_copy()
    assert run("allow_ordering", "--nothing-was-sent") == "Orders may leave again.\n"
    assert Task.objects.get().state == "waiting"

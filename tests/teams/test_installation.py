"""A database belongs to one DATA_DIR; a copy of either, or of both, is found out."""

import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from generations.models import Installation
from generations.teams import installation
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db


def file(settings: Settings) -> Path:
    return Path(settings.DATA_DIR) / "identity"


def test_a_database_that_was_never_started_is_at_home_anywhere() -> None:
    assert installation.is_at_home()


def test_the_first_start_makes_one_token_and_later_ones_keep_it() -> None:
    installation.ensure_identity()
    token = Installation.here().identity
    installation.ensure_identity()
    assert installation.is_at_home()
    assert Installation.here().identity == token != ""


def test_a_database_beside_another_directory_is_not_at_home(settings: Settings) -> None:
    installation.ensure_identity()
    file(settings).unlink()
    assert not installation.is_at_home()
    installation.ensure_identity()
    assert not installation.is_at_home(), "a start alone releases nothing"


def test_a_copied_directory_is_found_out_though_every_byte_is_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    installation.ensure_identity()
    shutil.copy2(file(settings), tmp_path / "copy")
    (tmp_path / "copy").replace(file(settings))
    assert not installation.is_at_home()


def test_an_older_database_under_a_newer_file_is_not_at_home(settings: Settings) -> None:
    installation.ensure_identity()
    Installation.objects.all().delete()
    member = make_member()
    make_tasks(membership=member, credential=make_credential(team=member.team))
    installation.ensure_identity()
    assert not installation.is_at_home()


def test_a_new_database_under_an_old_file_is_at_home() -> None:
    installation.ensure_identity()
    Installation.objects.all().delete()
    installation.ensure_identity()
    assert installation.is_at_home()


def test_after_it_was_renewed_only_this_one_of_two_is_at_home(settings: Settings) -> None:
    installation.ensure_identity()
    old = file(settings).read_text()
    installation.assign_identity()
    assert installation.is_at_home()
    file(settings).write_text(old)
    assert not installation.is_at_home()


def test_a_token_of_the_environment_stands_in_for_the_file(settings: Settings) -> None:
    settings.INSTANCE_ID = "studio-a"
    installation.ensure_identity()
    assert installation.is_at_home()
    settings.INSTANCE_ID = "studio-b"
    assert not installation.is_at_home()
    installation.assign_identity()
    assert installation.is_at_home()


def test_a_copy_of_a_site_that_was_never_started_is_at_home_nowhere_either() -> None:
    installation.mark_as_copy()
    assert not installation.is_at_home()


def test_what_was_restored_is_at_home_nowhere_until_it_is_released(settings: Settings) -> None:
    settings.INSTANCE_ID = "studio-a"
    installation.ensure_identity()
    installation.begin_restore()
    assert installation.is_being_restored()
    installation.mark_as_copy()
    assert not installation.is_being_restored()
    assert not installation.is_at_home()
    file(settings).unlink()
    assert not installation.is_at_home(), "the environment alone does not bring it home"
    installation.assign_identity()
    assert installation.is_at_home()

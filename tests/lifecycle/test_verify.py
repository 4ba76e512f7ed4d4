"""Every stored row has its bytes; what is missing or damaged is found, and fetched again."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError

from generations.lifecycle import verify
from generations.models import File
from generations.models.files import FileState
from generations.storage import store
from tests.factories import make_upload

from .conftest import World


@pytest.fixture
def kept(world: World) -> File:
    """A stored video with its poster and preview, and a cover."""
    world.order()
    world.finish()
    return File.objects.get(role="video")


def run(*words: str) -> str:
    output = StringIO()
    call_command("verify_files", *words, stdout=output, stderr=output)
    return output.getvalue()


def path(name: str) -> Path:
    return Path(default_storage.path(name))


def lose(name: str) -> None:
    path(name).unlink()


def cut(name: str) -> None:
    path(name).write_bytes(path(name).read_bytes()[:-1])


def rot(name: str) -> None:
    """One bit, deep inside."""
    content = bytearray(path(name).read_bytes())
    content[len(content) // 2] ^= 1
    path(name).write_bytes(content)


DAMAGES: dict[str, Callable[[str], None]] = {"missing": lose, "size": cut, "fingerprint": rot}
damages = pytest.mark.parametrize("what", DAMAGES)


def test_when_all_is_well_it_says_so(world: World, kept: File) -> None:
    make_upload(team=world.membership.team)
    assert run() == "Every stored row has its bytes.\n"


@damages
def test_what_is_wrong_is_named_and_ends_with_an_error(kept: File, what: str) -> None:
    DAMAGES[what](kept.name)
    assert [(fault.kept.name, fault.what) for fault in verify.faults()] == [(kept.name, what)]
    with pytest.raises(CommandError, match="1 files are missing or damaged"):
        run()
    kept.refresh_from_db()
    assert kept.state == FileState.STORED, "without --repair nothing is changed"


@damages
def test_a_damaged_file_is_fetched_again_from_its_provider(
    world: World, kept: File, what: str
) -> None:
    DAMAGES[what](kept.name)
    assert "fetched or made again" in run("--repair")
    world.finish()
    kept.refresh_from_db()
    assert kept.state == FileState.STORED
    assert store.sha256(kept.name) == kept.sha256
    assert not list(verify.faults())
    world.check_books(spent=35)


def test_a_file_whose_link_has_died_is_asked_for_again(world: World, kept: File) -> None:
    lose(kept.name)
    world.sandbox.expire_links()
    run("--repair")
    world.finish()
    assert not list(verify.faults())


def test_lost_pictures_beside_a_file_are_made_again_without_a_provider(
    world: World, kept: File
) -> None:
    lose(kept.poster)
    lose(kept.preview)
    asked = len(world.sandbox.requests)
    assert [fault.what for fault in verify.faults()] == ["missing", "missing"]
    run("--repair")
    assert not list(verify.faults())
    assert len(world.sandbox.requests) == asked


def test_a_damaged_picture_that_was_given_can_only_be_told_of(world: World) -> None:
    upload = make_upload(team=world.membership.team)
    rot(upload.stored)
    with pytest.raises(CommandError, match="1 files"):
        run("--repair")


def test_what_no_row_knows_is_listed_and_left_alone(world: World, kept: File) -> None:
    default_storage.save("stray/from-nowhere.mp4", ContentFile(b"stray"))
    assert "stray/from-nowhere.mp4 is in no row." in run()
    assert default_storage.exists("stray/from-nowhere.mp4")


def test_what_is_on_its_way_into_its_place_is_not_called_unknown(world: World, kept: File) -> None:
    File.objects.filter(pk=kept.pk).update(state=FileState.FETCHING)
    assert list(verify.unknown()) == []


def test_an_empty_site_is_well(db: None) -> None:
    assert run() == "Every stored row has its bytes.\n"

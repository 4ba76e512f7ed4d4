"""Keys: sealed in their own row, paused and resumed with a reason, and never shown."""

import base64
import secrets
from datetime import timedelta

import pytest
from pytest_django import Settings

from generations import clock
from generations.crypto import UnsealError
from generations.lifecycle import stops, transitions
from generations.models import AuditEvent, Credential, File, Film, User
from generations.providers.contract import Reason, Unauthorised
from generations.sandbox.app import Sandbox
from generations.teams import credentials, provider_access
from tests.factories import make_credential, make_member, make_tasks
from tests.films.stage import make_film

pytestmark = pytest.mark.django_db
KEY = "sandbox-vda_1234567890abcdWXYZ"


@pytest.fixture
def owner() -> User:
    return make_member().user


@pytest.fixture
def credential(owner: User) -> Credential:
    membership = owner.memberships.get()
    return make_credential(team=membership.team, key=KEY)


def test_a_key_is_sealed_and_only_its_last_four_are_kept(credential: Credential) -> None:
    row = Credential.objects.values().get(pk=credential.pk)
    assert KEY not in str(row)
    assert credential.key_tail == "WXYZ"
    assert credential.open_key().reveal() == KEY


def test_a_sealed_key_copied_into_another_row_does_not_open(credential: Credential) -> None:
    twin = make_credential(team=credential.team, name="Twin", key="sandbox-twin")
    stranger = make_credential(team=make_member().team, key="sandbox-stranger")
    for other in (twin, stranger):
        other.sealed_key = credential.sealed_key
        with pytest.raises(UnsealError):
            other.open_key()
        with pytest.raises(Unauthorised):
            provider_access.access(other)


def test_after_a_rotation_old_seals_open_until_their_key_leaves_the_ring(
    credential: Credential, settings: Settings
) -> None:
    newer = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    settings.CREDENTIAL_KEYS = [newer, *settings.CREDENTIAL_KEYS]
    assert credential.open_key().reveal() == KEY
    credential.seal_key(credential.open_key().reveal())
    settings.CREDENTIAL_KEYS = [newer]
    assert credential.open_key().reveal() == KEY


def test_the_key_is_in_no_text_of_what_holds_it(credential: Credential) -> None:
    opened = provider_access.access(credential)
    shown = f"{credential!r} {credential} {opened!r} {opened} {credential.open_key()!r}"
    assert KEY not in shown
    assert KEY not in str(list(AuditEvent.objects.values()))


def test_a_pause_keeps_its_first_reason_and_is_written_down_once(credential: Credential) -> None:
    transitions.pause_credential(credential, Reason.CREDITS_SPENT)
    transitions.pause_credential(credential, Reason.KEY_REFUSED)
    assert credential.paused_reason == Reason.CREDITS_SPENT
    assert AuditEvent.objects.filter(verb="credential.paused").count() == 1
    transitions.resume_credential(credential, None)
    transitions.resume_credential(credential, None)
    assert not credential.is_paused
    assert AuditEvent.objects.filter(verb="credential.resumed").count() == 1


def test_another_key_gives_a_paused_credential_a_chance(
    credential: Credential, owner: User
) -> None:
    transitions.pause_credential(credential, Reason.KEY_REFUSED)
    stops.replace_key(credential, owner, "sandbox-another-key")
    credential.refresh_from_db()
    assert (credential.is_paused, credential.key_tail) == (False, "-key")
    assert credential.open_key().reveal() == "sandbox-another-key"


def test_a_key_that_tasks_depend_on_cannot_be_removed(credential: Credential, owner: User) -> None:
    (task,) = make_tasks(membership=owner.memberships.get(), credential=credential)
    for state in ("waiting", "sending", "queued", "running", "unclear"):
        type(task).objects.update(state=state)
        with pytest.raises(credentials.InUse):
            credentials.remove(credential, owner)
    type(task).objects.update(state="failed")
    credentials.remove(credential, owner)
    credential.refresh_from_db()
    assert credential.sealed_key == ""
    with pytest.raises(Unauthorised):
        provider_access.access(credential)


def unkept(credential: Credential, owner: User, *, minutes: float) -> File:
    """A finished clip whose file is at its provider, by a link that dies in so many minutes."""
    (task,) = make_tasks(membership=owner.memberships.get(), credential=credential)
    type(task).objects.filter(pk=task.pk).update(state="succeeded")
    end = clock.now() + timedelta(minutes=minutes)
    return File.objects.create(task=task, team=task.team, role="video", expires_at=end)


@pytest.mark.parametrize("minutes", [30, -30])
@pytest.mark.parametrize("state", ["remote", "fetching"])
def test_a_key_is_not_removed_while_it_may_be_asked_for_a_files_next_link(
    credential: Credential, owner: User, state: str, minutes: float
) -> None:
    file = unkept(credential, owner, minutes=minutes)
    File.objects.update(state=state)
    stops.pause_key(credential, owner)
    with pytest.raises(credentials.InUse) as use:
        credentials.remove(credential, owner)
    assert (use.value.orders, use.value.files) == (0, 1)
    File.objects.filter(pk=file.pk).update(state="stored")
    credentials.remove(credential, owner)


def test_a_key_that_its_provider_refuses_is_held_by_links_that_live_alone(
    credential: Credential, owner: User
) -> None:
    file = unkept(credential, owner, minutes=30)
    transitions.pause_credential(credential, Reason.KEY_REFUSED)
    credential.refresh_from_db()
    with pytest.raises(credentials.InUse):
        credentials.remove(credential, owner)
    File.objects.filter(pk=file.pk).update(expires_at=clock.now() - timedelta(minutes=1))
    credentials.remove(credential, owner)


def test_a_key_is_not_removed_while_a_film_of_it_grows(owner: User) -> None:
    film = make_film(membership=owner.memberships.get())
    Film.objects.update(due_at=clock.now() + timedelta(minutes=5))
    with pytest.raises(credentials.InUse) as use:
        credentials.remove(film.task.credential, owner)
    assert (use.value.orders, use.value.files) == (1, 0)
    Film.objects.update(due_at=None)
    credentials.remove(film.task.credential, owner)


@pytest.mark.parametrize(
    ("key", "good", "reason"),
    [
        ("sandbox-good", True, None),
        ("sandbox-bad", False, Reason.KEY_REFUSED),
        ("sandbox-forbidden", False, Reason.KEY_NOT_ALLOWED),
        ("sandbox-broke", True, None),
    ],
)
def test_a_free_call_proves_a_key_and_pauses_or_resumes(
    owner: User, settings: Settings, key: str, good: bool, reason: Reason | None
) -> None:
    with Sandbox.running() as sandbox:
        settings.SANDBOX, settings.SANDBOX_URL = True, sandbox.url
        credential = make_credential(
            team=owner.memberships.get().team, base_url=sandbox.url, key=key
        )
        transitions.pause_credential(credential, Reason.NO_ANSWER)
        tested = stops.test_key(credential)
        assert (tested.good, tested.reason) == (good, reason)
        assert credential.is_paused is not good
        assert not any(request.method == "POST" for request in sandbox.requests)
    if good:
        assert tested.balance == credential.balance == (0 if "broke" in key else 100_000)


def test_a_dead_provider_is_no_reason_to_pause(credential: Credential) -> None:
    tested = stops.test_key(credential)
    assert (tested.good, tested.reason) == (False, Reason.UNREACHABLE)
    assert not credential.is_paused


def test_callbacks_are_asked_for_only_where_they_can_arrive(
    credential: Credential, owner: User, settings: Settings
) -> None:
    (task,) = make_tasks(membership=owner.memberships.get(), credential=credential)
    attempt = task.attempts.get()
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert provider_access.callback_url(attempt) == ""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    url = provider_access.callback_url(attempt)
    assert url == f"http://127.0.0.1:8000/callbacks/vidu/{attempt.token}"

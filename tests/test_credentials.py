"""Keys: sealed in their own row, paused and resumed with a reason, and never shown."""

import base64
import secrets

import pytest
from pytest_django import Settings

from generations import credentials
from generations.crypto import Sealed
from generations.models import Credential, Event, User
from generations.providers.contract import Unauthorised
from generations.sandbox.sandbox import Sandbox
from tests.factories import make_credential, make_member, make_tasks

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
        with pytest.raises(Sealed):
            other.open_key()
        with pytest.raises(Unauthorised):
            credentials.access(other)


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
    opened = credentials.access(credential)
    shown = f"{credential!r} {credential} {opened!r} {opened} {credential.open_key()!r}"
    assert KEY not in shown
    assert KEY not in str(list(Event.objects.values()))


def test_a_pause_keeps_its_first_reason_and_is_written_down_once(credential: Credential) -> None:
    credentials.pause(credential, "CreditInsufficient")
    credentials.pause(credential, "Unauthorized")
    assert credential.paused_code == "CreditInsufficient"
    assert Event.objects.filter(verb="credential.paused").count() == 1
    credentials.resume(credential, None)
    credentials.resume(credential, None)
    assert not credential.is_paused
    assert Event.objects.filter(verb="credential.resumed").count() == 1


def test_another_key_gives_a_paused_credential_a_chance(
    credential: Credential, owner: User
) -> None:
    credentials.pause(credential, "Unauthorized")
    credentials.replace_key(credential, owner, "sandbox-another-key")
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
        credentials.access(credential)


@pytest.mark.parametrize(
    ("key", "good", "code"),
    [
        ("sandbox-good", True, ""),
        ("sandbox-bad", False, "Unauthorized"),
        ("sandbox-forbidden", False, "Forbidden"),
        ("sandbox-broke", True, ""),
    ],
)
def test_a_free_call_proves_a_key_and_pauses_or_resumes(
    owner: User, settings: Settings, key: str, good: bool, code: str
) -> None:
    with Sandbox.running() as sandbox:
        settings.SANDBOX, settings.SANDBOX_URL = True, sandbox.url
        credential = make_credential(
            team=owner.memberships.get().team, base_url=sandbox.url, key=key
        )
        credentials.pause(credential, "before")
        tested = credentials.test(credential)
        assert (tested.good, tested.code) == (good, code)
        assert credential.is_paused is not good
        assert not any(request.method == "POST" for request in sandbox.requests)
    if good:
        assert tested.balance == credential.balance == (0 if "broke" in key else 100_000)


def test_a_dead_provider_is_no_reason_to_pause(credential: Credential) -> None:
    tested = credentials.test(credential)
    assert (tested.good, tested.code) == (False, "unreachable")
    assert not credential.is_paused


def test_callbacks_are_asked_for_only_where_they_can_arrive(
    credential: Credential, owner: User, settings: Settings
) -> None:
    (task,) = make_tasks(membership=owner.memberships.get(), credential=credential)
    attempt = task.attempts.get()
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert credentials.callback_url(attempt) == ""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    url = credentials.callback_url(attempt)
    assert url == f"http://127.0.0.1:8000/callbacks/vidu/{attempt.token}"

"""Test, pause, resume and replace the key of a credential, and tell the tasks that wait for it."""

from dataclasses import dataclass

from django.db import transaction

from generations.models import Credential, User
from generations.providers import provider
from generations.providers.contract import ProviderError, Reason, Unauthorised
from generations.teams import credentials
from generations.teams.provider_access import connect

from . import transitions

# The reason of a credential that a person paused.
BY_HAND = Reason.KEY_PAUSED


@dataclass(frozen=True)
class KeyTest:
    """What a free call to the provider showed; ``reason`` is None for a good key."""

    good: bool
    reason: Reason | None = None
    message: str = ""
    balance: int | None = None


def pause(credential: Credential, by: User) -> None:
    """Send nothing more with a key until somebody resumes it."""
    transitions.pause_credential(credential, BY_HAND, by)


def resume(credential: Credential, by: User) -> None:
    transitions.resume_credential(credential, by)


@transaction.atomic
def replace_key(credential: Credential, by: User, key: str) -> None:
    """Seal another key in place of the old one, and resume sending with it."""
    credentials.seal_new_key(credential, by, key)
    transitions.resume_credential(credential, by)


def test(credential: Credential) -> KeyTest:
    """Test the key by a free call and read the balance; pause or resume accordingly."""
    adapter = provider(credential.kind)
    try:
        with connect(credential) as connection:
            connection.test()
        balance = credentials.read_balance(credential) if adapter.has_balance else None
    except Unauthorised as error:
        transitions.pause_credential(credential, error.reason)
        return KeyTest(good=False, reason=error.reason, message=error.message)
    except ProviderError as error:
        return KeyTest(good=False, reason=error.reason, message=error.message)
    credentials.record_success(credential)
    transitions.resume_credential(credential, by=None)
    return KeyTest(good=True, balance=balance)

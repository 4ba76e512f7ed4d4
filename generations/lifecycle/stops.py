"""Stop sending and let it go on: with one key, for a team, for the whole installation.

``teams.ordering_stops`` says what stops a team now; ``transitions`` holds back what waits.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction

from generations import clock
from generations.models import Attempt, Credential, Installation, Task, Team, User, audit
from generations.models.tasks import AttemptState, TaskState
from generations.providers import provider
from generations.providers.contract import ProviderError, Reason, Unauthorised
from generations.teams import credentials, installation, provider_access
from generations.teams.ordering_stops import OBSTACLES
from generations.teams.provider_access import connect

from . import transitions

log = structlog.get_logger(__name__)

BALANCE_PAUSE = timedelta(seconds=5)  # between two readings after ends


# ---- One key --------------------------------------------------------------------------------


def pause_key(credential: Credential, by: User) -> None:
    """Send nothing more with a key until somebody resumes it."""
    transitions.pause_credential(credential, Reason.KEY_PAUSED, by)


def resume_key(credential: Credential, by: User) -> None:
    transitions.resume_credential(credential, by)


@transaction.atomic
def replace_key(credential: Credential, by: User, key: str) -> None:
    """Seal another key in place of the old one, and resume sending with it."""
    credentials.seal_new_key(credential, by, key)
    transitions.resume_credential(credential, by)


@dataclass(frozen=True)
class KeyTest:
    """What a free call to the provider showed; ``reason`` is None for a good key."""

    good: bool
    reason: Reason | None = None
    message: str = ""
    balance: int | None = None


def test_key(credential: Credential) -> KeyTest:
    """Test the key by a free call and read the balance; pause or resume accordingly."""
    adapter = provider(credential.kind)
    try:
        with connect(credential) as connection:
            connection.test()
        balance = credentials.read_balance(credential) if adapter.has_balance else None
    except Unauthorised as error:
        transitions.pause_credential(credential, error.reason)
        return KeyTest(good=False, reason=error.reason, message=_told_by_provider(error))
    except ProviderError as error:
        # No answer proves nothing about the key: what is paused stays paused, what is not goes on.
        return KeyTest(good=False, reason=error.reason, message=_told_by_provider(error))
    credentials.record_success(credential)
    transitions.resume_credential(credential, by=None)
    return KeyTest(good=True, balance=balance)


def _told_by_provider(error: ProviderError) -> str:
    """Return the sentence of an error that came as an answer; our own say what the reason says."""
    return error.message if error.status else ""


def read_balance_after_end(credential_id: int) -> None:
    """Ask the provider what is left after an order has ended, once for many that end together."""
    # For an end that is passed over here the sweep asks.
    since = clock.now() - BALANCE_PAUSE
    if not Credential.objects.filter(pk=credential_id, balance_at__gt=since).exists():
        read_balance(credential_id)


def read_balance(credential_id: int) -> None:
    """Ask the provider what is left on one credential, if its request budget allows it."""
    credential = Credential.objects.get(pk=credential_id)
    # Where no request is left this is dropped: the sweep asks while the balance is old, and where
    # an order has ended since it was read.
    if credential.removed_at or not provider_access.take_requests(credential_id, 1):
        return
    try:
        credentials.read_balance(credential)
    except Unauthorised as error:
        transitions.doubt_credential(credential, error)
    except ProviderError as error:
        log.warning("balance not read", credential=credential_id, code=error.code)


# ---- A team ---------------------------------------------------------------------------------


@transaction.atomic
def stop_team(team: Team, by: User) -> None:
    """Let nothing of a team leave for a provider."""
    if Team.objects.filter(pk=team.pk, stopped_at=None).update(
        stopped_at=clock.now(), stopped_by=by
    ):
        audit.record(team, by, "team.ordering_stopped", team)


@transaction.atomic
def allow_team(team: Team, by: User) -> None:
    """End the stop of a team; what waited for it is due at once."""
    if Team.objects.filter(pk=team.pk, stopped_at__isnull=False).update(
        stopped_at=None, stopped_by=None
    ):
        audit.record(team, by, "team.ordering_allowed", team)
        # All obstacles, because a task shows only one of them. Where another stop still holds,
        # the next claim writes it on the task.
        transitions.let_go(Task.objects.for_team(team), *OBSTACLES)


# ---- The whole installation -----------------------------------------------------------------


@transaction.atomic
def stop(by: User | None) -> bool:
    """Let nothing leave for any provider. Return False where that is so already."""
    Installation.here()  # it may never have started, and then has no row to stop
    now = clock.now()
    stopped = Installation.objects.filter(stopped_at=None).update(stopped_at=now, stopped_by=by)
    if stopped:
        _record("ordering.stopped", by)
    return bool(stopped)


def allow(by: User | None, *, nothing_was_sent: bool = False) -> int:
    """End every stop of the whole installation; return how many orders became unclear by it.

    In a copied or restored database whatever waits may have been sent since by the database that it
    was copied from. So it is searched for and a person decides, unless the operator knows that
    ``nothing_was_sent``.
    """
    unclear = 0
    # Before the copy is released, and each in its own transaction: where this process dies in
    # between, nothing has left and the rest becomes unclear at the next call.
    if not installation.is_at_home() and not nothing_was_sent:
        unclear = sum(transitions.mark_copied(attempt) for attempt in _not_sent_here())
    _allow(by)
    return unclear


def _not_sent_here() -> list[Attempt]:
    waiting = Attempt.objects.filter(
        state=AttemptState.READY, task__state__in=[TaskState.WAITING, TaskState.SENDING]
    )
    return list(waiting.select_related("task__team", "credential__team").order_by("pk"))


@transaction.atomic
def _allow(by: User | None) -> None:
    if not installation.is_at_home():
        installation.assign_identity()
        _record("ordering.released", by)
    if Installation.objects.filter(stopped_at__isnull=False).update(
        stopped_at=None, stopped_by=None
    ):
        _record("ordering.allowed", by)
    transitions.let_go(Task.objects.all(), *OBSTACLES)


def _record(verb: str, by: User | None) -> None:
    """Write an act on the whole installation into every team's history."""
    for team in Team.objects.order_by("pk"):
        audit.record(team, by, verb, "Rushes")

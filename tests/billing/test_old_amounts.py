"""The ledger once wrote 0 for what nobody knew: the migration tells the two apart where rows do."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from generations.billing import ledger
from generations.models import Attempt, CapUse, Credential, DayTotal, Membership, Task, Total
from generations.models.ledger import EntryKind
from tests.factories import make_credential, make_member

from .test_ledger import make_attempt
from .unpriced import KIND, again

pytestmark = pytest.mark.django_db
migration = import_module("generations.migrations.0004_unknown_money")


@pytest.fixture
def credential() -> Credential:
    return make_credential(team=make_member().team, kind=KIND)


def old(
    credential: Credential, estimate: int, booked: int | None, *, cost: int | None = None
) -> Attempt:
    """An attempt as it was written once; ``booked`` is None where its hold was released."""
    attempt = make_attempt(credential, estimate)
    ledger.hold(attempt)
    if booked is None:
        ledger.release(attempt)
    else:
        ledger.settle(attempt, booked)
    state = "failed" if booked is None else "succeeded"
    Task.objects.filter(pk=attempt.task_id).update(state=state)
    Attempt.objects.filter(pk=attempt.pk).update(cost=cost, booked=None, booked_basis="")
    return attempt


def test_what_was_never_known_is_told_from_what_cost_nothing(credential: Credential) -> None:
    unknown = old(credential, 0, 0)
    corrected = old(credential, 0, 0)
    person = Membership.objects.get(user=corrected.task.created_by).user
    ledger.correct(credential, 7, "by phone", person, attempt=again(corrected))
    known = {
        old(credential, 35, 35): (35, 35, "price"),
        old(credential, 35, 20, cost=20): (35, 20, "provider"),
        old(credential, 0, 0, cost=0): (None, 0, "provider"),
        old(credential, 0, None): (None, 0, ""),
        corrected: (None, 7, ""),
    }
    waiting = make_attempt(credential, 0)
    ledger.hold(waiting)
    Attempt.objects.update(booked=None, booked_basis="", estimate_basis="")
    migration.tell_what_is_unknown(apps, connection.schema_editor())
    assert (again(unknown).estimate, again(unknown).booked) == (None, None)
    assert again(unknown).entries.get(kind=EntryKind.SETTLE).known_amount is None
    for attempt, (estimate, booked, basis) in known.items():
        now = again(attempt)
        assert (now.estimate, now.booked, now.booked_basis) == (estimate, booked, basis)
    for totals in (Total.objects, DayTotal.objects):
        assert sum(row["unknown"] for row in totals.all().sums()) == 1
    assert CapUse.objects.get(user=None).unknown == 2  # with the one that still waits
    assert not list(ledger.verify())
    # A statement that comes later books it, and it is counted no more.
    ledger.correct(credential, 12, "on the statement", person, attempt=again(unknown))
    assert CapUse.objects.get(user=None).unknown == 1
    assert not list(ledger.verify())

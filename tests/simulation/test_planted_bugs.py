"""A simulation that finds nothing proves something only if it finds what is planted."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from generations.billing import ledger
from generations.lifecycle import fetch, proxies, sweep, transitions
from generations.media import Facts
from generations.models import Account, Attempt
from generations.providers.contract import Order, ProviderError, Receipt, Unavailable
from generations.teams.provider_access import ProviderConnection

from .invariants import Broken
from .run import Cast, Plant, cast, play

pytestmark = pytest.mark.django_db
MOST_SEEDS = 25


def a_post_that_is_sent_twice(patch: pytest.MonkeyPatch) -> None:
    submit = ProviderConnection.submit

    def insistent(connection: ProviderConnection, order: Order) -> Receipt:
        submit(connection, order)
        return submit(connection, order)

    patch.setattr(ProviderConnection, "submit", insistent)


def an_unclear_order_that_a_machine_sends_again(patch: pytest.MonkeyPatch) -> None:
    def hopeful(attempt: Attempt, error: ProviderError) -> None:
        transitions.requeue(attempt, Unavailable("hope"))

    patch.setattr(transitions, "mark_unclear", hopeful)


def a_charge_that_is_booked_twice(patch: pytest.MonkeyPatch) -> None:
    settle = ledger.settle

    def settled(attempt: Attempt, cost: int, **how: Any) -> None:
        settle(attempt, cost, **how)
        ledger.correct(attempt.credential, 7, "again", attempt.task.created_by, attempt=attempt)

    patch.setattr(ledger, "settle", settled)


def a_balance_that_no_line_explains(patch: pytest.MonkeyPatch) -> None:
    hold = ledger.hold

    def held(attempt: Attempt, **how: Any) -> None:
        hold(attempt, **how)
        Account.objects.filter(name="available").update(balance=F("balance") + 1)

    patch.setattr(ledger, "hold", held)


def a_hold_that_never_closes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "release", lambda *attempt, **how: None)


def a_page_that_is_kept_as_a_film(patch: pytest.MonkeyPatch) -> None:
    facts = Facts(media_type="video", container="", codec="", bytes=0)
    patch.setattr(fetch, "inspect", lambda *what, **how: facts)


def a_lost_job_that_nobody_looks_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sweep, "_waiting_credentials", list)


def a_file_that_is_given_up_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fetch, "PATIENCE", timedelta(0))
    patch.setattr(transitions, "link_end", lambda file: file.seen_at)


def a_lost_file_that_nobody_asks_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sweep, "_lost_files", list)


def a_copy_that_nobody_makes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(proxies, "make_proxy", lambda file_id: None)


PLANTS: dict[Plant, tuple[int, str]] = {
    a_post_that_is_sent_twice: (0, "one POST for each attempt"),
    an_unclear_order_that_a_machine_sends_again: (16, "was charged"),
    a_charge_that_is_booked_twice: (0, "is booked with"),
    a_balance_that_no_line_explains: (0, "each balance is the sum of its lines"),
    a_hold_that_never_closes: (2, "held and closed once"),
    a_page_that_is_kept_as_a_film: (11, "is kept as it came"),
    a_lost_job_that_nobody_looks_for: (17, "every task ends"),
    a_file_that_is_given_up_at_once: (0, "was lost though its link lived"),
    a_lost_file_that_nobody_asks_for: (0, "every file is stored"),
    a_copy_that_nobody_makes: (0, "has a copy for browsers"),
}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, settings: Settings) -> None:
    """The first seed that is tried was the first to find it; a few more have the chance."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    first, promise = PLANTS[plant]
    with cast() as people, pytest.raises(Broken, match=promise):
        play_some(first, people, plant)


def play_some(first: int, people: Cast, plant: Plant) -> None:
    for seed in range(first, first + MOST_SEEDS):
        play(seed, people, plant)

"""Hypothesis chooses the events instead of a seed, and makes what it finds as short as it can."""

import random
from collections.abc import Generator, Iterator

import pytest
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as how
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pytest_django import Settings

from generations.models import Task

from . import events, invariants, run
from .site import Site

pytestmark = pytest.mark.django_db
CHOSEN_BY_RULES = {events.order, events.cancel, events.decide}
OTHERS = [event for event in events.MENU if event not in CHOSEN_BY_RULES]


class Orders(RuleBasedStateMachine):
    """A site with its provider; in the end all faults stop and every promise must be kept."""

    people: run.Cast

    @initialize(seed=some.integers(0, 1000), most=some.integers(1, 3))
    def begin(self, seed: int, most: int) -> None:
        self.site = Site(
            random.Random(seed), self.people.membership, self.people.credential, self.people.loop
        )
        self.always = invariants.Always()
        self._open = self._opened()
        next(self._open)
        self.site.most_tasks = most

    def _opened(self) -> Generator[None]:
        with transaction.atomic():
            try:
                with self.site.open():
                    yield
            finally:
                transaction.set_rollback(True)

    @rule()
    def order(self) -> None:
        events.order(self.site)

    @rule(event=some.sampled_from(OTHERS))
    def go_on(self, event: events.Event) -> None:
        event(self.site)

    @rule(data=some.data())
    def cancel(self, data: some.DataObject) -> None:
        for task in self._one(data, list(Task.objects.order_by("pk"))):
            self.site.cancel(task)

    @rule(data=some.data())
    def decide(self, data: some.DataObject) -> None:
        for task in self._one(data, self.site.unclear()):
            self.site.decide_unclear(task)

    def _one(self, data: some.DataObject, tasks: list[Task]) -> Iterator[Task]:
        if tasks:
            yield data.draw(some.sampled_from(tasks))

    @invariant()
    def what_must_always_be_so(self) -> None:
        if hasattr(self, "site"):
            self.always.look(self.site)

    def teardown(self) -> None:
        if not hasattr(self, "site"):
            return
        try:
            run.end(self.site, run.Run(0), self.always)
        finally:
            self._open.close()


def test_whatever_hypothesis_thinks_of_every_promise_is_kept(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with run.cast() as Orders.people:
        run_state_machine_as_test(
            Orders,
            settings=how(
                max_examples=10,
                stateful_step_count=15,
                derandomize=True,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

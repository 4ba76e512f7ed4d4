"""The books: double entry that always sums to zero, append-only, and closed once."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from generations.billing import ledger
from generations.models import Account, Attempt, Credential, Entry, Line, Task
from generations.models.ledger import AccountName
from tests.factories import make_credential, make_member

pytestmark = pytest.mark.django_db


def make_attempt(credential: Credential, estimate: int) -> Attempt:
    task = Task.objects.create(
        team=credential.team,
        created_by=make_member(team=credential.team).user,
        credential=credential,
        kind="text_to_video",
        model="viduq2",
        form_token=uuid4().hex,
    )
    return Attempt.objects.create(task=task, credential=credential, ordinal=1, estimate=estimate)


@pytest.fixture
def credential() -> Credential:
    """A key whose provider told a balance of 100."""
    made = make_credential(team=make_member().team)
    made.balance = 100
    made.save()
    ledger.adjust(made, 100, "balance read from the provider")
    return made


def balances(credential: Credential) -> dict[str, int]:
    return dict(credential.accounts.values_list("name", "balance"))


def check(credential: Credential, *, available: int, held: int, spent: int) -> None:
    now = balances(credential)
    assert (now["available"], now["held"], now["spent"]) == (available, held, spent)
    assert sum(now.values()) == 0
    assert not list(ledger.verify())


def test_a_hold_sets_aside_and_a_release_gives_all_back(credential: Credential) -> None:
    attempt = make_attempt(credential, 35)
    ledger.hold(attempt)
    check(credential, available=65, held=35, spent=0)
    ledger.release(attempt)
    check(credential, available=100, held=0, spent=0)


@pytest.mark.parametrize("cost", [0, 20, 35, 60, 100])
def test_a_settlement_takes_what_was_charged_less_or_more_than_held(
    credential: Credential, cost: int
) -> None:
    attempt = make_attempt(credential, 35)
    ledger.hold(attempt)
    ledger.settle(attempt, cost)
    check(credential, available=100 - cost, held=0, spent=cost)


def test_what_was_charged_beyond_all_that_was_left_is_booked_too(credential: Credential) -> None:
    attempt = make_attempt(credential, 35)
    ledger.hold(attempt)
    ledger.settle(attempt, 140)
    check(credential, available=0, held=0, spent=140)


def test_a_hold_beyond_what_is_left_is_refused_and_writes_nothing(credential: Credential) -> None:
    entries = Entry.objects.count()
    with pytest.raises(ledger.InsufficientCredits) as short:
        ledger.hold(make_attempt(credential, 101))
    assert (short.value.left, short.value.needed) == (100, 101)
    assert Entry.objects.count() == entries
    check(credential, available=100, held=0, spent=0)


def test_a_key_without_a_known_balance_is_granted_what_it_needs() -> None:
    unmetered = make_credential(team=make_member().team)
    attempt = make_attempt(unmetered, 35)
    ledger.hold(attempt)
    check(unmetered, available=0, held=35, spent=0)
    ledger.settle(attempt, 50)
    check(unmetered, available=0, held=0, spent=50)
    assert ledger.available(unmetered) is None
    (balance,) = ledger.balances(unmetered.team)
    assert not balance.known


@pytest.mark.parametrize("closing", ["settle", "release"])
def test_a_hold_closes_once_and_is_made_once(credential: Credential, closing: str) -> None:
    # What another attempt holds would pay for it, so that only the constraints refuse it.
    ledger.hold(make_attempt(credential, 40))
    attempt = make_attempt(credential, 20)
    ledger.hold(attempt)
    if closing == "settle":
        ledger.settle(attempt, 20)
    else:
        ledger.release(attempt)
    before = balances(credential)
    for again in (ledger.hold, ledger.release, lambda each: ledger.settle(each, 1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            again(attempt)
    assert balances(credential) == before


def test_a_quiet_key_takes_over_the_providers_balance_up_and_down(credential: Credential) -> None:
    for remaining in (250, 40, 0, 40):
        ledger.reconcile(credential, remaining, ledger.newest_entry(credential))
        check(credential, available=remaining, held=0, spent=0)


def test_a_busy_key_takes_over_only_what_must_be_a_top_up(credential: Credential) -> None:
    ledger.hold(make_attempt(credential, 35))
    newest = ledger.newest_entry(credential)
    for remaining in (65, 100, 30):  # charged already, not charged yet, spent elsewhere
        ledger.reconcile(credential, remaining, newest)
        check(credential, available=65, held=35, spent=0)
    ledger.reconcile(credential, 300, newest)
    check(credential, available=265, held=35, spent=0)


def test_an_order_between_the_question_and_its_answer_makes_the_key_busy(
    credential: Credential,
) -> None:
    before = ledger.newest_entry(credential)
    attempt = make_attempt(credential, 35)
    ledger.hold(attempt)
    ledger.settle(attempt, 35)
    ledger.reconcile(credential, 50, before)
    check(credential, available=65, held=0, spent=35)


@pytest.mark.parametrize("model", [Entry, Line], ids=["entries", "lines"])
def test_the_database_itself_refuses_to_change_or_delete_the_books(
    credential: Credential, model: type[Entry] | type[Line]
) -> None:
    rows = model.objects.all()
    change = {"memo": "nicer"} if model is Entry else {"amount": 1}
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows._raw_delete(rows.db)
    assert rows.exists()


@pytest.mark.parametrize("model", [Entry, Line], ids=["entries", "lines"])
def test_raw_sql_cannot_change_delete_or_replace_the_books(
    credential: Credential, model: type[Entry] | type[Line]
) -> None:
    before = list(model.objects.order_by("pk").values())
    table = model._meta.db_table
    commands = [f"UPDATE {table} SET amount = amount + 1", f"DELETE FROM {table}"]
    if connection.vendor == "sqlite":
        commands.append(f"REPLACE INTO {table} SELECT * FROM {table}")
    for command in commands:
        refused = pytest.raises(DatabaseError, match="append-only")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(command)
    assert before
    assert list(model.objects.order_by("pk").values()) == before


def test_the_database_itself_refuses_an_account_below_zero(credential: Credential) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(credential=credential, name="available").update(balance=-1)


def test_verify_finds_a_forged_line_and_a_forged_balance(credential: Credential) -> None:
    assert not list(ledger.verify())
    available = Account.objects.get(credential=credential, name=AccountName.AVAILABLE)
    Line.objects.create(entry=Entry.objects.latest("pk"), account=available, amount=5)
    found = list(ledger.verify())
    assert any(sentence.startswith("Entry") for sentence in found)
    assert any(sentence.startswith("Account") for sentence in found)


def test_verify_finds_a_balance_that_no_line_explains(credential: Credential) -> None:
    Account.objects.filter(credential=credential, name="available").update(balance=999)
    assert len(list(ledger.verify())) == 1


def test_one_teams_books_say_nothing_of_anothers(credential: Credential) -> None:
    other = make_credential(team=make_member().team)
    ledger.hold(make_attempt(other, 35))
    check(credential, available=100, held=0, spent=0)
    (balance,) = ledger.balances(credential.team)
    assert (balance.available, balance.held, balance.known) == (100, 0, True)


class Books(RuleBasedStateMachine):
    """Any orders, ends and top-ups, in any order, on a key with and one without a balance."""

    def __init__(self) -> None:
        super().__init__()
        self._around = transaction.atomic()
        self._around.__enter__()
        self.credential = make_credential(team=make_member().team)
        self.open: list[Attempt] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._around.__exit__(None, None, None)

    @rule(estimate=st.integers(0, 80))
    def order(self, estimate: int) -> None:
        attempt = make_attempt(self.credential, estimate)
        left = ledger.available(self.credential)
        if left is None or left >= estimate:
            ledger.hold(attempt)
            self.open.append(attempt)
        else:
            with pytest.raises(ledger.InsufficientCredits):
                ledger.hold(attempt)

    @rule(data=st.data(), cost=st.integers(0, 200))
    def succeed(self, data: st.DataObject, cost: int) -> None:
        for attempt in self._one(data):
            ledger.settle(attempt, cost)

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        for attempt in self._one(data):
            ledger.release(attempt)

    @rule(remaining=st.integers(0, 300))
    def read_balance(self, remaining: int) -> None:
        Credential.objects.filter(pk=self.credential.pk).update(balance=remaining)
        self.credential.balance = remaining
        ledger.reconcile(self.credential, remaining, ledger.newest_entry(self.credential))

    @invariant()
    def the_books_hold(self) -> None:
        now = balances(self.credential)
        assert sum(now.values()) == 0
        assert now["available"] >= 0
        assert now["held"] == sum(attempt.estimate or 0 for attempt in self.open)
        assert not list(ledger.verify())

    def _one(self, data: st.DataObject) -> Iterator[Attempt]:
        if self.open:
            yield self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))


def test_whatever_happens_the_books_hold() -> None:
    run_state_machine_as_test(
        Books,
        settings=how(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

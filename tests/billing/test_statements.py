"""Statements: read in every form, imported once, matched by id, and decided by people."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import DatabaseError, transaction
from pytest_django import DjangoAssertNumQueries

from generations.billing import ledger, statements
from generations.billing.statements.tables import decode, read_amount, read_lines, read_table
from generations.lifecycle import imports
from generations.models import (
    Account,
    Attempt,
    AuditEvent,
    CapUse,
    Claim,
    Credential,
    DayTotal,
    Entry,
    Membership,
    Statement,
    StatementLine,
    Task,
    Total,
)
from generations.models.ledger import EntryKind
from tests.factories import make_credential, make_member, make_tasks
from tests.threads import in_thread

# ---- Reading ----------------------------------------------------------------------------------

PLAIN = "task_id,credits,created_at\n911026047460327424,35,2026-11-20\n911026047460327425,40,\n"


def charges(text: str) -> list[tuple[str, int]]:
    read, unread = read_lines(read_table(text), "credit")
    assert unread == []
    return [(charge.remote_id, charge.amount) for charge in read]


EXPECTED = [("911026047460327424", 35), ("911026047460327425", 40)]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace("\n", "\r\n"),
        "sep=;\n" + PLAIN.replace(",", ";"),
        "Vidu statement\nOctober 2026,,\n\n" + PLAIN,
        "积分,任务ID\n35,911026047460327424\n40,911026047460327425\n",
        'Description,"Task ID (string)",Cost (credits)\n"a, b",911026047460327424,35\n'
        '"c\nd",911026047460327425,40.00\n',
        PLAIN.replace("911", "'911"),
        PLAIN.replace("911026047460327424", '"=""911026047460327424"""'),
        PLAIN.replace(",35", ",-35").replace(",40", ",-40"),
    ],
    ids=[
        *("commas", "semicolons", "tabs", "CRLF", "sep=", "letterhead", "Chinese", "quoted"),
        *("apostrophes", "as a formula", "charges below nothing"),
    ],
)
def test_the_same_lines_are_read_from_every_form(text: str) -> None:
    assert charges(text) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_letters_are_read_in_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    text = "任务编号,积分\n911026047460327424,35\n911026047460327425,40\n"
    assert charges(decode(text.encode(encoding))) == EXPECTED


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "letters"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0", "letters"),
        (b" \n\n ", "empty"),
        (b"a" * (statements.MOST_BYTES + 1), "large"),
    ],
    ids=["a picture", "a workbook", "nothing", "too much"],
)
def test_what_is_no_statement_is_refused_with_its_reason(content: bytes, code: str) -> None:
    with pytest.raises(statements.Unreadable) as refused:
        read_table(decode(content))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        *(("35", 35), ("1,234", 1234), ("1 234", 1234), ("35.00", 35), ("-35", -35), ("−35", -35)),
        *(("(35)", -35), ("+35", 35), ("35 credits", 35), ("35积分", 35), ("12,50", None)),
        *(("35.5", None), ("1,234,567.00", 1234567)),
    ],
)
def test_amounts_are_read_as_people_and_machines_write_them(cell: str, amount: int | None) -> None:
    assert read_amount(cell) == amount


@pytest.mark.parametrize(("cell", "cents"), [("$74.87", 7487), ("0.35", 35), ("1,000", 100_000)])
def test_money_is_read_in_dollars_and_kept_in_cents(cell: str, cents: int) -> None:
    assert read_amount(cell, hundreds=True) == cents


@pytest.mark.parametrize("cell", ["", "free", "NaN", "Infinity", "1e999", "3-5", "=A1"])
def test_what_is_no_amount_is_refused(cell: str) -> None:
    with pytest.raises(ArithmeticError):
        read_amount(cell)


def test_a_row_that_cannot_be_read_is_told_with_its_line_and_its_reason() -> None:
    text = "task_id,credits\n9.11026E+17,35\n,35\n911,free\n912,3.5\n913,35\nTotal,,\n"
    read, unread = read_lines(read_table(text), "credit")
    assert [charge.remote_id for charge in read] == ["913"]
    assert [(row.line, row.code) for row in unread] == [
        *((2, "rounded"), (3, "number"), (4, "amount"), (5, "fraction"), (7, "amount")),
    ]


def test_columns_that_nobody_knows_are_chosen_by_a_person() -> None:
    text = "A,B\n35,911026047460327424\n40,911026047460327425\n"
    assert not read_table(text).is_clear
    chosen = read_table(text, {"number": 1, "amount": 0})
    read, _unread = read_lines(chosen, "credit")
    assert [(one.remote_id, one.amount) for one in read] == EXPECTED


# ---- Importing --------------------------------------------------------------------------------


@pytest.fixture
def member(db: None) -> Membership:
    return make_member()


@pytest.fixture
def credential(member: Membership) -> Credential:
    return make_credential(team=member.team)


def clips(member: Membership, credential: Credential, costs: Sequence[int | None]) -> list[str]:
    """A finished clip for each cost (None: all came back); their numbers at the provider."""
    numbers = []
    for place, cost in enumerate(costs):
        (task,) = make_tasks(membership=member, credential=credential)
        number = f"9110260474603{Task.objects.count():05}{place}"
        Attempt.objects.filter(task=task).update(remote_id=number, state="accepted")
        end(attempt_of(number), cost)
        numbers.append(number)
    return numbers


def attempt_of(number: str) -> Attempt:
    return Attempt.objects.select_related("task", "credential").get(remote_id=number)


def end(attempt: Attempt, cost: int | None) -> None:
    state = "succeeded" if cost else "failed"
    Task.objects.filter(pk=attempt.task_id).update(state=state)
    if cost is None:
        ledger.release(attempt)
    else:
        ledger.settle(attempt, cost)


def statement(
    member: Membership,
    credential: Credential,
    rows: Sequence[tuple[str, int]],
) -> Statement:
    lines = "".join(f"{number},{amount}\n" for number, amount in rows)
    content = f"task_id,credits\n{lines}".encode()
    return statements.draft(credential, "october.csv", content, member.user)


def take(
    member: Membership, credential: Credential, rows: Sequence[tuple[str, int]]
) -> statements.ImportResult:
    return statements.import_lines(statement(member, credential, rows), member.user)


def claims() -> list[tuple[int, int, int]]:
    """Claimed, booked and the difference, by number."""
    return list(Claim.objects.order_by("remote_id").values_list("amount", "booked", "difference"))


def test_lines_meet_the_books_by_the_providers_number(
    member: Membership, credential: Credential
) -> None:
    first, second, third = clips(member, credential, [35, 45, None])
    taken = take(member, credential, [(first, 35), (second, 50), (third, 35), ("999", 20)])
    assert (taken.lines, taken.differences) == (4, 3)
    assert claims() == [(35, 35, 0), (50, 45, 5), (35, 0, 35), (20, 0, 20)]
    assert Claim.objects.get(remote_id="999").attempt is None
    assert not list(ledger.verify())


def test_looking_it_over_first_tells_the_same_and_writes_nothing(
    member: Membership, credential: Credential
) -> None:
    first, second = clips(member, credential, [35, 45])
    given = statement(member, credential, [(first, 35), (second, 50)])
    seen = statements.preview(given)
    assert (seen.total, seen.agreeing, len(seen.differences)) == (85, 1, 1)
    assert not Claim.objects.exists()
    assert not StatementLine.objects.exists()
    assert Statement.objects.get().imported_at is None


def test_the_same_file_twice_is_one_statement_and_changes_nothing(
    member: Membership, credential: Credential
) -> None:
    (number,) = clips(member, credential, [35])
    take(member, credential, [(number, 40)])
    again = take(member, credential, [(number, 40)])
    assert (again.lines, Statement.objects.count(), StatementLine.objects.count()) == (0, 1, 1)
    assert claims() == [(40, 35, 5)]
    assert AuditEvent.objects.filter(verb="statement.imported").count() == 1


def test_a_line_that_came_in_another_file_is_not_taken_twice(
    member: Membership, credential: Credential
) -> None:
    first, second = clips(member, credential, [35, 35])
    take(member, credential, [(first, 35)])
    taken = take(member, credential, [(first, 35), (second, 35)])
    assert taken.lines == 1
    assert claims() == [(35, 35, 0), (35, 35, 0)]


def test_two_equal_lines_of_one_file_are_two_charges(
    member: Membership, credential: Credential
) -> None:
    (number,) = clips(member, credential, [35])
    take(member, credential, [(number, 35), (number, 35)])
    assert claims() == [(70, 35, 35)]


def test_a_refund_that_comes_later_is_added_and_opens_the_claim_again(
    member: Membership, credential: Credential
) -> None:
    (number,) = clips(member, credential, [35])
    take(member, credential, [(number, 50), ("1", 1), ("2", 2)])
    statements.dispute(Claim.objects.get(remote_id=number), member.user, "we were told 35")
    take(member, credential, [(number, -5), ("3", 1), ("4", 2)])
    claim = Claim.objects.get(remote_id=number)
    assert (claim.amount, claim.difference, claim.is_open) == (45, 10, True)


def test_another_keys_number_is_not_ones_own(member: Membership, credential: Credential) -> None:
    (number,) = clips(member, credential, [35])
    other = make_credential(team=member.team, name="Client key")
    take(member, other, [(number, 35)])
    assert claims() == [(35, 0, 35)]
    assert Claim.objects.get().attempt is None


def test_a_clip_that_ends_after_its_statement_came_agrees_then(
    member: Membership, credential: Credential
) -> None:
    (task,) = make_tasks(membership=member, credential=credential)
    Attempt.objects.filter(task=task).update(remote_id="911", state="accepted")
    take(member, credential, [("911", 40)])
    assert Claim.objects.get().difference == 40
    end(attempt_of("911"), 40)
    assert claims() == [(40, 40, 0)]
    for model in (Total, DayTotal):
        assert model.objects.get(kind=EntryKind.SETTLE).stated == 40
    assert not list(ledger.verify())


def test_what_statements_say_is_counted_beside_what_was_settled(
    member: Membership, credential: Credential
) -> None:
    first, second = clips(member, credential, [35, 45])
    take(member, credential, [(first, 35), (second, 50)])
    for model in (Total, DayTotal):
        assert model.objects.get(kind=EntryKind.SETTLE).stated == 85


def test_a_statement_of_money_is_read_in_dollars(
    member: Membership, credential: Credential
) -> None:
    Account.objects.update(unit="cent")
    (number,) = clips(member, credential, [7_487])
    content = f"Task ID;Cost (USD)\n{number};$74.87\n".encode()
    statements.import_lines(
        statements.draft(credential, "a.csv", content, member.user), member.user
    )
    assert claims() == [(7_487, 7_487, 0)]


@pytest.mark.parametrize("rows", [3, 1_200])
def test_a_statement_of_many_lines_asks_few_questions(
    member: Membership,
    credential: Credential,
    rows: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    given = statement(member, credential, [(str(number), 1) for number in range(rows)])
    with django_assert_max_num_queries(60):
        statements.import_lines(given, member.user)
    assert Claim.objects.count() == rows


def test_lines_of_a_statement_cannot_be_changed_or_deleted(
    member: Membership, credential: Credential
) -> None:
    take(member, credential, [("911", 35)])
    rows = StatementLine.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(amount=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows._raw_delete(rows.db)


# ---- Deciding ---------------------------------------------------------------------------------


@pytest.fixture
def claim(member: Membership, credential: Credential) -> Claim:
    """45 were booked, 50 are claimed."""
    (number,) = clips(member, credential, [45])
    take(member, credential, [(number, 50)])
    return Claim.objects.get()


def test_an_accepted_claim_is_booked_by_a_line_of_its_own(member: Membership, claim: Claim) -> None:
    before = set(Entry.objects.values_list("pk", flat=True))
    statements.accept(claim, member.user, "the clip was longer")
    claim.refresh_from_db()
    assert (claim.difference, claim.decision, claim.decided_by) == (0, "accepted", member.user)
    entry = Entry.objects.exclude(pk__in=before).exclude(kind=EntryKind.ADJUST).get()
    assert (entry.kind, entry.amount, entry.attempt, entry.actor) == (
        *("correct", 5, claim.attempt, member.user),
    )
    assert claim.remote_id in entry.memo
    (balance,) = ledger.balances(member.team)
    assert balance.spent == 50
    assert not list(ledger.verify())


def test_an_accepted_refund_gives_back(member: Membership, credential: Credential) -> None:
    (number,) = clips(member, credential, [45])
    take(member, credential, [(number, 20)])
    statements.accept(Claim.objects.get(), member.user)
    (balance,) = ledger.balances(member.team)
    assert balance.spent == 20
    assert not list(ledger.verify())


def test_what_a_failed_clip_was_charged_after_all_is_marked_as_failed(
    member: Membership, credential: Credential
) -> None:
    (number,) = clips(member, credential, [None])
    take(member, credential, [(number, 35)])
    statements.accept(Claim.objects.get(), member.user)
    assert Entry.objects.get(kind=EntryKind.CORRECT).failed
    assert not list(ledger.verify())


def test_a_claim_for_nothing_that_is_known_here_can_be_accepted_too(
    member: Membership, credential: Credential
) -> None:
    take(member, credential, [("999", 35)])
    statements.accept(Claim.objects.get(), member.user, "ordered by hand")
    assert claims() == [(35, 35, 0)]
    (balance,) = ledger.balances(member.team)
    assert balance.spent == 35
    assert not list(ledger.verify())


def test_what_a_statement_says_of_an_imported_clip_counts_against_no_cap(
    member: Membership, credential: Credential
) -> None:
    (imported,) = imports.import_tasks(member, credential, ["777"])
    assert imported.task
    ledger.record_import(
        Attempt.objects.select_related("task", "credential").get(task=imported.task), None
    )
    take(member, credential, [("777", 40)])
    statements.accept(Claim.objects.get(), member.user)
    (balance,) = ledger.balances(member.team)
    assert balance.spent == 40
    assert not CapUse.objects.exists()
    assert not list(ledger.verify())


def test_what_was_accepted_by_its_number_is_booked_once_when_its_clip_is_imported(
    member: Membership, credential: Credential
) -> None:
    take(member, credential, [("777", 40)])
    statements.accept(Claim.objects.get(), member.user)
    (imported,) = imports.import_tasks(member, credential, ["777"])
    assert imported.task
    attempt = Attempt.objects.select_related("task", "credential").get(task=imported.task)
    ledger.record_import(attempt, 40)
    (balance,) = ledger.balances(member.team)
    assert balance.spent == 40
    assert Claim.objects.get().difference == 0
    assert not list(ledger.verify())


@pytest.mark.django_db(transaction=True)
def test_an_imported_clip_is_booked_only_after_a_statement_that_is_being_imported() -> None:
    member = make_member()
    credential = make_credential(team=member.team)
    (outcome,) = imports.import_tasks(member, credential, ["777"])
    attempt = Attempt.objects.select_related("task", "credential").get(task=outcome.task)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ledger.lock(credential.pk)  # as the import of a statement does
            booked = in_thread(pool, partial(ledger.record_import, attempt, 40))
            with pytest.raises(TimeoutError):
                booked.result(timeout=0.5)
        booked.result()
    assert ledger.balances(member.team)[0].spent == 40


def test_a_disputed_claim_leaves_the_books_as_they_are_and_keeps_its_reason(
    member: Membership, claim: Claim
) -> None:
    entries = Entry.objects.count()
    statements.dispute(claim, member.user, "we were told 45")
    claim.refresh_from_db()
    assert (claim.decision, claim.reason, claim.difference) == ("disputed", "we were told 45", 5)
    assert Entry.objects.count() == entries
    event = AuditEvent.objects.get(verb="claim.disputed")
    assert (event.actor, event.detail["reason"]) == (member.user, "we were told 45")


def test_a_disputed_claim_may_be_accepted_after_all_and_an_accepted_one_is_done(
    member: Membership, claim: Claim
) -> None:
    statements.dispute(claim, member.user, "we were told 45")
    statements.accept(claim, member.user, "they sent the log")
    for decide in (statements.accept, statements.dispute):
        with pytest.raises(statements.Decided):
            decide(claim, member.user, "again")
    assert Entry.objects.filter(kind=EntryKind.CORRECT).count() == 1


def test_what_is_still_under_way_is_not_decided(member: Membership, credential: Credential) -> None:
    (task,) = make_tasks(membership=member, credential=credential)
    Attempt.objects.filter(task=task).update(remote_id="911", state="accepted")
    take(member, credential, [("911", 40)])
    with pytest.raises(statements.UnderWay):
        statements.accept(Claim.objects.get(), member.user)


def test_what_somebody_did_cannot_be_changed_or_deleted(member: Membership, claim: Claim) -> None:
    rows = AuditEvent.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(verb="nothing")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows._raw_delete(rows.db)

"""An auditor answers for a month: one failed task, a file of all, a statement, a dispute."""

import csv
import io
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from generations import clock
from generations.billing import ledger
from generations.models import Attempt, AuditEvent, Claim, Role, Task
from generations.models.tasks import TaskState
from tests.factories import make_member, make_user

from .studio import PASSWORD, Studio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def sign_in_as_auditor(screen: Page, studio: Studio) -> None:
    ada = make_user(email="ada@example.com", name="Ada Ledger", password=PASSWORD)
    make_member(team=studio.team, user=ada, role=Role.AUDITOR)
    screen.goto(reverse("admin:index"))
    screen.fill("[name=login]", ada.email)
    screen.fill("[name=password]", PASSWORD)
    screen.press("[name=password]", "Enter")
    screen.wait_for_url(f"**{reverse('admin:index')}")


def charged(studio: Studio, state: TaskState, cost: int) -> Task:
    task = studio.order(state, accepted_at=clock.now(), finished_at=clock.now())
    attempt = Attempt.objects.select_related("task", "credential").get(task=task)
    Attempt.objects.filter(pk=attempt.pk).update(
        cost=cost, reply='{"state": "created"}', answered_at=clock.now()
    )
    ledger.settle(attempt, cost, failed=state == TaskState.FAILED)
    return task


def test_an_auditor_answers_for_a_month(screen: Page, studio: Studio, tmp_path: Path) -> None:
    clips = [charged(studio, TaskState.SUCCEEDED, 35) for _ in range(3)]
    failed = charged(studio, TaskState.FAILED, 20)
    Task.objects.filter(pk=failed.pk).update(prompt="A harbour that never came")
    sign_in_as_auditor(screen, studio)
    find_what_failed(screen)
    export_the_month(screen)
    numbers = [Attempt.objects.get(task=task).remote_id for task in clips]
    file = tmp_path / "november.csv"
    rows = [f"{numbers[0]},35", f"{numbers[1]},40", f"{numbers[2]},30", "77,20"]
    file.write_text("\n".join(["task_id,credits", *rows]), encoding="utf-8")
    import_statement(screen, file)
    dispute(screen, numbers[1])


def find_what_failed(screen: Page) -> None:
    """One click to its timeline, another to what the provider said."""
    screen.get_by_role("link", name="A harbour that never came").click()
    expect(screen.get_by_role("heading", name="Timeline")).to_be_visible()
    screen.locator("summary", has_text="Raw reply").click()
    expect(screen.get_by_text('{"state": "created"}').first).to_be_visible()


def export_the_month(screen: Page) -> None:
    """What the figure of the month opens, as a file: its rows are the figure."""
    screen.goto(reverse("admin:index"))
    screen.locator("div:has(> dt:text-is('This month')) > dd > a").click()
    with screen.expect_download() as download:
        screen.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["Amount"] for row in rows) == ["20", "35", "35", "35"]
    with screen.expect_download() as download:
        screen.get_by_role("link", name="XLSX").click()
    assert download.value.path().read_bytes().startswith(b"PK")


def import_statement(screen: Page, file: Path) -> None:
    screen.get_by_role("link", name="Import a statement").click()
    screen.get_by_label("Key").select_option(index=1)
    screen.get_by_label("File").set_input_files(file)
    screen.get_by_role("button", name="Preview").click()
    expect(screen.locator("div:has(> dt:text-is('Tasks that differ')) > dd")).to_have_text("3")
    screen.get_by_role("button", name="Import 4 lines").click()
    expect(screen.get_by_text("3 tasks differ and wait for a decision.")).to_be_visible()


def dispute(screen: Page, number: str) -> None:
    screen.get_by_role("link", name="Differences on this key").click()
    expect(screen.locator("#result_list tbody tr")).to_have_count(3)
    screen.get_by_role("link", name=number).click()
    screen.get_by_role("button", name="Dispute").click()
    expect(screen.get_by_text("Give a reason for the dispute")).to_be_visible()
    screen.get_by_label("Reason").fill("We were told 35.")
    screen.get_by_role("button", name="Dispute").click()
    expect(screen.get_by_text("Disputed; the books stay as they are.")).to_be_visible()
    claim = Claim.objects.get(remote_id=number)
    assert (claim.decision, str(claim.decided_by)) == ("disputed", "Ada Ledger")
    assert AuditEvent.objects.filter(verb="claim.disputed", actor__name="Ada Ledger").exists()

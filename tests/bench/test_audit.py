"""The ledger's list, its totals, the first page and usage, after 10,000 and 1,000,000 lines."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from ctypes import CDLL
from pathlib import Path
from statistics import median

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from generations import clock
from generations.models import Credential, DayTotal, Entry, Line, Membership, Total, User
from tests.bench.books import LAST, make_books
from tests.bench.fetch import resident
from tests.bench.figures import cpu_milliseconds, show

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

FEW, MANY = 10_000, 1_000_000
ROUNDS = 7
LEDGER = reverse("admin:generations_entry_changelist")
type Act = Callable[[], None]


def getting(client: Client, path: str) -> Act:
    def act() -> None:
        response = client.get(path)
        assert response.status_code == 200, path

    return act


def acts(member: Membership) -> Mapping[str, Act]:
    """What is measured, each as somebody who may see it."""
    staff, person = Client(), Client()
    staff.force_login(User.objects.create_superuser("operator@example.com", "rushes-rushes"))
    person.force_login(member.user)
    key = Credential.objects.earliest("pk").pk
    usage, rows = (reverse(name, args=[member.team.slug]) for name in ("usage", "usage_rows"))
    last = -(-Entry.objects.count() // 50)
    month = f"{LEDGER}?person={member.user_id}&day=2026-11"
    return {
        "hello, the same middleware": getting(staff, reverse("health_live")),
        "ledger, all": getting(staff, LEDGER),
        "ledger, its last page": getting(staff, f"{LEDGER}?p={last}"),
        "ledger, one person in one month": getting(staff, month),
        "ledger, all of one person": getting(staff, f"{LEDGER}?person={member.user_id}"),
        "ledger, charged in vain, one model": getting(
            staff, f"{LEDGER}?kind=failed&model=viduq2&credential={key}"
        ),
        "ledger, a provider's number": getting(staff, f"{LEDGER}?q=911000000000000001"),
        "totals alone, all": _totals,
        "first page of the admin site": getting(staff, reverse("admin:index")),
        "usage, 30 days": getting(person, usage),
        "usage, a year": getting(person, f"{usage}?days=365"),
        "rows under a figure": getting(person, rows),
    }


def _totals() -> None:
    assert DayTotal.objects.all().sums("day")


def measured(lines: int) -> dict[str, list[float]]:
    """In books of this length, which are gone afterwards."""
    with clock.frozen(LAST), transaction.atomic():
        member = make_books(lines)
        assert Line.objects.count() == lines
        entries, totals = Entry.objects.count(), Total.objects.count()
        print(f"\n{lines:,} lines: {entries:,} entries, {totals:,} totals")
        samples = cpu_milliseconds(acts(member), rounds=ROUNDS)
        if lines == MANY:
            export_all()
        transaction.set_rollback(True)
    return samples


@pytest.mark.django_db
def test_a_ledger_a_hundred_times_as_long() -> None:
    few, many = measured(FEW), measured(MANY)
    show(f"Books of {FEW:,} lines, CPU", few)
    show(f"Books of {MANY:,} lines, CPU", many)
    print(f"\n{MANY:,} lines beside {FEW:,}")
    for name in few:
        print(f"  {name:<44}×{median(many[name]) / median(few[name]):.2f}")


def export_all() -> None:
    """The whole ledger as files: the first bytes, the time, and the most memory that it took."""
    staff = Client()
    staff.force_login(User.objects.get(email="operator@example.com"))
    for kind in ("csv", "xlsx"):
        rest, began = at_rest(), time.monotonic()
        response = staff.get(reverse(f"admin:generations_entry_{kind}"))
        pieces: Iterator[bytes] = iter(response.streaming_content)  # type: ignore[attr-defined]
        size = len(next(pieces))
        first = time.monotonic() - began
        size += sum(len(piece) for piece in pieces)
        print(
            f"  {kind}: {size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s, the first bytes"
            f" after {first:.2f} s, memory grew by {resident('VmHWM') - rest:.1f} MiB"
        )


def at_rest() -> float:
    """The memory of this process when all that it does not need is given back, in MiB."""
    gc.collect()
    CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    return resident("VmRSS")

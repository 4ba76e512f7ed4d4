"""Keep a statement as a draft, preview it, and import its lines, each of them once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched

from django.db import transaction
from django.utils.dateparse import parse_date

from generations import clock
from generations.billing import ledger
from generations.models import Credential, Statement, StatementLine, User, audit

from .claims import CHUNK, Match, claim, match
from .tables import Charge, Table, Unread, decode, read_lines, read_table


@dataclass(frozen=True)
class Preview:
    """What importing a statement would do; nothing is written yet."""

    table: Table
    charges: Sequence[Charge]
    known: int
    unread: Sequence[Unread]
    matches: Sequence[Match]
    unit: str

    @property
    def total(self) -> int:
        return sum(charge.amount for charge in self.charges)

    @property
    def differences(self) -> list[Match]:
        return [match for match in self.matches if match.difference]

    @property
    def agreeing(self) -> int:
        return len(self.matches) - len(self.differences)


@dataclass(frozen=True)
class ImportResult:
    """What an import did: counts of new lines, and of remote ids that differ now."""

    lines: int
    differences: int


def draft(credential: Credential, name: str, content: bytes, by: User) -> Statement:
    """Keep a file as a draft; the same file again is the same statement. Raises Unreadable."""
    # A spreadsheet may save the same statement with other line ends.
    text = decode(content).replace("\r\n", "\n").strip()
    read_table(text)  # so that nothing is kept that is no table
    statement, _made = Statement.objects.get_or_create(
        credential=credential,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
        defaults={
            "team_id": credential.team_id,
            "name": name[:200],
            "content": text,
            "imported_by": by,
        },
    )
    return statement


def preview(statement: Statement, columns: Mapping[str, int] | None = None) -> Preview:
    """Read a statement; ``columns``: the index of each column, where a person chose it."""
    table = read_table(statement.content, columns or statement.columns)
    unit = statement.credential.accounts.values_list("unit", flat=True)[0]
    charges, unread = read_lines(table, unit) if table.is_clear else ([], [])
    known = _known(statement.credential_id, charges)
    fresh = [charge for charge in charges if charge.fingerprint not in known]
    matches = match(statement.credential_id, fresh)
    return Preview(table, fresh, len(charges) - len(fresh), unread, matches, unit)


@transaction.atomic
def import_lines(
    statement: Statement, by: User, columns: Mapping[str, int] | None = None
) -> ImportResult:
    """Import the lines that are new, and return what differs. Twice is harmless."""
    # Two files of one key may have the same lines: the second waits, and then finds them known.
    ledger.lock(statement.credential_id)
    read = preview(statement, columns)
    result = ImportResult(len(read.charges), len(read.differences))
    first, last = _days(read.charges)
    imported = Statement.objects.filter(pk=statement.pk, imported_at=None).update(
        imported_at=clock.now(),
        imported_by=by,
        columns=dict(read.table.columns),
        first=first,
        last=last,
    )
    if not imported:
        return ImportResult(0, 0)
    for charges in batched(read.charges, CHUNK):
        StatementLine.objects.bulk_create(_line(statement, charge) for charge in charges)
    claim(statement, read.matches, read.unit)
    counts = {"lines": result.lines, "differences": result.differences}
    audit.record(statement.team, by, "statement.imported", statement, **counts)
    return result


def discard(statement: Statement) -> None:
    """Delete a draft; an imported statement stays."""
    Statement.objects.filter(pk=statement.pk, imported_at=None).delete()


def _known(credential_id: int, charges: Sequence[Charge]) -> set[str]:
    """Return the fingerprints of lines that were imported before."""
    lines = StatementLine.objects.filter(credential=credential_id)
    return {
        fingerprint
        for chunk in batched(charges, CHUNK)
        for fingerprint in lines.filter(
            fingerprint__in=[charge.fingerprint for charge in chunk]
        ).values_list("fingerprint", flat=True)
    }


def _line(statement: Statement, charge: Charge) -> StatementLine:
    return StatementLine(
        statement=statement,
        credential_id=statement.credential_id,
        ordinal=charge.line,
        remote_id=charge.remote_id,
        amount=charge.amount,
        said_at=charge.said_at,
        words=charge.words,
        fingerprint=charge.fingerprint,
    )


def _days(charges: Sequence[Charge]) -> tuple[date | None, date | None]:
    """Return the first and the last day of the lines, where we can read them."""
    days = [day for charge in charges if (day := _day(charge.said_at))]
    return (min(days), max(days)) if days else (None, None)


def _day(text: str) -> date | None:
    try:
        return parse_date(text[:10].replace("/", "-"))
    except ValueError:
        return None

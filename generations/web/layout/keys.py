"""A key as pages show it: whether it works, its free slots, and what is left."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Sum

from generations.lifecycle.stops import KeyTest
from generations.models import Account, Credential, DayTotal, Task, Team
from generations.models.ledger import AccountName
from generations.models.tasks import BUSY, TaskState
from generations.providers.catalogue import catalogue
from generations.teams.provider_access import is_sandbox
from generations.web.messages.reasons import Explanation, explain_key

MOST_DOTS = 12
# Counting stops here, so that a team with a very long line does not slow its pages.
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Key:
    """One credential with its tasks and accounts; ``tested`` is what a test just found.

    ``unknown`` counts the clips that are not in ``spent``, because nobody knows what they cost.
    """

    credential: Credential
    busy: int
    waiting: int
    available: int
    spent: int
    unknown: int = 0
    tested: KeyTest | None = None

    @property
    def unit(self) -> str:
        return catalogue(self.credential.kind).unit

    @property
    def sign(self) -> str:
        return catalogue(self.credential.kind).title[:2]

    @property
    def host(self) -> str:
        return urlsplit(self.credential.base_url).netloc

    @property
    def is_sandbox(self) -> bool:
        return is_sandbox(self.credential)

    @property
    def free(self) -> int:
        return max(self.credential.slots - self.busy, 0)

    @property
    def dots(self) -> list[bool]:
        """One for each slot, true where taken; none where they would not fit a line."""
        slots = self.credential.slots
        return [slot < self.busy for slot in range(slots)] if slots <= MOST_DOTS else []

    @property
    def left(self) -> int | None:
        """What may still be ordered; None where the provider does not tell its balance."""
        return None if self.credential.balance is None else self.available

    @property
    def total(self) -> int:
        return self.available + self.spent

    @property
    def trouble(self) -> Explanation | None:
        if self.tested and not self.tested.good:
            return explain_key(self.tested.reason or "", self.tested.message)
        return explain_key(self.credential.paused_reason) if self.credential.is_paused else None


def keys_of(team: Team, pk: int | None = None, tested: KeyTest | None = None) -> list[Key]:
    """Return every key of a team, or one, in a constant number of queries."""
    found = Credential.objects.for_team(team).without_secret().order_by("kind", "name", "pk")
    tasks = Task.objects.for_team(team).values_list("credential", flat=True)
    busy = Counter(tasks.filter(state__in=BUSY)[:MOST_COUNTED])
    waiting = Counter(tasks.filter(state=TaskState.WAITING)[:MOST_COUNTED])
    accounts = Account.objects.filter(team=team).values_list("credential", "name", "balance")
    balances = {(credential, name): balance for credential, name, balance in accounts}
    unknown = dict(
        DayTotal.objects.filter(team=team, unknown__gt=0)
        .order_by()
        .values_list("credential")
        .annotate(Sum("unknown"))
    )
    return [
        Key(
            credential=credential,
            busy=busy[credential.pk],
            waiting=waiting[credential.pk],
            available=balances.get((credential.pk, AccountName.AVAILABLE), 0),
            spent=balances.get((credential.pk, AccountName.SPENT), 0),
            unknown=unknown.get(credential.pk, 0),
            tested=tested,
        )
        for credential in (found.filter(pk=pk) if pk else found)
    ]

"""What an order will probably cost, and the prices that owners enter for their keys.

An owner's price comes before the catalogue's; without either, what the last one of its kind cost is
told as "about" so much. Where there is none of that, an estimate is not known, and never 0.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from generations import clock
from generations.models import Attempt, Credential, CredentialPrice, Task, User, audit
from generations.models.offers import catalogue
from generations.models.prices import PriceUnit
from generations.models.tasks import CostBasis, EstimateBasis, TaskState
from generations.providers.catalogue import Offer
from generations.providers.contract import Order

MOST_KEYS, MOST_TASKS = 8, 100  # that are searched for the last one of a kind
# A cost that was booked by a price is that price, and says nothing new.
SEEN = (CostBasis.PROVIDER, CostBasis.BALANCE, CostBasis.STATEMENT, CostBasis.PERSON)
# What else changes the cost of a clip, beside its model, its length and its resolution.
COSTLY = ("audio", "bgm", "is_rec", "off_peak", "route", "voice_id")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one clip will probably cost, in the provider's unit; None: nobody knows.

    ``basis`` says where it comes from, "" where it is not known. ``checked_on`` is the day on which
    a price was last compared with its ``source``, an address.
    """

    amount: int | None
    basis: EstimateBasis | str = ""
    checked_on: date | None = None
    source: str = ""

    @property
    def is_known(self) -> bool:
        return self.amount is not None


NOT_KNOWN = Estimate(None)


def estimate(credential: Credential, order: Order, *, last: int | None = None) -> Estimate:
    """Return what one clip of this order will probably cost on a key.

    ``last``: what the last one of its kind cost, where the caller knows better than the clips do.
    """
    return estimates([credential], order, last=last)[credential.pk]


def estimates(
    credentials: Sequence[Credential], order: Order, *, last: int | None = None
) -> dict[int, Estimate]:
    """Return the estimate on each key by its primary key; one query for the prices of all."""
    prices = CredentialPrice.objects.filter(
        credential__in=credentials,
        kind=order.kind,
        model=order.model,
    )
    entered: dict[int, dict[str, CredentialPrice]] = {}
    for price in prices:
        entered.setdefault(price.credential_id, {})[price.resolution] = price
    past = PastCosts(order)
    return {key.pk: _estimate(key, past, entered.get(key.pk, {}), last) for key in credentials}


def _estimate(
    credential: Credential,
    past: "PastCosts",
    entered: dict[str, CredentialPrice],
    last: int | None,
) -> Estimate:
    order = past.order
    offer = catalogue(credential.kind).offer(order.kind, order.model)
    resolution = order.resolution or (offer.resolution if offer else "")
    price = entered.get(resolution) or entered.get("")
    amount = _by_price(price, order, offer) if price else None
    if price and amount is not None:
        return Estimate(amount, EstimateBasis.PRICE, price.checked_on)
    amount = offer.estimate(order) if offer else None
    if offer and amount is not None:
        return Estimate(amount, EstimateBasis.CATALOGUE, offer.checked_on, offer.source)
    # What a clip or a speech costs that is charged by something else, another one does not tell.
    if last is None and (offer is None or offer.priced_by == "duration"):
        last = past.last(credential, offer)
    return NOT_KNOWN if last is None else Estimate(last, EstimateBasis.LAST)


def _by_price(price: CredentialPrice, order: Order, offer: Offer | None) -> int | None:
    """Return a clip's price, rounded up to a whole unit once; None without a known length."""
    if price.per == PriceUnit.CLIP:
        return math.ceil(price.amount)
    seconds = offer.seconds(order) if offer else order.duration
    return math.ceil(price.amount * seconds) if seconds else None


# ---- The last one of its kind -----------------------------------------------------------------


class PastCosts:
    """What such clips cost here; each key is asked once, however many estimates look at it."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._keys: dict[tuple[str, int], list[Credential]] = {}
        self._costs: dict[int, list[tuple[int, dict[str, object], int]]] = {}

    def last(self, credential: Credential, offer: Offer | None) -> int | None:
        """Return what the last such clip cost: on this key, else on another of the same provider.

        Only one that was ordered alike: nobody says that such a model is charged by the second.
        """
        seconds = offer.length(self.order) if offer else self.order.duration or 0
        for key in (credential, *self._others(credential)):
            for length, settings, cost in self._newest(key):
                if length == seconds and _is_alike(settings, self.order):
                    return cost
        return None

    def _others(self, credential: Credential) -> list[Credential]:
        of_provider = (credential.kind, credential.team_id)
        if of_provider not in self._keys:
            keys = Credential.objects.filter(kind=credential.kind, team=credential.team_id)
            self._keys[of_provider] = list(keys.without_secret().order_by("-pk")[:MOST_KEYS])
        others = [key for key in self._keys[of_provider] if key != credential]
        return others[: MOST_KEYS - 1]

    def _newest(self, credential: Credential) -> list[tuple[int, dict[str, object], int]]:
        if credential.pk not in self._costs:
            self._costs[credential.pk] = list(_newest(credential, self.order))
        return self._costs[credential.pk]


def _newest(credential: Credential, order: Order) -> Iterable[tuple[int, dict[str, object], int]]:
    """Yield length, settings and cost of the newest clips of a model on a key.

    Only of the newest tasks, so that no million of them is searched.
    """
    newest = (
        Task.objects.filter(credential=credential, state=TaskState.SUCCEEDED, imported_at=None)
        .order_by("-created_at")
        .values("pk")[:MOST_TASKS]
    )
    attempts = Attempt.objects.filter(
        task__in=newest,
        task__kind=order.kind,
        task__model=order.model,
        booked__isnull=False,
        booked_basis__in=SEEN,
    )
    for attempt in attempts.order_by("-task__created_at").select_related("task"):
        task = attempt.task
        yield task.duration or 0, task.settings, attempt.booked or 0


def _is_alike(settings: dict[str, object], order: Order) -> bool:
    """Whether a task was ordered with all that changes its cost."""
    ordered = {"resolution": order.resolution or None, **order.options}
    names = ("resolution", *COSTLY)
    return all((settings.get(name) or None) == (ordered.get(name) or None) for name in names)


# ---- What owners enter ------------------------------------------------------------------------


@transaction.atomic
def set_price(
    credential: Credential,
    by: User,
    *,
    kind: str,
    model: str,
    resolution: str = "",
    per: PriceUnit = PriceUnit.SECOND,
    amount: Decimal,
    checked_on: date | None = None,
) -> CredentialPrice:
    """Enter or change a price of a key. Orders that run keep the estimate that they had."""
    before = CredentialPrice.objects.filter(
        credential=credential, kind=kind, model=model, resolution=resolution
    ).first()
    price, _made = CredentialPrice.objects.update_or_create(
        credential=credential,
        kind=kind,
        model=model,
        resolution=resolution,
        defaults={
            "team_id": credential.team_id,
            "per": per,
            "amount": amount,
            "checked_on": checked_on,
            "changed_by": by,
            "changed_at": clock.now(),
        },
    )
    audit.record(
        credential.team,
        by,
        "price.changed",
        price,
        before=_in_words(before) if before else "",
        after=_in_words(price),
    )
    return price


@transaction.atomic
def remove_price(price: CredentialPrice, by: User) -> None:
    """Remove a price; the catalogue's counts again."""
    if CredentialPrice.objects.filter(pk=price.pk).delete()[0]:
        audit.record(price.team, by, "price.removed", price, before=_in_words(price), after="")


def _in_words(price: CredentialPrice) -> str:
    return f"{Decimal(price.amount).normalize():f}/{price.per}"

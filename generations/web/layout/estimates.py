"""What an order will probably cost, as pages say it, and the question where nobody knows."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.text import get_text_list
from django.utils.translation import gettext

from generations.billing.prices import Estimate
from generations.lifecycle import order as orders
from generations.models import Cap, Credential, Membership
from generations.models.caps import WhenUnknown
from generations.models.films import FILM, FILM_CUT, TAKE_KINDS, SegmentKind
from generations.models.offers import catalogue
from generations.models.tasks import EstimateBasis
from generations.providers.contract import Order
from generations.templatetags.formats import amount, full_date, sentences
from generations.web.messages.orders import (
    cap_not_counted,
    cap_without_price,
    remedy_without_price,
)


@dataclass(frozen=True)
class ShownEstimate:
    """What ``count`` clips of an order will probably cost on one key."""

    estimate: Estimate
    unit: str
    order: Order
    count: int = 1

    @property
    def amount(self) -> int | None:
        """Units for all of them, None where nobody knows."""
        return None if self.estimate.amount is None else self.estimate.amount * self.count

    @property
    def words(self) -> str:
        """The amount: "125 credits", "about 400 credits", "price not known"."""
        if self.amount is None:
            return gettext("price not known")
        exact = amount(self.amount, self.unit)
        is_about = self.estimate.basis == EstimateBasis.LAST
        return gettext("about %(amount)s") % {"amount": exact} if is_about else exact

    @property
    def in_button(self) -> str:
        """The amount behind a verb, "" where nobody knows it: a button promises nothing then."""
        return "" if self.amount is None else self.words

    @property
    def basis(self) -> str:
        """Where the amount comes from: "by your price", "as your last clip of 5 s"."""
        match self.estimate.basis:
            case EstimateBasis.PRICE:
                return gettext("by your price")
            case EstimateBasis.LAST:
                return last_of_its_kind(self.order)
            case EstimateBasis.CATALOGUE:
                return gettext("catalogue price")
        return ""

    @property
    def checked_on(self) -> str:
        """When the price was last compared with its source: "checked on 13 Aug 2026"."""
        day = self.estimate.checked_on
        if day is None:
            return ""
        return gettext("checked on %(day)s") % {"day": full_date(day)}


def last_of_its_kind(order: Order) -> str:
    """Return what "about" so much refers to: "as your last film of 15 s"."""
    if order.kind == FILM_CUT:
        return gettext("as your last cut")
    if order.kind == TAKE_KINDS[SegmentKind.SHOT]:
        return gettext("as your last take")
    if order.kind in TAKE_KINDS.values():
        return gettext("as your last version")
    if order.duration is None:
        return gettext("as your last clip of this kind")
    form = gettext("as your last clip of %(n)s s")
    if order.kind == FILM:
        form = gettext("as your last film of %(n)s s")
    return form % {"n": order.duration}


def total(shown: Iterable[ShownEstimate]) -> str:
    """Return what a press costs on all its keys, by unit, with what nobody knows.

    "" where nothing of it is known.
    """
    units: Counter[str] = Counter()
    is_about, unknown = False, 0
    for one in shown:
        if one.amount is None:
            unknown += one.count
            continue
        units[one.unit] += one.amount
        is_about = is_about or one.estimate.basis == EstimateBasis.LAST
    if not units:
        return ""
    known = " + ".join(amount(units[unit], unit) for unit in units)
    if is_about:
        known = gettext("about %(amount)s") % {"amount": known}
    rest = gettext("%(n)s not known") % {"n": unknown}
    return f"{known} + {rest}" if unknown else known


# ---- The question -----------------------------------------------------------------------------


@dataclass(frozen=True)
class PriceQuestion:
    """What a person answers before an order of which nobody knows the price on ``keys``.

    ``answer`` is what a tick sends. It names what was asked, so that a tick for one model is none
    for another. ``cap`` asks, or (``is_refused``) lets no such order pass.
    """

    order: Order
    keys: tuple[Credential, ...]
    answer: str
    cap: Cap | None = None

    @property
    def is_refused(self) -> bool:
        return self.cap is not None and self.cap.when_unknown == WhenUnknown.REFUSE

    @property
    def sentence(self) -> str:
        """What nobody knows, and whose cap it concerns."""
        if self.cap and self.is_refused:
            return cap_without_price(self.cap)
        names = get_text_list([key.name for key in self.keys], gettext("and"))
        nobody = gettext("Nobody here knows what this costs with %(keys)s.") % {"keys": names}
        return sentences(nobody, cap_not_counted(self.cap) if self.cap else "")

    @property
    def remedy(self) -> str:
        """What to do instead of asking, where a cap refuses."""
        return remedy_without_price() if self.is_refused else ""

    @property
    def key(self) -> Credential:
        """The first of the keys, whose prices can be entered."""
        return self.keys[0]

    @property
    def query(self) -> str:
        """Which price the page of prices offers to enter."""
        order = self.order
        named = {"kind": order.kind, "model": order.model, "resolution": order.resolution}
        return urlencode({name: value for name, value in named.items() if value})


def answer_of(order: Order, keys: Iterable[Credential]) -> str:
    """Return what a tick of the question sends for this order on these keys."""
    return ".".join([order.kind, order.model, *sorted(str(key.pk) for key in keys)])


def price_question(
    membership: Membership,
    order: Order,
    estimates: Mapping[Credential, Estimate],
) -> PriceQuestion | None:
    """Return what must be answered before the order goes to these keys, None for nothing."""
    unknown = [key for key, estimate in estimates.items() if not estimate.is_known]
    if not unknown:
        return None
    answer = answer_of(order, estimates)
    if cap := _cap_without_price(membership, unknown):
        return PriceQuestion(order, tuple(unknown), answer, cap)
    asked = tuple(key for key in unknown if not orders.was_answered(key, order))
    return PriceQuestion(order, asked, answer) if asked else None


def _cap_without_price(membership: Membership, keys: Iterable[Credential]) -> Cap | None:
    """Return the cap that asks or refuses, first one that refuses."""
    units = {catalogue(key.kind).unit for key in keys}
    rows = Cap.objects.for_team(membership.team).filter(unit__in=units)
    mine = rows.filter(user=None) | rows.filter(user=membership.user)
    found = mine.select_related("team", "user").order_by("pk")
    return min(found, key=lambda cap: cap.when_unknown != WhenUnknown.REFUSE, default=None)

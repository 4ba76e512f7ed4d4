"""What balances lost without an order that explains it, for owners to book or to dismiss."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from generations.billing import falls as service
from generations.models import Attempt, BalanceFall, Membership, User
from generations.templatetags.formats import amount
from generations.web.access import for_owner
from generations.web.messages.reasons import Sentence
from generations.web.query import AmountField, typed_amount

MOST_SHOWN = 10  # at once: each asks for its own orders
REFUSALS: Mapping[str, Sentence] = {
    "closed": _("Somebody else has decided about this already. Nothing was changed."),
    "amount": _("This is more than what is not explained yet. Nothing was changed."),
    "attempt": _("One of these orders did not end in that time. Nothing was changed."),
}


class FallForm(forms.Form):
    """A fall with an amount for each order that may explain it, filled in as far as can be told."""

    def __init__(self, fall: BalanceFall, data: Mapping[str, object] | None = None) -> None:
        super().__init__(data)
        self.fall = fall
        self.candidates = service.candidates(fall)
        begun = shares(fall, self.candidates)
        for attempt in self.candidates:
            field = AmountField(
                fall.unit,
                label=_("Amount for this order"),
                initial=typed_amount(begun[attempt.pk], fall.unit) if attempt.pk in begun else "",
            )
            # One page has the forms of several falls, and an order may stand in two of them.
            field.widget.attrs["id"] = f"fall-{fall.pk}-{attempt.pk}"
            self.fields[_field(attempt)] = field

    @property
    def rows(self) -> Iterator[tuple[Attempt, forms.BoundField]]:
        for attempt in self.candidates:
            yield attempt, self[_field(attempt)]

    @property
    def amounts(self) -> list[tuple[Attempt, int]]:
        """The orders that somebody has typed an amount beside."""
        typed = ((attempt, self.cleaned_data[_field(attempt)]) for attempt in self.candidates)
        return [(attempt, units) for attempt, units in typed if units]

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        whole = sum(units for _attempt, units in self.amounts)
        if not whole:
            self.add_error(None, _("Type an amount beside the orders that explain it."))
        elif whole > self.fall.left:
            values = {
                "whole": amount(whole, self.fall.unit),
                "left": amount(self.fall.left, self.fall.unit),
            }
            self.add_error(
                None, _("Together these are %(whole)s, and %(left)s are not explained.") % values
            )
        return self.cleaned_data

    def save(self, by: User) -> None:
        """Book all of the amounts or none. Raises NotBookable."""
        with transaction.atomic():
            for attempt, units in self.amounts:
                service.book(self.fall, attempt, units, by)


def _field(attempt: Attempt) -> str:
    return f"amount-{attempt.pk}"


def shares(fall: BalanceFall, candidates: Sequence[Attempt]) -> dict[int, int]:
    """Share what is left of a fall out among the orders of unknown cost, by attempt."""
    unknown = [attempt for attempt in candidates if attempt.is_of_unknown_cost]
    if not unknown:
        return {}
    each, rest = divmod(fall.left, len(unknown))
    return {attempt.pk: each + (n < rest) for n, attempt in enumerate(unknown)}


@require_safe
@for_owner
def falls(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show what went without an order, the newest first, and which orders may explain it."""
    return _page(request, membership)


@require_POST
@for_owner
def book(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Book a fall on orders that ended in between: ``amount-<attempt>`` for each of them."""
    form = FallForm(_find_fall(membership, pk), request.POST)
    if form.is_valid():
        try:
            form.save(membership.user)
        except service.NotBookable as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            booked = sum(units for _attempt, units in form.amounts)
            values = {"amount": amount(booked, form.fall.unit)}
            messages.success(request, gettext("%(amount)s booked.") % values)
            return redirect("falls", membership.team.slug)
    return _page(request, membership, form)


@require_POST
@for_owner
def dismiss(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Note that what went was no order of ours (``reason``)."""
    fall = _find_fall(membership, pk)
    try:
        service.dismiss(fall, membership.user, request.POST.get("reason", "").strip()[:200])
    except service.NotBookable as refused:
        messages.error(request, str(REFUSALS[refused.code]))
    else:
        messages.success(request, gettext("Noted as no order of ours. No clip is charged for it."))
    return redirect("falls", membership.team.slug)


def _page(
    request: HttpRequest, membership: Membership, sent: FallForm | None = None
) -> HttpResponse:
    """Show the open falls; ``sent`` is a form that was refused."""
    found = service.open_falls(membership.team)[:MOST_SHOWN]
    shown = [sent if sent and sent.fall == fall else FallForm(fall) for fall in found]
    return render(request, "usage/falls.html", {"forms": shown}, status=422 if sent else 200)


def _find_fall(membership: Membership, pk: int) -> BalanceFall:
    rows = BalanceFall.objects.filter(team=membership.team).select_related("credential", "team")
    return get_object_or_404(rows.defer("credential__sealed_key"), pk=pk)

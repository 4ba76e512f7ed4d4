"""The monthly caps of a team and its members: the page on which owners set them, and its form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from generations.billing import caps as limits
from generations.models import Account, Cap, Membership, Team, User
from generations.models.caps import WhenUnknown
from generations.templatetags.formats import unit_name
from generations.web.access import for_owner
from generations.web.query import AmountField, typed_amount


@dataclass(frozen=True)
class CapRow:
    """A cap that may be set: whose (None for the team's), in which unit, and its use now."""

    user: User | None
    unit: str
    use: limits.Use | None

    @property
    def name(self) -> str:
        return f"{self.user.pk if self.user else 'team'}-{self.unit}"

    @property
    def initial(self) -> str:
        """The amount as a person would type it."""
        if self.use is None:
            return ""
        return typed_amount(self.use.cap.amount, self.unit)

    @property
    def when_unknown(self) -> WhenUnknown:
        """What the cap does with an order whose price nobody knows."""
        return WhenUnknown(self.use.cap.when_unknown) if self.use else WhenUnknown.ASK


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def caps(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the caps, or set all of them at once."""
    team = membership.team
    form = CapsForm(_cap_rows(team), request.POST or None)
    if form.is_valid():
        for row, most, when_unknown in form.changes:
            limits.change(
                team, row.user, row.unit, most, membership.user, when_unknown=when_unknown
            )
        messages.success(request, gettext("The caps are saved. Clips in progress continue."))
        return redirect("caps", team.slug)
    return render(request, "team/caps.html", {"form": form}, status=422 if form.is_bound else 200)


def _cap_rows(team: Team) -> Iterator[CapRow]:
    """Yield the team's caps, then those of each member, in every unit of the team's keys."""
    uses = limits.uses(Cap.objects.for_team(team))
    found = {(use.cap.user_id, use.cap.unit): use for use in uses}
    accounts = Account.objects.filter(team=team, credential__removed_at=None)
    units = {*accounts.values_list("unit", flat=True), *(unit for _user, unit in found)}
    members = team.memberships.select_related("user").order_by("created_at", "pk")
    for user in [None, *(member.user for member in members)]:
        for unit in sorted(units):
            yield CapRow(user, unit, found.get((user.pk if user else None, unit)))


class CapsForm(forms.Form):
    """Two fields for each cap: the most a month, and what it does where no price is known."""

    def __init__(
        self, cap_rows: Iterable[CapRow], data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(data)
        self.cap_rows = list(cap_rows)
        for row in self.cap_rows:
            label = _("%(who)s, %(unit)s a month") % {
                "who": row.user or _("The whole team"),
                "unit": unit_name(row.unit),
            }
            field = AmountField(row.unit, label=label, initial=row.initial)
            field.error_messages["invalid"] = _("Type a number, or nothing for no cap.")
            self.fields[row.name] = field
            self.fields[f"{row.name}-unknown"] = forms.ChoiceField(
                label=_("Where a price is not known"),
                choices=WhenUnknown.choices,
                initial=row.when_unknown,
                required=False,
            )

    def rows(self) -> Iterator[tuple[CapRow, BoundField, BoundField]]:
        for row in self.cap_rows:
            yield row, self[row.name], self[f"{row.name}-unknown"]

    @property
    def changes(self) -> Iterator[tuple[CapRow, int | None, WhenUnknown]]:
        """Each cap with what was typed and chosen; what was left out stays as it is."""
        for row in self.cap_rows:
            chosen = self.cleaned_data[f"{row.name}-unknown"] or row.when_unknown
            yield row, self.cleaned_data[row.name], WhenUnknown(chosen)

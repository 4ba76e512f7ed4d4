"""The monthly caps of a team and its members: the page on which owners set them, and its form."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

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
from generations.templatetags.formats import unit_name
from generations.web.access import for_owner

MOST = 10**12  # of a unit
MOST_CHARACTERS = 20
WHOLE = re.compile(r"[0-9]{1,3}([ ,]?[0-9]{3})*")
MONEY = re.compile(rf"\$? ?({WHOLE.pattern})(\.[0-9]{{1,2}})?")


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
        amount = self.use.cap.amount
        return f"{amount / 100:,.2f}" if self.unit == "cent" else f"{amount:,}"


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def caps(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the caps, or set all of them at once."""
    team = membership.team
    form = CapsForm(_cap_rows(team), request.POST or None)
    if form.is_valid():
        for row, most in form.changes:
            limits.change(team, row.user, row.unit, most, membership.user)
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
    """One field for each cap; ``changes`` are the amounts that were typed."""

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
            self.fields[row.name] = AmountField(row.unit, label=label, initial=row.initial)

    def rows(self) -> Iterator[tuple[CapRow, BoundField]]:
        for row in self.cap_rows:
            yield row, self[row.name]

    @property
    def changes(self) -> Iterator[tuple[CapRow, int | None]]:
        for row in self.cap_rows:
            yield row, self.cleaned_data[row.name]


class AmountField(forms.Field):
    """An amount as people write it: ``12,000``, or ``$120.50`` where the unit is the cent.

    The value is a whole number of the unit, None for an empty field.
    """

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Type a number, or nothing for no cap.")}

    def __init__(self, unit: str, *, label: str, initial: str) -> None:
        super().__init__(required=False, label=label, initial=initial)
        self.unit = unit
        self.widget.attrs |= {
            "inputmode": "decimal" if unit == "cent" else "numeric",
            "maxlength": MOST_CHARACTERS,
        }

    def to_python(self, value: str | None) -> int | None:
        typed = (value or "").strip()
        if not typed:
            return None
        # The length first: Python refuses to read a number of more than 4,300 digits.
        amount = self._read(typed) if len(typed) <= MOST_CHARACTERS else None
        if amount is None or amount > MOST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return amount

    def _read(self, typed: str) -> int | None:
        bare = re.sub(r"[$ ,]", "", typed)
        if self.unit == "cent":
            # Decimal: a float would lose a cent here and there.
            return int(Decimal(bare) * 100) if MONEY.fullmatch(typed) else None
        return int(bare) if WHOLE.fullmatch(typed) else None

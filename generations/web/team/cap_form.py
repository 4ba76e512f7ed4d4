"""The form of the monthly caps: one field for each owner of a cap and each unit."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from generations.billing.caps import Use
from generations.models import User
from generations.templatetags.formats import unit_name

MOST = 10**12  # of a unit
MOST_CHARACTERS = 20
WHOLE = re.compile(r"[0-9]{1,3}([ ,]?[0-9]{3})*")
MONEY = re.compile(rf"\$? ?({WHOLE.pattern})(\.[0-9]{{1,2}})?")


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
        amount = self._read(typed) if len(typed) <= MOST_CHARACTERS else None
        if amount is None or amount > MOST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return amount

    def _read(self, typed: str) -> int | None:
        bare = re.sub(r"[$ ,]", "", typed)
        if self.unit == "cent":
            return int(Decimal(bare) * 100) if MONEY.fullmatch(typed) else None
        return int(bare) if WHOLE.fullmatch(typed) else None


@dataclass(frozen=True)
class CapRow:
    """A cap that may be set: whose (None for the team's), in which unit, and its use now."""

    user: User | None
    unit: str
    use: Use | None

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

"""What may be spent in a month: by the team, and by each of its members."""

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

MOST = 10**12
WHOLE = re.compile(r"[0-9]{1,3}([ ,]?[0-9]{3})*")
MONEY = re.compile(rf"\$? ?({WHOLE.pattern})(\.[0-9]{{1,2}})?")


class AmountField(forms.Field):
    """Whole units as people write them, 12,000; of cents dollars, $120.50. Empty: None."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Type a number, or nothing for no cap.")}

    def __init__(self, unit: str, *, label: str, initial: str) -> None:
        super().__init__(required=False, label=label, initial=initial)
        self.unit = unit
        self.widget.attrs |= {
            "inputmode": "decimal" if unit == "cent" else "numeric",
            "maxlength": 20,
        }

    def to_python(self, value: str | None) -> int | None:
        typed = (value or "").strip()
        if not typed:
            return None
        amount = self._read(typed)
        if amount is None or amount > MOST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return amount

    def _read(self, typed: str) -> int | None:
        bare = re.sub(r"[$ ,]", "", typed)
        if self.unit == "cent":
            return int(Decimal(bare) * 100) if MONEY.fullmatch(typed) else None
        return int(bare) if WHOLE.fullmatch(typed) else None


@dataclass(frozen=True)
class Place:
    """A cap that may be set: whose (None: the team's), in which unit, and how it stands now."""

    user: User | None
    unit: str
    use: Use | None

    @property
    def name(self) -> str:
        return f"{self.user.pk if self.user else 'team'}-{self.unit}"

    @property
    def shown(self) -> str:
        """As it would be typed."""
        if self.use is None:
            return ""
        amount = self.use.cap.amount
        return f"{amount / 100:,.2f}" if self.unit == "cent" else f"{amount:,}"


class CapsForm(forms.Form):
    """One field for each place; ``changes`` are the amounts that were typed."""

    def __init__(self, places: Iterable[Place], data: Mapping[str, object] | None = None) -> None:
        super().__init__(data)
        self.places = list(places)
        for place in self.places:
            label = _("%(who)s, %(unit)s a month") % {
                "who": place.user or _("The whole team"),
                "unit": unit_name(place.unit),
            }
            self.fields[place.name] = AmountField(place.unit, label=label, initial=place.shown)

    def rows(self) -> Iterator[tuple[Place, BoundField]]:
        for place in self.places:
            yield place, self[place.name]

    @property
    def changes(self) -> Iterator[tuple[Place, int | None]]:
        for place in self.places:
            yield place, self.cleaned_data[place.name]

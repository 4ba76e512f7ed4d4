"""The form of an order: it has the fields that the chosen model has, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generations.models import Credential
from generations.providers.catalogue import Offer, Problem, catalogue
from generations.providers.contract import Order

from .fields import KINDS, LABELS, SOUND, option_fields, shape_fields
from .problems import sentence


class OrderForm(forms.Form):
    """One order on one credential; ``offer`` is the model that its values name or the nearest.

    Unbound it starts from the given values, each where the model has it. Its final word is
    ``offer.problems``.
    """

    use_required_attribute = False

    def __init__(
        self, credentials: Sequence[Credential], values: Mapping[str, str], *, sent: bool = False
    ) -> None:
        super().__init__(dict(values) if sent else None)
        self.credential, self.offer = chosen(credentials, values)
        duration = _duration(self.offer, values.get("duration", ""))
        self.fields |= shape_fields(self.credential, self.offer, duration, credentials)
        self.fields |= option_fields(self.offer, duration)
        self._keep(values)

    def _keep(self, values: Mapping[str, str]) -> None:
        """Start from ``values``; what the model lacks disappears. Unticked is said by absence."""
        from_form = "form_token" in values
        for name, field in self.fields.items():
            self.initial[name] = field.initial
            if name in values or (from_form and isinstance(field, forms.BooleanField)):
                with suppress(ValidationError):
                    self.initial[name] = field.clean(values.get(name))
        self.initial["prompt"] = values.get("prompt", "")

    def clean(self) -> dict[str, Any]:
        for label in self._lacking():
            self.add_error(
                None,
                _("This model has no “%(field)s”. Send again to order without it.")
                % {"field": label},
            )
        if not self.errors:
            self.refuse(self.offer.problems(self.order))
        return self.cleaned_data

    def _lacking(self) -> list[str]:
        """The words of options that were set on another model and that this one does not have."""
        options = (
            option for offer in catalogue(self.credential.kind).offers for option in offer.options
        )
        unsaid = {option.name: ("", "False", str(option.default)) for option in options}
        return [
            str(LABELS.get(name, name))
            for name in unsaid.keys() & self.data.keys() - self.fields.keys()
            if self.data[name] not in unsaid[name]
        ]

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its field, or above the button where it has none."""
        for problem in problems:
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, sentence(problem, LABELS))

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for now, as far as it can be read."""
        read = getattr(self, "cleaned_data", {})
        return {
            name: self.initial[name] if read.get(name) in (None, "") else read[name]
            for name in self.fields
        }

    @property
    def order(self) -> Order:
        """The order in the catalogue's words; an option left at its default is not said."""
        values = self.values
        options = {
            option.name: values[option.name]
            for option in self.offer.options
            if option.name != "seed" and values.get(option.name, option.default) != option.default
        }
        return Order(
            kind=self.offer.kind,
            model=self.offer.model,
            prompt=values["prompt"],
            duration=values["duration"],
            resolution=values["resolution"],
            aspect_ratio=values.get("aspect_ratio", ""),
            seed=values.get("seed"),
            options=options,
        )

    @property
    def count(self) -> int:
        return int(self.values["count"])

    @property
    def token(self) -> str:
        return str(self.values["form_token"])

    @property
    def duration_range(self) -> tuple[int, int]:
        return min(self.offer.durations), max(self.offer.durations)

    @property
    def sound(self) -> list[forms.BoundField]:
        return [self[name] for name in SOUND if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The options that are seldom wanted, and so fold away."""
        names = (option.name for option in self.offer.options)
        return [self[name] for name in names if name in self.fields and name not in SOUND]

    @property
    def more_is_open(self) -> bool:
        """Whether something in there was set or is wrong."""
        return any(
            field.errors or self.initial[field.name] != field.field.initial for field in self.more
        )

    @property
    def wrong(self) -> list[forms.BoundField]:
        """The fields to put right, in the order of the page."""
        return [field for field in self if field.errors]


def chosen(
    credentials: Sequence[Credential], values: Mapping[str, str]
) -> tuple[Credential, Offer]:
    """The credential and the model that the values name, else the first that may be used."""
    named = [key for key in credentials if str(key.pk) == values.get("credential")]
    credential = (named or sorted(credentials, key=lambda key: key.is_paused))[0]
    book = catalogue(credential.kind)
    kind = values["kind"] if values.get("kind") in KINDS else KINDS[0]
    offer = book.offer(kind, values.get("model", ""))
    first = next(found for found in book.offers if found.kind == kind)
    return credential, offer or first


def _duration(offer: Offer, said: str) -> int:
    seconds = int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else -1
    return seconds if seconds in offer.durations else offer.duration

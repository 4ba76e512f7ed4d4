"""The form of an order: it has the fields that the chosen model has, and nothing else."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from generations.models import Credential
from generations.providers.catalogue import Offer, Problem, catalogue
from generations.providers.contract import Order, Picture
from generations.web.messages.problems import sentence

from .fields import KINDS, SOUND, option_fields, shape_fields, with_model
from .inputs import LABELS

type Values = MultiValueDict[str, str]


class OrderForm(forms.Form):
    """One order on one credential, or on several to compare; ``offer`` is what it is made of there.

    Unbound it starts from the given values, each where the model has it. Its final word is
    ``offer.problems``, of the chosen credential and of each that it also goes to. ``pictures`` are
    set by who shows them, once it is known which the offer takes.
    """

    use_required_attribute = False

    def __init__(
        self, credentials: Sequence[Credential], values: Values, *, sent: bool = False
    ) -> None:
        super().__init__(values if sent else None)
        self.pictures: Sequence[Picture] = ()
        self.kinds = kinds_of(credentials)
        said = values.get("kind", "")
        self.kind = said if said in self.kinds else self.kinds[0]
        self.able = [key for key in credentials if catalogue(key.kind).models(self.kind)]
        self.credential, self.offer = chosen(self.able, self.kind, values, sent=sent)
        duration = _duration(self.offer, values.get("duration", ""))
        self.fields |= shape_fields(self.credential, self.offer, duration, self.able)
        self.fields |= option_fields(self.offer, duration, _switches(self.offer, values))
        self._keep(values)

    def _keep(self, values: Values) -> None:
        """Start from ``values``; what the model lacks disappears. Unticked is said by absence."""
        from_form = "form_token" in values
        for name, field in self.fields.items():
            self.initial[name] = field.initial
            if name in values or (from_form and isinstance(field, forms.BooleanField)):
                said = values.getlist(name) if name == "also" else values.get(name)
                with suppress(ValidationError):
                    self.initial[name] = field.clean(said)
        self.initial["prompt"] = values.get("prompt", "")
        self.initial["shown_for"] = self.credential.pk

    def clean(self) -> dict[str, Any]:
        for label in self._lacking():
            self.add_error(
                None,
                _("This model has no “%(field)s”. Send again to order without it.")
                % {"field": label},
            )
        said = self.cleaned_data.get("model")
        if said and said != self.offer.model:
            models = catalogue(self.credential.kind).models(self.kind)
            self.refuse([Problem("model", "choice", {"choices": models})])
        if not self.errors:
            self.refuse(self.offer.problems(self.order))
            for key in self.also:
                self._refuse_there(key)
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

    def _refuse_there(self, key: Credential) -> None:
        """What another key of the comparison cannot make, under its name."""
        offer = catalogue(key.kind).offer(self.kind, self.offer.model)
        for problem in offer.problems(self.order) if offer else ():
            said = {"key": key.name, "problem": sentence(problem, LABELS)}
            self.add_error("also", _("%(key)s: %(problem)s") % said)

    @property
    def misfits(self) -> list[str]:
        """What is wrong with the pictures that are there, before the order is sent."""
        if not self.pictures:
            return []
        found = self.offer.image_problems(self.order)
        most = self.offer.images[1]
        return [
            sentence(problem, LABELS)
            for problem in found
            if problem.code != "count" or len(self.pictures) > most
        ]

    @property
    def picture_errors(self) -> list[str]:
        """What is wrong with the pictures, for beside them."""
        return [str(error) for error in self.errors.get("images", ())]

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for now, as far as it can be read."""
        read = getattr(self, "cleaned_data", {})
        return {
            name: self.initial[name] if read.get(name) in (None, "") else read[name]
            for name in self.fields
        }

    @property
    def keys(self) -> list[Credential]:
        """Every key that the order goes to."""
        return [self.credential, *self.also]

    @property
    def also(self) -> list[Credential]:
        """The other keys that the same order goes to, of those that have its model."""
        said = {str(pk) for pk in self.values["also"] or ()}
        others = with_model(self.able, self.offer)
        return [key for key in others if str(key.pk) in said and key != self.credential]

    @property
    def order(self) -> Order:
        """The order in the catalogue's words; what is every key's default is not said."""
        values = self.values
        defaults = self._defaults()
        options = {
            option.name: values[option.name]
            for option in self.offer.options
            if option.name != "seed"
            and values.get(option.name) not in (None, "")
            and defaults[option.name] != {values[option.name]}
        }
        return Order(
            kind=self.kind,
            model=self.offer.model,
            prompt=values["prompt"],
            duration=values["duration"],
            resolution=values["resolution"],
            aspect_ratio=values.get("aspect_ratio", ""),
            seed=values.get("seed"),
            images=self.pictures,
            options=options,
        )

    def _defaults(self) -> dict[str, set[object]]:
        """For each option what it is where it is not said, on every key that the order goes to."""
        offers = [catalogue(key.kind).offer(self.kind, self.offer.model) for key in self.also]
        found: dict[str, set[object]] = {}
        for option in self.offer.options:
            there = [offer.option(option.name) for offer in offers if offer]
            found[option.name] = {option.default, *(other.default for other in there if other)}
        return found

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
            field.errors or (self.initial[field.name] or None) != (field.field.initial or None)
            for field in self.more
        )

    @property
    def wrong(self) -> list[forms.BoundField]:
        """The fields to put right, in the order of the page."""
        return [field for field in self if field.errors]


def kinds_of(credentials: Iterable[Credential]) -> list[str]:
    """The kinds of clips that some of these keys can make, in the order of the page."""
    made = {kind for key in credentials for kind in catalogue(key.kind).kinds()}
    return [kind for kind in KINDS if kind in made]


def chosen(
    able: Sequence[Credential], kind: str, values: Values, *, sent: bool
) -> tuple[Credential, Offer]:
    """The credential and the model that the values name, else the first that may be used.

    Of the two the one that the person has just changed wins: where the form was shown for this
    very credential, it was the model. What is sent to be ordered never goes to another credential.
    """
    model = values.get("model", "")
    has_it = [key for key in able if catalogue(key.kind).offer(kind, model)]
    named = [key for key in able if str(key.pk) == values.get("credential")]
    if not sent and has_it and values.get("shown_for") == values.get("credential"):
        named = [key for key in named if key in has_it]
    ranked = sorted(able, key=lambda key: (key.is_paused, key not in has_it))
    credential = (named or ranked)[0]
    book = catalogue(credential.kind)
    first = next(found for found in book.offers if found.kind == kind)
    return credential, book.offer(kind, model) or first


def _duration(offer: Offer, said: str) -> int:
    seconds = int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else -1
    return seconds if seconds in offer.durations else offer.duration


def _switches(offer: Offer, values: Values) -> dict[str, bool]:
    """The switches that are said, on or off; others stand beside some of them only."""
    options = (option for option in offer.options if option.type == "switch")
    from_form = "form_token" in values
    return {
        option.name: values.get(option.name, "").lower() in {"on", "1", "true"}
        for option in options
        if option.name in values or (from_form and not option.default)
    }

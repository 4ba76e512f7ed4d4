"""What both order forms share: their inputs, and how a refusal stands beside its field."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from generations.lifecycle.order import (
    CapUnknown,
    Invalid,
    NotEnough,
    OrderRefused,
    Paused,
    PriceUnknown,
)
from generations.models import Membership
from generations.providers.catalogue import Offer, Problem
from generations.providers.contract import Picture
from generations.web.files.uploads import add_all
from generations.web.messages.orders import (
    CHOICES,
    LABELS,
    NOT_ANSWERED,
    explain_problem,
    explain_refusal,
)
from generations.web.messages.reasons import Sentence

type Values = MultiValueDict[str, str]
"""What an address or a form says, by the names of the fields."""


class CatalogueForm(forms.Form):
    """An order of one model: ``offer.problems`` decides in the end whether it can be made.

    Whoever shows the form sets ``pictures``, once it is known which the offer takes.
    """

    use_required_attribute = False
    offer: Offer

    def __init__(self, values: Values, *, sent: bool) -> None:
        super().__init__(values if sent else None)
        self.pictures: Sequence[Picture] = ()
        # What the tick of a PriceQuestion says.
        self.answer = values.get("accepts_unknown", "")

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its field, or above the button where it has none."""
        for problem in problems:
            if problem.field == "prompt" and "name" in self.fields:
                problem = replace(problem, field="name")  # the words of a subject are its name
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, explain_problem(problem))

    def add_refusal(self, refused: OrderRefused) -> None:
        """Say why nothing was ordered, beside the field that can change it."""
        match refused:
            case Invalid(problems=problems):
                self.refuse(problems)
            case NotEnough() | Paused():
                self.add_error("credential", explain_refusal(refused))
            case PriceUnknown() | CapUnknown(may_accept=True):
                self.add_error("accepts_unknown", str(NOT_ANSWERED))
            case _:
                self.add_error(None, explain_refusal(refused))

    @property
    def prompt_limit(self) -> int:
        """The most characters of the prompt; 0 where there is none, or it is only a name."""
        return 0 if "name" in self.fields else self.offer.prompt_limit

    @property
    def duration_range(self) -> tuple[int, int]:
        return min(self.offer.durations), max(self.offer.durations)

    @property
    def picture_errors(self) -> list[str]:
        """What is wrong with the pictures, for beside them."""
        return [str(error) for error in self.errors.get("images", ())]

    @property
    def wrong(self) -> list[forms.BoundField]:
        """The fields to put right, in the order of the page."""
        return [field for field in self if field.errors]


class SwitchField(forms.TypedChoiceField):
    """Off or on as two pills; the model's own default where the form leaves it out."""

    WORDS = {"on": "True", "1": "True", "true": "True", "0": "False", "false": "False"}

    def to_python(self, value: Any) -> Any:
        return self.WORDS.get(str(value).lower(), super().to_python(value))


def posted_values(request: HttpRequest, membership: Membership) -> tuple[Values, list[str]]:
    """Return what a form says, and a sentence for each of its files that is no usable picture.

    Files that came with it are stored as pictures of the team, and named in ``images``.
    """
    values = request.POST.copy()
    taken, unfit = add_all(request, membership)
    for upload in taken:
        values.appendlist("images", str(upload.pk))
        values.appendlist("image_names", "")
        values.appendlist("image_subjects", "")
    return values, [f"{name}: {reason}" for name, reason in unfit]


def whole_number_field(
    name: str, label: Sentence, low: int | None, high: int | None, *, initial: object
) -> forms.IntegerField:
    """Return a field for a whole number; every refusal is the catalogue's sentence of its range."""
    out_of_range = explain_problem(Problem(name, "range", {"low": low, "high": high}))
    return forms.IntegerField(
        label=str(label),
        min_value=low,
        max_value=high,
        initial=initial,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), out_of_range),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def pills(
    name: str,
    label: Sentence,
    choices: Sequence[str],
    initial: object,
    *,
    widget: type[forms.RadioSelect | forms.Select] = forms.RadioSelect,
) -> forms.TypedChoiceField:
    """Return a field for one of a few choices, which may be left out."""
    no_choice = explain_problem(Problem(name, "choice", {"choices": tuple(choices)}))
    return forms.TypedChoiceField(
        label=str(label),
        choices=[(choice, CHOICES.get(choice, choice)) for choice in choices],
        initial=str(initial),
        required=False,
        error_messages={"invalid_choice": no_choice},
        widget=widget,
    )


def switch(name: str, label: Sentence, *, initial: bool) -> SwitchField:
    on = _("Music") if name == "bgm" else _("On")
    return SwitchField(
        label=str(label),
        choices=[("False", _("Off")), ("True", on)],
        coerce=lambda word: word == "True",
        initial=initial,
        required=False,
        widget=forms.RadioSelect,
    )


def pictures_field() -> forms.CharField:
    """Return a field that holds the errors of the pictures, which ``slots`` reads."""
    return forms.CharField(label=str(LABELS["images"]), required=False)


def answer_field() -> forms.CharField:
    """Return the field of the answer to a PriceQuestion, which has errors but is drawn apart."""
    return forms.CharField(label=_("Price"), required=False, max_length=400)


def token_field() -> forms.CharField:
    """Return the field that tells one press of the button from the next."""
    return forms.CharField(
        max_length=32,
        required=False,
        initial=secrets.token_urlsafe(18),
        widget=forms.HiddenInput,
    )

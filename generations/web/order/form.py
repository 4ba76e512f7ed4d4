"""The form of an order: it has the fields that the chosen model has, and nothing else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from generations.lifecycle.order import MOST_AT_ONCE
from generations.models import Credential
from generations.models.offers import catalogue
from generations.providers.catalogue import Offer, Option, Problem
from generations.providers.contract import Order, TaskKind
from generations.sources import NO_SOURCES, with_sources
from generations.web.files.uploads import bare_name
from generations.web.layout.cards import KIND_MARKS
from generations.web.layout.estimates import answer_of
from generations.web.messages.orders import HELP, LABELS, explain_problem
from generations.web.messages.reasons import Sentence
from generations.web.query import whole_number

from .fields import (
    CatalogueForm,
    Values,
    answer_field,
    pictures_field,
    pills,
    switch,
    token_field,
    whole_number_field,
)

KINDS = tuple(KIND_MARKS)
# Offered as pills; an address may ask for as many as MOST_AT_ONCE.
COUNTS = (1, 2, 3, 4)
# Options that stand beside the shape of the clip; all others fold away.
SOUND = ("bgm", "audio")
# What a prompt can call @name.
NAME = re.compile(r"\A@?\w+\Z")
PLACEHOLDER = _("What the clip shows, how the camera moves, what light there is.")
PLACEHOLDERS: Mapping[str, Sentence] = {
    TaskKind.REFERENCES_TO_IMAGE: _("What the picture shows, and what light there is."),
    TaskKind.TEXT_TO_SPEECH: _("What is said. <#2#> is a pause of two seconds."),
    TaskKind.LIP_SYNC: _("What is said. <#2#> is a pause of two seconds."),
}


class OrderForm(CatalogueForm):
    """One order on one credential, or on several to compare; ``offer`` is what it is made of there.

    Unbound it starts from the given values, each where the model has it. The offers of the chosen
    credential, and of each that it also goes to, decide in the end.
    """

    def __init__(
        self, credentials: Sequence[Credential], values: Values, *, sent: bool = False
    ) -> None:
        super().__init__(values, sent=sent)
        # Whoever shows the form sets it, like the pictures.
        self.made_of = NO_SOURCES
        # Each step narrows the next: the kind tells which keys can make it, key and model which
        # fields there are, length and switches which options have an effect.
        self.kinds = kinds_of(credentials)
        kind = values.get("kind", "")
        self.kind = kind if kind in self.kinds else self.kinds[0]
        self.able = [key for key in credentials if catalogue(key.kind).models(self.kind)]
        self.credential, self.offer = chosen(self.able, self.kind, values, sent=sent)
        duration = _duration(self.offer, values.get("duration", ""))
        self.fields |= shape_fields(self.credential, self.offer, duration, self.able)
        self.fields |= option_fields(self.offer, duration, _switches(self.offer, values))
        self.fields |= source_fields(self.offer) | name_fields(self.offer)
        self._keep(values)

    def _keep(self, values: Values) -> None:
        """Start from ``values``; what the model lacks disappears.

        Browsers send no box that is not ticked: in a form its absence means off.
        """
        from_form = "form_token" in values
        for name, field in self.fields.items():
            self.initial[name] = field.initial
            if name in values or (from_form and isinstance(field, forms.BooleanField)):
                text = values.getlist(name) if name == "also" else values.get(name)
                # A value that another model had may not fit this one; then the default stands.
                with suppress(ValidationError):
                    value = field.clean(text)
                    self.initial[name] = field.initial if value is None else value
        # What was typed is kept as it stands: the field would strip it. So is what another kind of
        # order would be made of.
        self.initial["prompt"] = values.get("prompt", "")
        self.initial["shown_for"] = self.credential.pk

    def clean(self) -> dict[str, Any]:
        for label in self._lost_options():
            self.add_error(
                None,
                _("This model has no “%(field)s”. Send again to order without it.")
                % {"field": label},
            )
        model = self.cleaned_data.get("model")
        if model and model != self.offer.model:
            models = catalogue(self.credential.kind).models(self.kind)
            self.refuse([Problem("model", "choice", {"choices": models})])
        # A wrong field has its sentence already, and the offer could not read the order.
        if not self.errors:
            self.refuse(self.offer.problems(self.order))
            for key in self.also:
                self._refuse_there(key)
        return self.cleaned_data

    def _lost_options(self) -> list[str]:
        """Return the labels of options that were set for another model and that this one lacks."""
        options = (
            option for offer in catalogue(self.credential.kind).offers for option in offer.options
        )
        unset = {option.name: ("", "False", str(option.default)) for option in options}
        return [
            str(LABELS.get(name, name))
            for name in unset.keys() & self.data.keys() - self.fields.keys()
            if self.data[name] not in unset[name]
        ]

    def _refuse_there(self, key: Credential) -> None:
        """Tell what another key of the comparison cannot make, under its name."""
        offer = catalogue(key.kind).offer(self.kind, self.offer.model)
        for problem in offer.problems(self.order) if offer else ():
            values = {"key": key.name, "problem": explain_problem(problem)}
            self.add_error("also", _("%(key)s: %(problem)s") % values)

    @property
    def misfits(self) -> list[str]:
        """What is wrong with the pictures that are there, before the order is sent."""
        if not self.pictures:
            return []
        found = self.offer.image_problems(self.order)
        most = self.offer.images[1]
        return [
            explain_problem(problem)
            for problem in found
            # Too few is no mistake yet: the person is still choosing.
            if problem.code != "count" or len(self.pictures) > most
        ]

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for now, as far as it can be read."""
        cleaned = getattr(self, "cleaned_data", {})
        return {
            name: self.initial[name] if cleaned.get(name) in (None, "") else cleaned[name]
            for name in self.fields
        }

    @property
    def keys(self) -> list[Credential]:
        """Every key that the order goes to."""
        return [self.credential, *self.also]

    @property
    def also(self) -> list[Credential]:
        """The other keys that the same order goes to, of those that have its model."""
        named = {str(pk) for pk in self.values["also"] or ()}
        others = with_model(self.able, self.offer)
        return [key for key in others if str(key.pk) in named and key != self.credential]

    @property
    def order(self) -> Order:
        """The order in the catalogue's words, without what is the default of every key."""
        values = self.values
        defaults = self._defaults()
        # An option that is left out is decided by each provider. So it is left out only where its
        # value is the default of every key.
        options = {
            option.name: values[option.name]
            for option in self.offer.options
            if option.name != "seed"
            and values.get(option.name) not in (None, "")
            and defaults[option.name] != {values[option.name]}
        }
        order = Order(
            kind=self.kind,
            model=self.offer.model,
            prompt=self._words(values),
            duration=values.get("duration"),
            resolution=values.get("resolution", ""),
            aspect_ratio=values.get("aspect_ratio", ""),
            seed=values.get("seed"),
            images=self.pictures,
            options=options,
        )
        return with_sources(order, self.credential, self.made_of)

    def _words(self, values: Mapping[str, Any]) -> str:
        """Return the prompt as it is sent."""
        if "name" in self.fields:
            return bare_name(values["name"] or "")
        # A sound is spoken in place of the words, and an upscale has none.
        is_spoken = self.offer.sound and self.made_of.sound
        return values["prompt"] if self.prompt_limit and not is_spoken else ""

    def _defaults(self) -> dict[str, set[object]]:
        """Return each option's default on every key that the order goes to."""
        offers = [catalogue(key.kind).offer(self.kind, self.offer.model) for key in self.also]
        defaults: dict[str, set[object]] = {}
        for option in self.offer.options:
            there = [offer.option(option.name) for offer in offers if offer]
            defaults[option.name] = {option.default, *(other.default for other in there if other)}
        return defaults

    @property
    def count(self) -> int:
        return int(self.values.get("count", 1))

    @property
    def accepts_unknown(self) -> bool:
        """Whether the person knows that nobody knows the price of this very order."""
        return self.answer == answer_of(self.order, self.keys)

    @property
    def has_models(self) -> bool:
        """Whether there is a model to choose; what has an endpoint of its own has none."""
        is_clip = bool(self.offer.durations or self.offer.aspect_ratios)
        return is_clip or len(catalogue(self.credential.kind).models(self.kind)) > 1

    @property
    def can_keep_subjects(self) -> bool:
        """Whether some key's account keeps subjects, which prompts then refer to by name."""
        return TaskKind.SUBJECT in self.kinds

    @property
    def lacks_source(self) -> bool:
        """Whether the clip that the order is made from is still to be chosen."""
        return self.offer.film is not None and self.made_of.film is None

    @property
    def placeholder(self) -> Sentence:
        """What the prompt is for at this kind of order."""
        return PLACEHOLDERS.get(self.kind, PLACEHOLDER)

    @property
    def token(self) -> str:
        return str(self.values["form_token"])

    @property
    def sound_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in SOUND if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The options that are seldom wanted, and so fold away."""
        names = (option.name for option in self.offer.options)
        return [self[name] for name in names if name in self.fields and name not in SOUND]

    @property
    def more_is_open(self) -> bool:
        """Whether something in there was set or is wrong; a speech has little else to set."""
        return not self.offer.durations or any(
            field.errors or (self.initial[field.name] or None) != (field.field.initial or None)
            for field in self.more
        )


def kinds_of(credentials: Iterable[Credential]) -> list[str]:
    """Return the kinds of clips that some of these keys can make, in the order of the page."""
    made = {kind for key in credentials for kind in catalogue(key.kind).kinds()}
    return [kind for kind in KINDS if kind in made]


def chosen(
    able: Sequence[Credential], kind: str, values: Values, *, sent: bool
) -> tuple[Credential, Offer]:
    """Return the credential and the model that the values name, else the first that may be used.

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


def with_model(credentials: Iterable[Credential], offer: Offer) -> list[Credential]:
    """Return the credentials that have the same model at the same kind."""
    return [key for key in credentials if catalogue(key.kind).offer(offer.kind, offer.model)]


def _duration(offer: Offer, text: str) -> int:
    seconds = whole_number(text)
    return seconds if seconds in offer.durations else offer.duration


def _switches(offer: Offer, values: Values) -> dict[str, bool]:
    """Return the switches that are set on or off; other options exist beside some of them only."""
    options = (option for option in offer.options if option.type == "switch")
    from_form = "form_token" in values
    return {
        option.name: values.get(option.name, "").lower() in {"on", "1", "true"}
        for option in options
        if option.name in values or (from_form and not option.default)
    }


def shape_fields(
    credential: Credential, offer: Offer, duration: int, credentials: Sequence[Credential]
) -> dict[str, forms.Field]:
    """Return the fields of every order; ``credentials`` are those that make clips of this kind."""
    resolutions = offer.resolutions_at(duration)
    resolution = offer.resolution
    if resolutions and resolution not in resolutions:
        resolution = resolutions[0]
    keys = [str(key.pk) for key in credentials]
    others = [key for key in with_model(credentials, offer) if key != credential]
    fields: dict[str, forms.Field] = {
        "kind": pills("kind", _("Kind"), KINDS, offer.kind),
        "prompt": _prompt_field(offer),
        "model": _model_field(credential, offer, credentials),
        "duration": _duration_field(offer, duration),
        "aspect_ratio": pills("aspect_ratio", _("Ratio"), offer.aspect_ratios, offer.aspect_ratio),
        "resolution": pills("resolution", _("Resolution"), resolutions, resolution),
        "count": whole_number_field("count", _("Count"), 1, MOST_AT_ONCE, initial=1),
        "credential": pills("credential", _("Provider"), keys, credential.pk),
        "also": _also_field(others),
        "images": pictures_field(),
        "shown_for": forms.CharField(required=False, widget=forms.HiddenInput),
        "form_token": token_field(),
        "accepts_unknown": answer_field(),
    }
    fields["count"].widget = forms.RadioSelect(choices=[(count, count) for count in COUNTS])
    has = {
        "duration": offer.durations,
        "resolution": resolutions,
        "aspect_ratio": offer.aspect_ratios,
        "images": offer.images[1],
        # Nobody wants the same clip upscaled twice, or the same subject.
        "count": offer.film is None and offer.kind != TaskKind.SUBJECT,
    }
    return {name: field for name, field in fields.items() if has.get(name, True)}


def name_fields(offer: Offer) -> dict[str, forms.Field]:
    """Return the field of a subject's name, which is all the words that its order has."""
    if offer.kind != TaskKind.SUBJECT:
        return {}
    help_text = _("Later prompts call it by this name, as in “@bottle on a table”.")
    field = forms.CharField(
        label=str(LABELS["name"]),
        validators=[RegexValidator(NAME, explain_problem(Problem("name", "word")))],
        error_messages={"required": explain_problem(Problem("name", "required"))},
        help_text=str(help_text),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    return {"name": field}


def source_fields(offer: Offer) -> dict[str, forms.Field]:
    """Return the fields of the clip and the sound that an order is made of.

    They hold errors; ``pickers`` reads what is chosen.
    """
    has = {"source": offer.film, "sound": offer.sound}
    return {
        name: forms.CharField(label=str(LABELS[name]), required=False)
        for name, rules in has.items()
        if rules
    }


def _model_field(
    credential: Credential, offer: Offer, credentials: Sequence[Credential]
) -> forms.TypedChoiceField:
    """Offer every model that some key has; a refusal names those of the chosen key."""
    titles: dict[str, list[str]] = {}
    for book in map(catalogue, dict.fromkeys(key.kind for key in credentials)):
        for model in book.models(offer.kind):
            titles.setdefault(model, []).append(book.title)
    own = catalogue(credential.kind).models(offer.kind)
    field = pills("model", _("Model"), own, offer.model, widget=forms.Select)
    several = len({key.kind for key in credentials}) > 1
    field.choices = [
        (model, f"{model} · {', '.join(names)}" if several else model)
        for model, names in titles.items()
    ]
    return field


def _also_field(others: Sequence[Credential]) -> forms.MultipleChoiceField:
    """Offer the keys that the same order can go to as well, to compare."""
    return forms.MultipleChoiceField(
        label=_("Compare"),
        choices=[(str(key.pk), key.name) for key in others],
        required=False,
        error_messages={"invalid_choice": explain_problem(Problem("credential", "choice"))},
    )


def _prompt_field(offer: Offer) -> forms.Field:
    empty = explain_problem(Problem("prompt", "required"))
    placeholder = PLACEHOLDERS.get(offer.kind, PLACEHOLDER)
    return forms.CharField(
        label=_("Prompt"),
        required=offer.prompt_required and offer.kind != TaskKind.SUBJECT,
        error_messages={"required": empty},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "placeholder": placeholder}),
    )


def _duration_field(offer: Offer, duration: int) -> forms.Field:
    """Return a stepper where the lengths have no gap, else pills; of no length nobody asks."""
    if not offer.durations:
        return pills("duration", _("Duration"), (), "")
    low, high = min(offer.durations), max(offer.durations)
    if high - low + 1 == len(offer.durations) and low != high:
        return whole_number_field("duration", _("Duration"), low, high, initial=duration)
    seconds = [str(seconds) for seconds in offer.durations]
    field = pills("duration", _("Duration"), seconds, duration)
    field.choices = [(length, _("%(n)s s") % {"n": length}) for length in offer.durations]
    field.coerce, field.initial = int, duration
    return field


def option_fields(
    offer: Offer, duration: int, switches: Mapping[str, bool]
) -> dict[str, forms.Field]:
    """Return the fields of the options that have an effect at this length with these switches."""
    order = Order(offer.kind, offer.model, "", duration=duration, options=switches)
    return {
        option.name: _option_field(option)
        for option in offer.options
        if offer.supports(option.name, order)
    }


def _option_field(option: Option) -> forms.Field:
    name, label = option.name, LABELS.get(option.name, option.name)
    field: forms.Field
    if option.type == "number":
        field = whole_number_field(name, label, option.low, option.high, initial=option.default)
    elif option.type == "choice":
        field = pills(name, label, option.choices, option.default)
    elif option.type == "text":
        field = forms.CharField(
            label=str(label), max_length=option.limit, required=False, initial=option.default
        )
    # A box that is not ticked is not sent, and would mean the default: two pills can say off.
    elif name in SOUND or option.default:
        field = switch(name, label, initial=bool(option.default))
    else:
        tick = forms.CheckboxInput(attrs={"class": "switch"})
        field = forms.BooleanField(label=str(label), initial=False, required=False, widget=tick)
    field.help_text = str(HELP.get(name, ""))
    return field

"""Numbers of clips that were ordered elsewhere, and the key that they were ordered with."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generations.lifecycle.adopt import makes_films, numbers_in
from generations.models import Credential, Team

MOST_NUMBERS = 500


class AdoptForm(forms.Form):
    credential = forms.ModelChoiceField(
        Credential.objects.none(),
        label=_("Key that they were ordered with"),
        empty_label=None,
    )
    numbers = forms.CharField(
        label=_("Numbers"),
        max_length=60_000,
        widget=forms.Textarea(
            attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        ),
        help_text=_("As the provider gave them, one in each line or with commas between them."),
    )
    films = forms.BooleanField(
        label=_("They are ad films, to be taken in with all their shots"), required=False
    )

    def __init__(self, team: Team, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        keys = Credential.objects.for_team(team).without_secret().order_by("name", "pk")
        self.fields["credential"].queryset = keys  # type: ignore[attr-defined]
        if not any(makes_films(key) for key in keys):
            del self.fields["films"]

    def clean_numbers(self) -> list[str]:
        numbers = numbers_in(self.cleaned_data["numbers"])
        if not numbers:
            raise ValidationError(_("Type at least one number."))
        if len(numbers) > MOST_NUMBERS:
            most = {"most": MOST_NUMBERS, "there": len(numbers)}
            raise ValidationError(
                _("These are %(there)s numbers; take in %(most)s at once."), params=most
            )
        return numbers

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = cleaned.get("credential")
        if cleaned.get("films") and key and not makes_films(key):
            self.add_error("films", _("The provider of this key makes no ad films."))
        return cleaned

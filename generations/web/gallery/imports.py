"""Take in clips that were ordered elsewhere: paste their numbers, and watch them come."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from generations.lifecycle import imports as adopting
from generations.lifecycle.imports import Adoption, Outcome, makes_films, numbers_in
from generations.models import Credential, Membership, Team
from generations.web.access import for_producer
from generations.web.layout.cards import drawn

from .views import of_team

MOST_LISTED = 60


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def adopt(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The form and what was taken in lately; with ``?rows`` that list alone."""
    team = membership.team
    if "rows" in request.GET:
        return render(request, "gallery/import.html#rows", _lately(team))
    form = AdoptForm(team, request.POST or None)
    adoptions: list[Adoption] = []
    if form.is_valid():
        said = form.cleaned_data
        films = bool(said.get("films"))
        adoptions = adopting.adopt(membership, said["credential"], said["numbers"], films=films)
        form = AdoptForm(team, initial={"credential": said["credential"]})
    page = {
        "form": form,
        "taken": sum(each.outcome == Outcome.TAKEN for each in adoptions),
        "skipped": [each for each in adoptions if each.outcome != Outcome.TAKEN],
    } | _lately(team)
    return render(request, "gallery/import.html", page, status=422 if form.errors else 200)


def _lately(team: Team) -> dict[str, object]:
    """The last ones, and whether any of them will still change by itself."""
    adopted = of_team(team).filter(adopted_at__isnull=False).newest_first()
    rows = drawn(team, adopted[:MOST_LISTED])
    return {"rows": rows, "moving": any(card.is_moving for card in rows)}


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

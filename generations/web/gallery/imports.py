"""Import clips that were ordered with another tool: paste their IDs, and see them arrive."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from generations.lifecycle.imports import Imported, Outcome, ids_in, import_tasks, makes_films
from generations.models import Credential, Membership, Team
from generations.web.access import for_producer
from generations.web.layout.cards import draw_cards

from .views import of_team

MOST_LISTED = 60
MOST_IDS = 500


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def import_clips(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the form and the last imported clips; with ``?rows`` that list alone."""
    team = membership.team
    # The page asks for it again while any of the clips still moves.
    if "rows" in request.GET:
        return render(request, "gallery/import.html#rows", _lately(team))
    form = ImportForm(team, request.POST or None)
    results: list[Imported] = []
    if form.is_valid():
        cleaned = form.cleaned_data
        results = import_tasks(
            membership,
            cleaned["credential"],
            cleaned["numbers"],
            films=bool(cleaned.get("films")),
        )
        # An empty form for the next IDs, which may be of the same key.
        form = ImportForm(team, initial={"credential": cleaned["credential"]})
    page = {
        "form": form,
        "taken": sum(each.outcome == Outcome.IMPORTED for each in results),
        "skipped": [each for each in results if each.outcome != Outcome.IMPORTED],
    } | _lately(team)
    return render(request, "gallery/import.html", page, status=422 if form.errors else 200)


def _lately(team: Team) -> dict[str, object]:
    """Return the last imported clips, and whether any of them will change by itself."""
    imported = of_team(team).filter(imported_at__isnull=False).newest_first()
    rows = draw_cards(team, imported[:MOST_LISTED])
    return {"rows": rows, "moving": any(card.is_moving for card in rows)}


class ImportForm(forms.Form):
    credential = forms.ModelChoiceField(
        Credential.objects.none(),
        label=_("Key that they were ordered with"),
        empty_label=None,
    )
    numbers = forms.CharField(
        label=_("Task IDs"),
        max_length=60_000,
        widget=forms.Textarea(
            attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        ),
        help_text=_("As the provider gave them, one in each line or with commas between them."),
    )
    films = forms.BooleanField(
        label=_("They are ad films: import them with all their shots"), required=False
    )

    def __init__(self, team: Team, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        keys = Credential.objects.for_team(team).without_secret().order_by("name", "pk")
        self.fields["credential"].queryset = keys  # type: ignore[attr-defined]
        if not any(makes_films(key) for key in keys):
            # No key of this team makes films, so nobody is asked.
            del self.fields["films"]

    def clean_numbers(self) -> list[str]:
        remote_ids = list(ids_in(self.cleaned_data["numbers"]))
        if not remote_ids:
            raise ValidationError(_("Type at least one ID."))
        if len(remote_ids) > MOST_IDS:
            most = {"most": MOST_IDS, "there": len(remote_ids)}
            raise ValidationError(
                _("These are %(there)s IDs; import at most %(most)s at once."), params=most
            )
        return remote_ids

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = cleaned.get("credential")
        if cleaned.get("films") and key and not makes_films(key):
            self.add_error("films", _("The provider of this key makes no ad films."))
        return cleaned

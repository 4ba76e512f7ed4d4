"""Forms of collections, of share links, and of the guests that open them."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from generations.models.collections import Decision
from generations.sharing import links
from generations.templatetags.formats import span

LIVES = (1, 7, 14, 30, 90)  # days


class LinkForm(forms.Form):
    name = forms.CharField(
        label=_("For"),
        max_length=80,
        required=False,
        help_text=_("The client's name. It is shown at the top of the page."),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Send it separately from the link. Nobody can read it here afterwards."),
    )
    days = forms.TypedChoiceField(
        label=_("Expires in"),
        coerce=int,
        initial=links.LIFE.days,
        choices=lambda: [(days, span(timedelta(days=days))) for days in LIVES],
    )
    language = forms.ChoiceField(label=_("Language of the page"), choices=settings.LANGUAGES)
    allows_downloads = forms.BooleanField(
        label=_("Clips may be downloaded"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
    )
    shows_prompts = forms.BooleanField(
        label=_("Prompts are shown"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
    )

    @property
    def terms(self) -> links.Terms:
        values = dict(self.cleaned_data)
        return links.Terms(life=timedelta(days=values.pop("days")), **values)


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ReviewForm(forms.Form):
    """A remark, a decision, or both at once; ``sha256`` is that of the clip that the guest saw."""

    name = forms.CharField(label=_("Your name"), max_length=60)
    text = forms.CharField(label=_("Remark"), max_length=2000, required=False)
    start_ms = forms.IntegerField(min_value=0, max_value=86_400_000, required=False)
    end_ms = forms.IntegerField(min_value=0, max_value=86_400_000, required=False)
    decision = forms.ChoiceField(choices=[("", ""), *Decision.choices], required=False)
    sha256 = forms.CharField(max_length=64, required=False)

    def __init__(self, *arguments: object, is_known: bool = False, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.fields["name"].required = not is_known

    def clean(self) -> dict[str, object]:
        values: dict[str, object] = super().clean() or {}
        # A range that does not end after its start becomes a moment: no remark is lost for it.
        start, end = values.get("start_ms"), values.get("end_ms")
        if isinstance(end, int) and (not isinstance(start, int) or end <= start):
            values["end_ms"] = None
        if not (values.get("text") or values.get("decision") or self.errors):
            self.add_error("text", _("Write a remark."))
        return values


class AnswerForm(forms.Form):
    text = forms.CharField(label=_("Answer"), max_length=2000)


class CollectionForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=80)
    description = forms.CharField(
        label=_("Description"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Clients read it under the title."),
    )


class ItemForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=80, required=False)

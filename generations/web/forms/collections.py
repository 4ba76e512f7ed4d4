"""What people type about a collection and the places in it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CollectionForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=80)
    description = forms.CharField(
        label=_("Description"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Clients read it under the title."),
    )


class PlaceForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=80, required=False)

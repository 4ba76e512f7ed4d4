"""The name of a new team."""

from django import forms
from django.utils.translation import gettext_lazy as _


class TeamForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("You become its owner and can ask others in.")
    )

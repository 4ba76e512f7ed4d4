"""The role that a member has or a guest will have."""

from django import forms
from django.utils.translation import gettext_lazy as _

from generations.models import Role


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.PRODUCER)

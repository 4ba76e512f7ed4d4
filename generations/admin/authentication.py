"""Authentication: OpenID Connect providers, and second factors that were lost."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.admin import SocialAppForm
from allauth.socialaccount.models import SocialApp
from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .records import Records, related

admin.site.unregister([SocialApp, Authenticator])


class OpenIDForm(SocialAppForm):  # type: ignore[misc]
    """A form that never shows the client's secret; left empty, the secret stays."""

    secret = forms.CharField(
        label=_("Secret"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Not shown again. Leave it empty to keep the one that is stored."),
    )

    def clean_secret(self) -> str:
        typed: str = self.cleaned_data["secret"]
        return typed or str(self.instance.secret)


class Deletable(Records):
    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(SocialApp)
class OpenIDAdmin(Deletable):
    form = OpenIDForm
    list_display = ("name", "provider", "provider_id")
    fields = ("provider", "provider_id", "name", "client_id", "secret", "settings")
    editable = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)


@admin.register(Authenticator)
class AuthenticatorAdmin(Deletable):
    """Second factors. Delete one to let a person who lost the device sign in without it."""

    list_display = ("person", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = ("person", "type", "created_at", "last_used_at")
    joined = ("user",)
    unread = ("data", "user__password")
    person = related("user", _("person"))

"""Forms of a key: what is typed into ``key`` is sealed and never comes back to a page."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from generations.models import Credential, Team
from generations.providers import PROVIDERS
from generations.providers.catalogue import catalogue

MOST_SLOTS = 1000
MOST_REQUESTS = 100_000


def provider_choices() -> list[tuple[str, str]]:
    return [(kind, catalogue(kind).title) for kind in PROVIDERS]


def known_addresses() -> list[str]:
    """The addresses that the providers name, and the sandbox's where it runs."""
    known = [url for kind in PROVIDERS for url in catalogue(kind).base_urls]
    return [*known, settings.SANDBOX_URL] if settings.SANDBOX else known


class KeyField(forms.CharField):
    """Write-only: it renders empty, and no browser keeps it."""

    def __init__(self, **options: Any) -> None:
        attrs = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        super().__init__(
            label=_("Key"),
            max_length=2000,
            widget=forms.PasswordInput(attrs=attrs, render_value=False),
            help_text=_("It is sealed when you save it. Nobody can read it back, only replace it."),
            error_messages={"required": _("Paste the key from the provider.")},
            **options,
        )


class LimitsForm(forms.Form):
    """Name, address and limits; an empty limit is the provider's usual one."""

    name = forms.CharField(label=_("Name"), max_length=80)
    base_url = forms.CharField(
        label=_("Address"),
        max_length=200,
        widget=forms.URLInput(attrs={"list": "addresses", "autocomplete": "off"}),
    )
    slots = forms.IntegerField(
        label=_("Tasks at once"), required=False, min_value=1, max_value=MOST_SLOTS
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests a minute"),
        required=False,
        min_value=0,
        max_value=MOST_REQUESTS,
        help_text=_("0 where the provider names no limit."),
    )

    def __init__(self, team: Team, *args: Any, but: Credential | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = Credential.objects.for_team(team)
        self.others = others.exclude(pk=but.pk) if but else others

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.others.filter(name=name).exists():
            raise ValidationError(_("Another key of this team has this name."))
        return name

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].rstrip("/")
        if settings.SANDBOX and url == settings.SANDBOX_URL:
            return url
        schemes = ["http", "https"] if settings.ALLOW_PRIVATE_ADDRESSES else ["https"]
        if url.partition("://")[0] not in schemes:
            raise ValidationError(_("The address must begin with https://."))
        if not _is_address(url):
            raise ValidationError(_("This is no address of a server."))
        return url


def _is_address(url: str) -> bool:
    """Scheme, host, perhaps a port and a path; nothing that could carry a secret."""
    try:
        parts = urlsplit(url)
        URLValidator(["http", "https"])(url)
    except (ValueError, ValidationError):
        return False
    return not (parts.username or parts.password or parts.query or parts.fragment)


class NewCredentialForm(LimitsForm):
    kind = forms.ChoiceField(label=_("Provider"), choices=provider_choices)
    key = KeyField(strip=True)

    field_order = ("kind", "name", "base_url", "key", "slots", "requests_per_minute")


class ReplaceKeyForm(forms.Form):
    key = KeyField(strip=True)

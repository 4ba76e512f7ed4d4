"""Forms of keys, roles and teams. What is typed into ``key`` is never shown again."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations.models import Credential, Role, Team
from generations.providers import PROVIDERS
from generations.providers.catalogue import Setting, catalogue
from generations.teams.provider_access import sandbox_address

MOST_SLOTS = 1000
MOST_REQUESTS = 100_000


def provider_choices() -> list[tuple[str, str]]:
    """Return every kind of provider with its title."""
    return [(kind, catalogue(kind).title) for kind in PROVIDERS]


def known_addresses(kind: str) -> list[str]:
    """Return the documented addresses of a provider, and the sandbox's where it runs."""
    known = [*catalogue(kind).base_urls]
    return [*known, sandbox_address(kind)] if settings.SANDBOX else known


SETTINGS: Mapping[str, str | Promise] = {
    "auth_header": _("Header of the key"),
    "auth_prefix": _("Word before the key"),
    "submit_path": _("Path of an order"),
    "query_path": _("Path of a query"),
    "body": _("Body of an order"),
    "callbacks": _("Callbacks"),
    "channel": _("Channel"),
}
SETTING_VALUES: Mapping[str, str | Promise] = {
    "on": pgettext_lazy("setting", "On"),
    "off": pgettext_lazy("setting", "Off"),
    "native": pgettext_lazy("setting", "The gateway's own"),
    "official": pgettext_lazy("setting", "Same as Vidu"),
}


def setting_field(setting: Setting) -> forms.Field:
    """Return the field of a setting. Empty means the usual value, which the field shows."""
    label = str(SETTINGS.get(setting.name, setting.name))
    if setting.choices:
        usual = SETTING_VALUES.get(setting.default, setting.default)
        choices = [(word, SETTING_VALUES.get(word, word)) for word in setting.choices]
        empty = ("", _("Default (%(usual)s)") % {"usual": usual})
        return forms.ChoiceField(label=label, required=False, choices=[empty, *choices])
    widget = forms.Textarea if setting.form == "json" else forms.TextInput
    field = forms.CharField(
        label=label,
        required=False,
        max_length=4000,
        widget=widget(attrs={"placeholder": setting.default, "autocomplete": "off"}),
    )
    field.validators.append(partial(require_fit, setting))
    return field


def require_fit(setting: Setting, value: str) -> None:
    """Raise ValidationError for a value that the adapter cannot use."""
    if setting.fits(value):
        return
    if setting.form == "json":
        raise ValidationError(_("Write a JSON object. Leave empty to use the default."))
    usual = setting.default or "–"
    raise ValidationError(
        _("The provider could not read this. The default is %(usual)s.") % {"usual": usual}
    )


class KeyField(forms.CharField):
    """A write-only field: it renders empty, and no browser keeps its value."""

    def __init__(self, **options: Any) -> None:
        attrs = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        super().__init__(
            label=_("Key"),
            max_length=2000,
            widget=forms.PasswordInput(attrs=attrs, render_value=False),
            help_text=_(
                "It is encrypted when you save it. Nobody can read it again. You can only "
                "replace it."
            ),
            error_messages={"required": _("Paste the key from the provider.")},
            **options,
        )


class LimitsForm(forms.Form):
    """Name, address and limits of a key; an empty limit is the provider's usual one."""

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

    def __init__(
        self, team: Team, kind: str, *args: Any, but: Credential | None = None, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.made_for = kind
        others = Credential.objects.for_team(team)
        self.others = others.exclude(pk=but.pk) if but else others
        self.fields |= {setting.name: setting_field(setting) for setting in self.settings}

    @property
    def settings(self) -> tuple[Setting, ...]:
        return catalogue(self.made_for).settings

    @property
    def setting_fields(self) -> list[forms.BoundField]:
        """The fields of what the provider's documents leave open; the page folds them away."""
        return [self[setting.name] for setting in self.settings]

    @property
    def settings_are_open(self) -> bool:
        """Whether one of these fields is set or wrong."""
        return any(field.errors or field.value() for field in self.setting_fields)

    def clean(self) -> dict[str, Any]:
        """Put the settings that are not the usual ones into ``options``."""
        values = {
            setting.name: self.cleaned_data.pop(setting.name, "") for setting in self.settings
        }
        usual = {setting.name: setting.default for setting in self.settings}
        self.cleaned_data["options"] = {
            name: value for name, value in values.items() if value not in ("", usual[name])
        }
        return self.cleaned_data

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.others.filter(name=name).exists():
            raise ValidationError(_("Another key of this team has this name."))
        return name

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].rstrip("/")
        if settings.SANDBOX and url == sandbox_address(self.made_for):
            return url
        schemes = ["http", "https"] if settings.ALLOW_PRIVATE_ADDRESSES else ["https"]
        if url.partition("://")[0] not in schemes:
            raise ValidationError(_("The address must begin with https://."))
        if not _is_address(url):
            raise ValidationError(_("This is not a server address."))
        return url


def _is_address(url: str) -> bool:
    """Whether a URL is a scheme, a host, perhaps a port and a path: nothing that holds a secret."""
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

    def clean_kind(self) -> str:
        """Refuse another kind than the form was made for: it was chosen without a script."""
        if self.cleaned_data["kind"] != self.made_for:
            raise ValidationError(_("Check the address and the settings again."))
        return self.made_for


class ReplaceKeyForm(forms.Form):
    key = KeyField(strip=True)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.PRODUCER)


class TeamForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("You become its owner and can invite others.")
    )

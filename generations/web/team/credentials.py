"""The keys of a team: every member sees them, owners change them.

What is typed into the field ``key`` is never shown again.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.lifecycle import stops
from generations.models import AuditEvent, Credential, Membership, Team
from generations.providers import PROVIDERS
from generations.providers.catalogue import Setting, catalogue
from generations.teams import credentials as credentials_service
from generations.teams.provider_access import sandbox_address
from generations.templatetags.formats import sentences
from generations.web.access import for_member, for_owner
from generations.web.layout.keys import keys_of
from generations.web.messages.reasons import explain_key
from generations.web.query import wants_part

MOST_EVENTS = 8
MOST_QUOTED = 200  # of an answer, which may be a page
MOST_SLOTS = 1000
MOST_REQUESTS = 100_000
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
        # The sandbox is on this machine, where no other address may lead.
        if settings.SANDBOX and url == sandbox_address(self.made_for):
            return url
        schemes = ["http", "https"] if settings.ALLOW_PRIVATE_ADDRESSES else ["https"]
        if url.partition("://")[0] not in schemes:
            raise ValidationError(_("The address must begin with https://."))
        if not _is_address(url):
            raise ValidationError(_("This is not a server address."))
        return url


def provider_choices() -> list[tuple[str, str]]:
    """Return every kind of provider with its title."""
    return [(kind, catalogue(kind).title) for kind in PROVIDERS]


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


def known_addresses(kind: str) -> list[str]:
    """Return the documented addresses of a provider, and the sandbox's where it runs."""
    known = [*catalogue(kind).base_urls]
    return [*known, sandbox_address(kind)] if settings.SANDBOX else known


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


def _is_address(url: str) -> bool:
    """Whether a URL is a scheme, a host, perhaps a port and a path: nothing that holds a secret."""
    try:
        parts = urlsplit(url)
        URLValidator(["http", "https"])(url)
    except (ValueError, ValidationError):
        return False
    # Every member of the team sees the address.
    return not (parts.username or parts.password or parts.query or parts.fragment)


@require_safe
@for_member
def credentials(request: HttpRequest, membership: Membership) -> HttpResponse:
    team = membership.team
    events = AuditEvent.objects.filter(team=team, verb__startswith="credential")
    page = {
        "rows": keys_of(team),
        "events": events.select_related("actor").order_by("-at", "-pk")[:MOST_EVENTS],
    }
    return render(request, "team/credentials/list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Add a key. ``update`` in the form only shows the address and settings of another provider."""
    updates = "update" in request.POST
    kind = _kind(request)
    sent = None if updates else request.POST or None
    form = NewCredentialForm(membership.team, kind, sent, initial=_first(request, kind))
    if form.is_valid():
        credential = credentials_service.add(membership.team, membership.user, **form.cleaned_data)
        # The key is kept even where its test fails: perhaps the provider is only down.
        _report(request, credential, stops.test_key(credential))
        return redirect("credentials", membership.team.slug)
    page = {"form": form, "addresses": known_addresses(kind)}
    part = "#form" if wants_part(request) else ""
    status = 422 if form.is_bound else 200
    return render(request, f"team/credentials/new.html{part}", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def edit(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show two forms on one page: the limits, and (``replace``) another key."""
    credential = _credential(membership, pk)
    now = {name: getattr(credential, name) for name in LimitsForm.base_fields} | credential.options
    replaces = "replace" in request.POST
    sent = request.POST or None
    # Only the form that was sent is bound; the other would show its empty fields as wrong.
    replace = ReplaceKeyForm(sent if replaces else None)
    limits = LimitsForm(
        membership.team,
        credential.kind,
        None if replaces else sent,
        but=credential,
        initial=now,
    )
    if replace.is_valid():
        stops.replace_key(credential, membership.user, replace.cleaned_data["key"])
        _report(request, credential, stops.test_key(credential))
        return redirect("credentials", membership.team.slug)
    if limits.is_valid():
        _change(credential, membership, limits)
        return redirect("credentials", membership.team.slug)
    page = {
        "credential": credential,
        "limits": limits,
        "replace": replace,
        "addresses": known_addresses(credential.kind),
    }
    return render(request, "team/credentials/edit.html", page, status=422 if sent else 200)


@require_POST
@for_owner
def test(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Test a key: with htmx answer with its row, without with a message on the list."""
    credential = _credential(membership, pk)
    tested = stops.test_key(credential)
    if not wants_part(request):
        _report(request, credential, tested)
        return redirect("credentials", membership.team.slug)
    row = keys_of(membership.team, pk, tested)[0]
    return render(request, "team/credentials/list.html#row", {"row": row})


@require_POST
@for_owner
def pause(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    stops.pause_key(_credential(membership, pk), membership.user)
    return redirect("credentials", membership.team.slug)


@require_POST
@for_owner
def resume(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    stops.resume_key(_credential(membership, pk), membership.user)
    return redirect("credentials", membership.team.slug)


@require_POST
@for_owner
def remove(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    credential = _credential(membership, pk)
    try:
        credentials_service.remove(credential, membership.user)
    except credentials_service.InUse as use:
        messages.error(request, _busy(use))
    return redirect("credentials", membership.team.slug)


def _busy(use: credentials_service.InUse) -> str:
    if use.orders:
        return ngettext(
            "%(n)s clip is in progress on this key. Remove the key when it has ended. "
            "Nothing was changed.",
            "%(n)s clips are in progress on this key. Remove the key when they have ended. "
            "Nothing was changed.",
            use.orders,
        ) % {"n": use.orders}
    return ngettext(
        "%(n)s file of this key is not saved here yet. Remove the key when it is. Nothing "
        "was changed.",
        "%(n)s files of this key are not saved here yet. Remove the key when they are. "
        "Nothing was changed.",
        use.files,
    ) % {"n": use.files}


def _credential(membership: Membership, pk: int) -> Credential:
    return get_object_or_404(
        Credential.objects.for_team(membership.team).select_related("team"), pk=pk
    )


def _kind(request: HttpRequest) -> str:
    """Return the kind of provider that the form is for."""
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    return kind if kind in PROVIDERS else next(iter(PROVIDERS))


def _first(request: HttpRequest, kind: str) -> dict[str, str]:
    """Return what the form of a new key suggests; a name that was typed stays."""
    book = catalogue(kind)
    typed = request.POST.get("name") or request.GET.get("name", "")
    titles = {catalogue(other).title for other in PROVIDERS}
    name = book.title if typed in {"", *titles} else typed
    return {"kind": kind, "base_url": book.base_url, "name": name}


def _change(credential: Credential, membership: Membership, limits: LimitsForm) -> None:
    """Write the limits; an emptied one is the catalogue's again."""
    usual, values = catalogue(credential.kind), limits.cleaned_data
    requests = values["requests_per_minute"]
    credentials_service.change(
        credential,
        membership.user,
        name=values["name"],
        base_url=values["base_url"],
        slots=values["slots"] or usual.slots,
        # 0 says that there is no limit, so only an empty field means the usual one.
        requests_per_minute=usual.requests_per_minute or 0 if requests is None else requests,
        options=values["options"],
    )


def _report(request: HttpRequest, credential: Credential, tested: stops.KeyTest) -> None:
    if tested.good:
        messages.success(request, gettext("“%(name)s” works.") % {"name": credential.name})
        return
    explanation = explain_key(tested.reason or "", tested.message)
    answer = explanation.quoted[:MOST_QUOTED]
    quoted = gettext("The answer was: “%(answer)s”") % {"answer": answer} if answer else ""
    why = sentences(explanation.cause, explanation.remedy, quoted)
    messages.error(request, format_html(gettext("“{name}”: {why}"), name=credential.name, why=why))

"""The keys of a team: every member sees them, owners change them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.lifecycle import keys
from generations.models import AuditEvent, Credential, Membership
from generations.providers import PROVIDERS
from generations.providers.catalogue import catalogue
from generations.teams import credentials as credentials_service
from generations.templatetags.formats import sentences
from generations.web.access import for_member, for_owner
from generations.web.layout.keys import keys_of
from generations.web.messages.reasons import explain_key

from .forms import (
    LimitsForm,
    NewCredentialForm,
    ReplaceKeyForm,
    known_addresses,
)

MOST_EVENTS = 8


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
        _report(request, credential, keys.test(credential))
        return redirect("credentials", membership.team.slug)
    page = {"form": form, "addresses": known_addresses(kind)}
    part = "#form" if "HX-Request" in request.headers else ""
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
    replace = ReplaceKeyForm(sent if replaces else None)
    limits = LimitsForm(
        membership.team,
        credential.kind,
        None if replaces else sent,
        but=credential,
        initial=now,
    )
    if replace.is_valid():
        keys.replace_key(credential, membership.user, replace.cleaned_data["key"])
        _report(request, credential, keys.test(credential))
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
    tested = keys.test(credential)
    if "HX-Request" not in request.headers:
        _report(request, credential, tested)
        return redirect("credentials", membership.team.slug)
    row = keys_of(membership.team, pk, tested)[0]
    return render(request, "team/credentials/list.html#row", {"row": row})


@require_POST
@for_owner
def pause(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    keys.pause(_credential(membership, pk), membership.user)
    return redirect("credentials", membership.team.slug)


@require_POST
@for_owner
def resume(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    keys.resume(_credential(membership, pk), membership.user)
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
        requests_per_minute=usual.requests_per_minute or 0 if requests is None else requests,
        options=values["options"],
    )


def _report(request: HttpRequest, credential: Credential, tested: keys.KeyTest) -> None:
    if tested.good:
        messages.success(request, _("“%(name)s” works.") % {"name": credential.name})
        return
    explanation = explain_key(tested.reason or "", tested.message)
    why = sentences(explanation.cause, explanation.remedy)
    messages.error(request, format_html(_("“{name}”: {why}"), name=credential.name, why=why))

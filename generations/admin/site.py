"""The admin site: its login, its name, its sections and their order."""

from collections.abc import Sequence
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django_q.models import Failure, OrmQ, Schedule, Success

from . import overview
from .permissions import may_enter

# Rows of the queue are pickles, a bad schedule stops them all; tokens and addresses are private.
HIDDEN = (Failure, OrmQ, Schedule, Success, EmailAddress, SocialAccount, SocialToken)
SECTIONS = {
    "credits": (_("Credits"), ("Entry", "Claim", "Statement", "Cap", "Account")),
    "work": (_("Work"), ("Task", "Attempt", "Callback", "File", "Upload", "Credential")),
    "films": (_("Films"), ("Film", "Take", "Cut")),
    "sharing": (_("Shares"), ("Collection", "ShareLink", "Remark", "Verdict")),
    "people": (_("People"), ("Team", "User", "Membership", "Invitation", "AuditEvent")),
    "access": (_("Access"), (Group.__name__, "SocialApp", "Authenticator")),
    "system": (_("System"), ("Installation", "Heartbeat", "Lease")),
}


# Addresses of models that had another name.
OLD_NAMES = {"pulse": "heartbeat", "composition": "cut", "event": "auditevent"}


def arrange() -> None:
    """Set the site up, after all other applications have registered their pages."""
    site = admin.site
    site.unregister([model for model in HIDDEN if site.is_registered(model)])
    site.site_header = site.site_title = _("Rushes administration")
    site.index_title = _("Overview")
    site.empty_value_display = "–"
    apps.get_app_config("generations").verbose_name = "Rushes"  # on the way back from a list
    site.login = secure_admin_login(site.login)  # type: ignore[method-assign]
    site.has_permission = may_enter  # type: ignore[method-assign]
    site.index_template = "admin/overview.html"
    first = site.index

    def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return first(request, overview.context(request) | (extra_context or {}))

    site.index = index  # type: ignore[method-assign,assignment]
    urls = site.get_urls
    site.get_urls = lambda: [*_old_addresses(), *urls()]  # type: ignore[method-assign]
    listed = site.get_app_list

    def by_section(request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        found = listed(request, app_label)
        return found if app_label else sections(found)

    site.get_app_list = by_section  # type: ignore[method-assign]


def _old_addresses() -> list[URLPattern]:
    return [
        re_path(
            rf"^generations/{old}/(?P<rest>.*)$",
            RedirectView.as_view(url=f"/admin/generations/{new}/%(rest)s", query_string=True),
        )
        for old, new in OLD_NAMES.items()
    ]


def sections(listed: Sequence[Any]) -> list[dict[str, Any]]:
    """Group the models by subject, not by application."""
    models = {model["object_name"]: (model, app) for app in listed for model in app["models"]}
    found = []
    for label, (name, members) in SECTIONS.items():
        present = [models[member] for member in members if member in models]
        if present:
            rows = [model for model, _app in present]
            found.append({**present[0][1], "app_label": label, "name": name, "models": rows})
    return found

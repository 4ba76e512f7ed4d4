"""Filters that offer only what the person may see."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generations.models import Credential, Membership, Team

from .permissions import visible

type Admin = ModelAdmin[Any]
type Rows = QuerySet[Any]
type Choices = Sequence[tuple[str, Any]]

MOST_OFFERED = 200


class RelatedFilter(admin.SimpleListFilter):
    """A filter by the primary key of a related row."""

    parameter_name: str

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        chosen = self.value()
        if not chosen:
            return None
        return (
            queryset.filter(**{self.parameter_name: chosen})
            if chosen.isdecimal()
            else queryset.none()
        )


class TeamFilter(RelatedFilter):
    title = _("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        teams = Team.objects.filter(visible(request, "pk")).order_by("name", "pk")
        return [(str(pk), name) for pk, name in teams.values_list("pk", "name")[:MOST_OFFERED]]


class CredentialFilter(RelatedFilter):
    """By credential, without reading the sealed keys."""

    title = _("credential")
    parameter_name = "credential"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        rows = Credential.objects.filter(visible(request)).order_by("team__name", "name")
        named = rows.values_list("pk", "team__name", "name")[:MOST_OFFERED]
        return [(str(pk), f"{team} · {name}") for pk, team, name in named]


class PersonFilter(RelatedFilter):
    """By person. It offers the present members, and finds any person."""

    title = _("person")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        seats = Membership.objects.filter(visible(request)).order_by("user__name", "user__email")
        people = seats.values_list("user", "user__name", "user__email").distinct()[:MOST_OFFERED]
        return [(str(pk), name or email) for pk, name, email in people]

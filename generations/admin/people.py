"""Users, teams, memberships and invitations."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations import audit
from generations.models import Invitation, Membership, Team, User
from generations.teams import members, ordering_stops
from generations.templatetags.formats import filesize

from .filters import TeamFilter
from .permissions import audited_teams
from .records import InlineRecords, Records, related


class Members(InlineRecords):
    model = Membership
    fields = ("person", "role", "created_at")
    joined = ("user", "team")
    unread = ("user__password",)
    person = related("user", _("person"))


class Teams(InlineRecords):
    model = Membership
    fields = ("of_team", "role", "created_at")
    joined = ("team", "user")
    unread = ("user__password",)
    of_team = related("team", _("team"))


@admin.register(User)
class UserAdmin(Records):
    of_teams = "memberships__team"
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (
        "email",
        "name",
        "is_active",
        "is_staff",
        "groups",
        "is_superuser",
        "date_joined",
        "last_login",
    )
    editable = ("name", "is_active", "is_staff", "groups")
    filter_horizontal = ("groups",)
    unread = ("password",)
    inlines = (Teams,)

    def narrowed(self, request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return each person once, also one in two teams of the same auditor."""
        if self.may_see_all(request):
            return rows
        seats = Membership.objects.filter(team__in=audited_teams(request))
        return rows.filter(pk__in=seats.values("user"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        above = isinstance(obj, User) and obj.is_superuser and not _is_superuser(request)
        return not above and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Let only superusers give rights, so that staff cannot raise their own."""
        kept = [] if _is_superuser(request) else ["is_staff", "groups"]
        return [*super().get_readonly_fields(request, obj), *kept]


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


@admin.register(Team)
class TeamAdmin(Records):
    of_teams = "pk"
    list_display = ("name", "slug", "quota", "stopped_at", "created_at")
    search_fields = ("name", "slug")
    ordering = ("name",)
    fields = ("name", "slug", "quota", "keeps", "stopped_at", "created_at")
    editable = ("name", "quota")
    inlines = (Members,)

    def save_model(
        self, request: HttpRequest, obj: Team, form: "ModelForm[Team]", change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if "name" in form.changed_data:
            before, actor = form.initial["name"], cast(User, request.user)
            audit.record(obj, actor, "team.renamed", obj.name, before=before)
        if "quota" in form.changed_data:
            before, actor = form.initial["quota"], cast(User, request.user)
            audit.record(obj, actor, "team.quota", obj, before=before, after=obj.quota)

    @admin.display(description=_("storage used"))
    def keeps(self, team: Team) -> str:
        return filesize(ordering_stops.stored_bytes(team))


@admin.register(Membership)
class MembershipAdmin(Records):
    list_display = ("person", "of_team", "role", "created_at")
    list_filter = ("role", TeamFilter)
    search_fields = ("user__email", "user__name", "team__name")
    fields = ("person", "of_team", "role", "created_at")
    editable = ("role",)
    joined = ("team", "user")
    unread = ("user__password",)
    person = related("user", _("person"))
    of_team = related("team", _("team"))

    def save_model(
        self, request: HttpRequest, obj: Membership, form: "ModelForm[Membership]", change: bool
    ) -> None:
        stored = Membership.objects.select_related("team", "user").get(pk=obj.pk)
        members.change_role(stored, obj.role, cast(User, request.user))

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().change_view(request, *args, **kwargs)
        except members.LastOwner:
            message = gettext("The role was not changed: a team needs at least one owner.")
            self.message_user(request, message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


@admin.register(Invitation)
class InvitationAdmin(Records):
    list_display = ("__str__", "by", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role", TeamFilter, ("accepted_at", admin.EmptyFieldListFilter))
    search_fields = ("team__name", "invited_by__email", "accepted_by__email")
    fields = (
        "of_team",
        "role",
        "by",
        "created_at",
        "expires_at",
        "accepted",
        "accepted_at",
        "revoked_at",
    )
    joined = ("team", "invited_by", "accepted_by")
    unread = ("token_hash", "invited_by__password", "accepted_by__password")
    of_team = related("team", _("team"))
    by = related("invited_by", _("invited by"))
    accepted = related("accepted_by", _("accepted by"))

"""People: teams, users, memberships, invitations, who did what, and ways to sign in."""

from typing import Any, cast

from allauth.mfa.models import Authenticator
from allauth.socialaccount.admin import SocialAppForm
from allauth.socialaccount.models import SocialApp
from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import AuditEvent, Invitation, Membership, Team, User, audit
from generations.teams import members, ordering_stops
from generations.templatetags.formats import filesize

from .records import InlineRecords, Records, TeamFilter, audited_teams, related


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
        # Not saved by Django: ``change_role`` keeps the last owner and writes the history.
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


@admin.register(AuditEvent)
class AuditEventAdmin(Records):
    list_display = ("at", "verb", "subject", "by", "of_team")
    list_filter = ("at", TeamFilter, ("actor", admin.EmptyFieldListFilter))
    search_fields = ("verb", "subject", "actor__email")
    fields = ("at", "verb", "subject", "by", "of_team", "detail")
    joined = ("team", "actor")
    unread = ("actor__password",)
    of_team = related("team", _("team"))
    by = related("actor", _("by"))


# ---- Ways to sign in: OpenID Connect providers, and second factors that were lost -----------


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
    """Rows that are no history: who has Django's permission may delete them."""

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

"""Credentials: limits and state, never the API key."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import Account, Credential

from .filters import TeamFilter
from .records import InlineRecords, Records, related


class AccountRows(InlineRecords):
    model = Account
    fields = ("name", "balance", "unit")
    joined = ("credential",)
    unread = ("credential__sealed_key",)


@admin.register(Credential)
class CredentialAdmin(Records):
    list_display = (
        "name",
        "of_team",
        "kind",
        "tail",
        "slots",
        "requests_per_minute",
        "last_good_at",
        "paused_reason",
        "removed_at",
    )
    list_filter = (
        "kind",
        ("paused_at", admin.EmptyFieldListFilter),
        ("removed_at", admin.EmptyFieldListFilter),
        TeamFilter,
    )
    search_fields = ("name", "team__name", "base_url", "key_tail__exact")
    fields = (
        "name",
        "of_team",
        "kind",
        "base_url",
        "tail",
        "options",
        "slots",
        "requests_per_minute",
        "balance",
        "balance_at",
        "last_good_at",
        "paused_at",
        "paused_reason",
        "by",
        "created_at",
        "removed_at",
    )
    joined = ("team", "created_by")
    unread = ("sealed_key", "created_by__password")
    inlines = (AccountRows,)
    of_team = related("team", _("team"))
    by = related("created_by", _("added by"))

    @admin.display(description=_("last four"))
    def tail(self, credential: Credential) -> str:
        return f"…{credential.key_tail}"

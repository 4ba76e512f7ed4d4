"""Audit events, heartbeats and leases."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import AuditEvent, Heartbeat, Lease

from .filters import TeamFilter
from .records import Records, related


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


@admin.register(Heartbeat)
class HeartbeatAdmin(Records):
    list_display = ("name", "at")
    ordering = ("name",)
    fields = ("name", "at")


@admin.register(Lease)
class LeaseAdmin(Records):
    list_display = ("name", "holder", "until")
    ordering = ("name",)
    fields = ("name", "holder", "until")

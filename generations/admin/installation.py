"""The installation: ordering stopped or allowed, a copy released; heartbeats and leases."""

from typing import cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.lifecycle import stops
from generations.models import Heartbeat, Installation, Lease, User
from generations.teams import installation

from .records import Records, related

ACTS = ("_stop", "_allow")


@admin.register(Installation)
class InstallationAdmin(Records):
    """The installation, with two buttons for those who may change it."""

    list_display = ("__str__", "ordering_is", "stopped_at", "by")
    fields = ("ordering_is", "stopped_at", "by")
    joined = ("stopped_by",)
    unread = ("stopped_by__password",)
    change_form_template = "admin/generations/installation/change_form.html"
    by = related("stopped_by", _("stopped by"))

    @admin.display(description=_("ordering"))
    def ordering_is(self, row: Installation) -> str:
        if not installation.is_at_home(row):
            return gettext("off: this database was copied or restored")
        return gettext("stopped") if row.stopped_at else gettext("allowed")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        may_switch = request.user.has_perm("generations.change_installation")
        # The two buttons are no fields of the row, so Django's own form is never saved here.
        if request.method == "POST" and any(act in request.POST for act in ACTS):
            if not may_switch:
                raise PermissionDenied
            self._act(request)
            return HttpResponseRedirect(request.get_full_path())
        row = Installation.here()
        switch = {
            "may_switch": may_switch,
            "is_stopped": row.stopped_at is not None,
            "is_copied": not installation.is_at_home(row),
        }
        return super().change_view(request, object_id, form_url, switch | (extra_context or {}))

    def _act(self, request: HttpRequest) -> None:
        by = cast(User, request.user)
        if "_stop" in request.POST:
            stops.stop(by)
            self.message_user(request, gettext("Nothing is ordered any more, of any team."))
            return
        unclear = stops.allow(by, nothing_was_sent="nothing_was_sent" in request.POST)
        self.message_user(request, gettext("Orders may leave again."), messages.SUCCESS)
        if unclear:
            message = ngettext(
                "%(n)s order that waited is unclear now: it is searched for at its provider.",
                "%(n)s orders that waited are unclear now: they are searched for at their"
                " providers.",
                unclear,
            )
            self.message_user(request, message % {"n": unclear}, messages.WARNING)


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

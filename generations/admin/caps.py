"""Caps and their use in this month. Owners set them on a page of their team."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from generations.billing.caps import Use
from generations.models import Cap
from generations.models.caps import month_of
from generations.models.ledger import booking_day
from generations.templatetags.formats import figure, icon

from .filters import Admin, Choices, Rows, TeamFilter
from .ledger_filters import UnitFilter
from .records import Records, moment, related


class NearFilter(admin.SimpleListFilter):
    title = _("use")
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [("near", _("Nearly used up"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        if not self.value():
            return None
        near = Cap.objects.near(month_of(booking_day())).values("pk")
        return queryset.filter(pk__in=near) if self.value() == "near" else queryset.none()


@admin.register(Cap)
class CapAdmin(Records):
    list_display = ("__str__", "whose", "of_team", "most", "held", "left", "judged")
    list_filter = (NearFilter, TeamFilter, UnitFilter)
    search_fields = ("team__name", "user__name", "user__email")
    fields = ("of_team", "whose", "unit", "most", "held", "left", "by", "when")
    joined = ("team", "user", "changed_by")
    unread = ("user__password", "changed_by__password")
    of_team = related("team", _("team"))
    by = related("changed_by", _("changed by"))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        caps: Any = super().get_queryset(request)
        return caps.with_use(month_of(booking_day()))  # type: ignore[no-any-return]

    @admin.display(description=_("whose"))
    def whose(self, cap: Cap) -> str:
        return str(cap.user or _("The whole team"))

    @admin.display(description=_("most a month"))
    def most(self, cap: Cap) -> str:
        return figure(cap.amount, cap.unit)

    @admin.display(description=_("used this month"))
    def held(self, cap: Cap) -> str:
        return figure(_use(cap).used, cap.unit)

    @admin.display(description=_("left"))
    def left(self, cap: Cap) -> str:
        return figure(_use(cap).left, cap.unit)

    @admin.display(description=_("use"))
    def judged(self, cap: Cap) -> str:
        use = _use(cap)
        if not use.is_near:
            return f"{use.percent} %"
        words = _("Used up") if use.is_full else f"{use.percent} %"
        drawn = icon("circle-alert" if use.is_full else "triangle-alert", 14)
        return format_html('<span class="verdict differs">{} {}</span>', drawn, words)

    @admin.display(description=_("changed"))
    def when(self, cap: Cap) -> str:
        return moment(cap.changed_at)


def _use(cap: Any) -> Use:
    return Use(cap, cap.used, month_of(booking_day()))

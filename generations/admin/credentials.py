"""What a team can spend: credentials (never the API key), accounts, prices, falls and caps."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from generations.billing import falls
from generations.billing.caps import Use
from generations.models import Account, BalanceFall, Cap, Credential, CredentialPrice, Entry
from generations.models.caps import month_of
from generations.models.ledger import FallState, booking_day
from generations.providers.catalogue import catalogue
from generations.templatetags.formats import figure, icon, price_in_words

from .claims import figure_or_unknown
from .ledger import ATTEMPT_UNREAD
from .ledger_list import ModelFilter
from .records import (
    Admin,
    Choices,
    CredentialFilter,
    InlineRecords,
    Records,
    Rows,
    TeamFilter,
    UnitFilter,
    address,
    moment,
    one_line,
    related,
)


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


@admin.register(Account)
class AccountAdmin(Records):
    list_display = ("__str__", "of_team", "balance", "unit")
    list_filter = ("name", TeamFilter, CredentialFilter)
    search_fields = ("credential__name", "team__name", "unit")
    fields = ("of_team", "key", "name", "balance", "unit")
    joined = ("team", "credential")
    unread = ("credential__sealed_key",)
    of_team = related("team", _("team"))
    key = related("credential", _("key"))


@admin.register(CredentialPrice)
class CredentialPriceAdmin(Records):
    """What owners say that a model costs on their key. They enter it on a page of their team."""

    list_display = ("__str__", "of_team", "quoted", "checked_on", "by", "when")
    list_filter = ("per", TeamFilter, CredentialFilter, ModelFilter)
    search_fields = ("credential__name", "team__name", "model", "kind")
    fields = (
        "of_team",
        "key",
        "kind",
        "model",
        "resolution",
        "quoted",
        "checked_on",
        "by",
        "when",
    )
    joined = ("team", "credential", "changed_by")
    unread = ("credential__sealed_key", "changed_by__password")
    of_team = related("team", _("team"))
    key = related("credential", _("key"))
    by = related("changed_by", _("changed by"))

    @admin.display(description=_("price"))
    def quoted(self, price: CredentialPrice) -> str:
        return price_in_words(price.amount, catalogue(price.credential.kind).unit, price.per)

    @admin.display(description=_("changed"))
    def when(self, price: CredentialPrice) -> str:
        return moment(price.changed_at)


class EntriesOfFall(InlineRecords):
    """What was booked of a fall."""

    model = Entry
    fields = ("at", "of_attempt", "moved", "by", "memo")
    joined = ("attempt__task", "actor")
    unread = (*ATTEMPT_UNREAD, "actor__password")
    of_attempt = related("attempt", _("attempt"))
    by = related("actor", _("who"))

    @admin.display(description=_("amount"))
    def moved(self, entry: Entry) -> str:
        return figure_or_unknown(entry.known_amount, entry.unit)


@admin.register(BalanceFall)
class BalanceFallAdmin(Records):
    """What balances lost without an entry. Owners book it on a page of their team."""

    list_display = ("key", "of_team", "went", "left", "since", "until", "state", "by")
    list_filter = ("state", TeamFilter, CredentialFilter, UnitFilter)
    search_fields = ("credential__name", "team__name", "reason")
    fields = (
        "key",
        "of_team",
        "unit",
        "went",
        "left",
        "since",
        "until",
        "state",
        "reason",
        "by",
        "decided_at",
        "candidates",
    )
    joined = ("team", "credential", "decided_by")
    unread = ("credential__sealed_key", "decided_by__password")
    inlines = (EntriesOfFall,)
    of_team = related("team", _("team"))
    key = related("credential", _("key"))
    by = related("decided_by", _("decided by"))

    @admin.display(description=_("went"))
    def went(self, fall: BalanceFall) -> str:
        return figure(fall.amount, fall.unit)

    @admin.display(description=_("not explained"))
    def left(self, fall: BalanceFall) -> str:
        return figure(fall.left, fall.unit)

    @admin.display(description=_("orders that ended in between"), empty_value="–")
    def candidates(self, fall: BalanceFall) -> str:
        """Link the orders on which it may be booked, with what is booked for each."""
        if fall.state != FallState.OPEN:
            return ""
        return format_html_join(
            SafeString("<br>"),
            '<a href="{}">{}</a> · {}',
            (
                (
                    address(attempt),
                    one_line(attempt.task.prompt) or attempt,
                    figure_or_unknown(attempt.booked, fall.unit),
                )
                for attempt in falls.candidates(fall)
            ),
        )


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
    """Caps and their use in this month. Owners set them on a page of their team."""

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

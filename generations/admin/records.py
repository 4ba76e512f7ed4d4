"""The base of the admin site: who sees what, in lists that are read only, bounded, without secrets.

Staff see what Django permits. Auditors see all rows of their teams, and no other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from generations.models import Attempt, Credential, Membership, Role, Team
from generations.providers import PROVIDERS, provider
from generations.templatetags.formats import unit_name

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

type Admin = ModelAdmin[Any]
type Rows = QuerySet[Any]
type Choices = Sequence[tuple[str, Any]]

MOST_OFFERED = 200  # choices of a filter
MOST_COUNTED = 5000  # rows of a list
LINE = 60  # letters
HIDDEN = "•••"
# No list may be filtered by these: a filter would answer guesses letter by letter.
SECRETS = frozenset(
    {"sealed_key", "token", "reference", "token_hash", "password", "secret", "data", "url"}
)


# ---- Who sees what --------------------------------------------------------------------------


def audited_teams(request: HttpRequest) -> frozenset[int]:
    """Return the primary keys of the teams that the person audits; queried once for a request."""
    known: frozenset[int] | None = getattr(request, "audited", None)
    if known is None:
        known = frozenset(teams_audited_by(request.user.pk))
        request.audited = known  # type: ignore[attr-defined]
    return known


def teams_audited_by(user: int | None) -> list[int]:
    """Return the primary keys of the teams that a user audits."""
    seats = Membership.objects.filter(user=user, role=Role.AUDITOR)
    return list(seats.values_list("team", flat=True)) if user else []


def may_enter(request: HttpRequest) -> bool:
    """Whether the person may open the admin site: staff and auditors."""
    user = request.user
    return user.is_active and (user.is_staff or bool(audited_teams(request)))


def may_see_all_teams(request: HttpRequest) -> bool:
    """Whether the person sees every team: staff who may view the ledger."""
    user = request.user
    return bool(user.is_staff and user.has_perm("generations.view_entry"))


def visible(request: HttpRequest, path: str = "team") -> Q:
    """Return the condition for rows of teams whose ledger the person may see."""
    return Q() if may_see_all_teams(request) else Q(**{f"{path}__in": audited_teams(request)})


def may_import(request: HttpRequest) -> bool:
    """Whether the person may import statements: auditors, and staff with the permission."""
    user = request.user
    staffed = user.is_staff and user.has_perm("generations.add_statement")
    return bool(staffed or audited_teams(request))


# ---- Filters that offer only what the person may see ----------------------------------------


class RelatedFilter(admin.SimpleListFilter):
    """A filter by the primary key of a related row."""

    parameter_name: str

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        chosen = self.value()
        if not chosen:
            return None
        # Not only what was offered: an old or far row may be asked for by its address. Rows of
        # other teams are left out by the list itself.
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
    """By key, without reading the sealed keys."""

    title = _("key")
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


class UnitFilter(admin.SimpleListFilter):
    title = _("unit")
    parameter_name = "unit"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [
            (unit, unit_name(unit)) for unit in sorted({provider(kind).unit for kind in PROVIDERS})
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        return queryset.filter(unit=self.value()) if self.value() else None


# ---- Lists and pages ------------------------------------------------------------------------


def select(rows: QuerySet[Any], joined: tuple[str, ...], unread: tuple[str, ...]) -> QuerySet[Any]:
    """Select the relations with the rows, and defer what is not shown."""
    return (rows.select_related(*joined) if joined else rows).defer(*unread)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Count at most MOST_COUNTED rows; older ones are found by search and filters."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_COUNTED].count()

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count == MOST_COUNTED


class TeamRecords:
    """Rows that an auditor may read: those of the audited teams.

    ``of_teams`` is the path to the team; None: ``team`` where the model has one, else no row.
    """

    of_teams: str | None = None
    model: type[Model]

    def may_see_all(self, request: HttpRequest) -> bool:
        """Whether the person may see all rows, as staff with Django's permission."""
        return request.user.is_staff and bool(super().has_view_permission(request))  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_see_all(request) or bool(self._path and audited_teams(request))

    def narrowed(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.may_see_all(request):
            return rows
        if not self._path:
            return rows.none()
        return rows.filter(**{f"{self._path}__in": audited_teams(request)})

    @property
    def _path(self) -> str:
        if self.of_teams is not None:
            return self.of_teams
        names = {field.name for field in self.model._meta.get_fields()}
        return "team" if "team" in names else ""


class Records(TeamRecords, admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that the site writes: searched and read here, and changed only in ``editable``.

    ``joined``: relations that are selected with the rows. ``unread``: fields that are deferred.
    """

    joined: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    actions = None  # Django's only action deletes
    list_per_page = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator: "ClassVar[type[Paginator[Any]]]" = BoundedPaginator
    # Facets, full counts and other orders would read a whole table, and tables here grow for years.
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = select(super().get_queryset(request), self.joined, self.unread)
        return self.narrowed(request, rows)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Drop the filters that would show an auditor names of other teams."""
        # Django's own filter of a relation offers all of its rows.
        safe = [TeamFilter if one == "team" else one for one in super().get_list_filter(request)]
        if self.may_see_all(request):
            return safe
        return [one for one in safe if not (isinstance(one, str) and self._is_relation(one))]

    def _is_relation(self, name: str) -> bool:
        return bool(self.opts.get_field(name.partition("__")[0]).is_relation)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [name for name in self.fields if name not in self.editable]  # type: ignore[union-attr,misc]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        asked = SECRETS.intersection(lookup.split("__"))
        return not asked and super().lookup_allowed(lookup, value, request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.editable) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class InlineRecords(TeamRecords, admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Rows of another family on a page, to be read."""

    template = "admin/edit_inline/rows.html"
    joined: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    extra = 0
    can_delete = False
    ordering = ("pk",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = select(super().get_queryset(request), self.joined, self.unread)
        return self.narrowed(request, rows)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return list(self.fields)  # type: ignore[arg-type]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


# ---- Columns --------------------------------------------------------------------------------


def related(path: str, label: "_StrPromise") -> Callable[[Any, Model], str]:
    """Return a column that links to a related row, which must be among ``joined``."""

    @admin.display(description=label, empty_value="–")
    def column(_admin: object, row: Model) -> str:
        target = reduce(lambda found, name: found and getattr(found, name), path.split("__"), row)
        return format_html('<a href="{}">{}</a>', address(target), target) if target else ""

    return column


def address(row: Model) -> str:
    """Return the address of a row's admin page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def one_line(text: str) -> str:
    """Shorten a text to one short line."""
    return Truncator(" ".join(text.split())).chars(LINE)


def moment(at: datetime | None) -> str:
    """Format an instant: 20 Nov 2026, 17:21; "" for None."""
    return date_format(timezone.localtime(at), pgettext("date", "j M Y, H:i")) if at else ""


def masked(text: str, attempt: Attempt) -> str:
    """Hide the secrets that we sent and the provider repeats: with them callbacks can be forged."""
    for secret in (attempt.token, attempt.reference):
        text = text.replace(secret, HIDDEN)
    return text

"""The base of all lists and pages of the admin site: read only, bounded, without secrets."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import pgettext

from generations.models import Attempt

from .filters import TeamFilter
from .permissions import audited_teams

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_COUNTED = 5000
LINE = 60
# No list may be filtered by these: a filter would answer guesses letter by letter.
SECRETS = frozenset(
    {"sealed_key", "token", "reference", "token_hash", "password", "secret", "data", "url"}
)


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
    actions = None
    list_per_page = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator: "ClassVar[type[Paginator[Any]]]" = BoundedPaginator
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


HIDDEN = "•••"


def masked(text: str, attempt: Attempt) -> str:
    for secret in (attempt.token, attempt.reference):
        text = text.replace(secret, HIDDEN)
    return text

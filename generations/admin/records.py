"""What every list and page of the admin site shares: read only, bounded, and without secrets."""

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

from .auditing import audited
from .filters import TeamFilter

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_COUNTED = 5000
LINE = 60
# No list may be narrowed by these: each guess at a first letter would be answered.
SECRETS = frozenset(
    {"sealed_key", "token", "reference", "token_hash", "password", "secret", "data", "url"}
)


def slim(rows: QuerySet[Any], joined: tuple[str, ...], unread: tuple[str, ...]) -> QuerySet[Any]:
    """The rows with their relations read along, and without what need not be read."""
    return (rows.select_related(*joined) if joined else rows).defer(*unread)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts no further than MOST_COUNTED rows; older ones are found by search and filters."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_COUNTED].count()

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than were counted."""
        return self.count == MOST_COUNTED


class Seen:
    """Rows that an auditor may read: those of the audited teams, where a path leads to a team.

    ``of_teams`` is that path; None: ``team`` where the model has one, else there is no way.
    """

    of_teams: str | None = None
    model: type[Model]

    def sees_all(self, request: HttpRequest) -> bool:
        """Whether the person has the right to all rows, as staff have by Django's permissions."""
        return request.user.is_staff and bool(super().has_view_permission(request))  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.sees_all(request) or bool(self._path and audited(request))

    def narrowed(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.sees_all(request):
            return rows
        if not self._path:
            return rows.none()
        return rows.filter(**{f"{self._path}__in": audited(request)})

    @property
    def _path(self) -> str:
        if self.of_teams is not None:
            return self.of_teams
        names = {field.name for field in self.model._meta.get_fields()}
        return "team" if "team" in names else ""


class Records(Seen, admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that the site writes: found and read here, and changed only in ``editable``.

    ``joined``: relations that are read along, in the list and on the page.
    ``unread``: fields that are left in the database until something shows them.
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
        rows = slim(super().get_queryset(request), self.joined, self.unread)
        return self.narrowed(request, rows)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """No filter offers an auditor the names of what belongs to other teams."""
        safe = [TeamFilter if one == "team" else one for one in super().get_list_filter(request)]
        if self.sees_all(request):
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


class Rows(Seen, admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Rows of another family on a page, to be read."""

    template = "admin/edit_inline/rows.html"
    joined: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    extra = 0
    can_delete = False
    ordering = ("pk",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = slim(super().get_queryset(request), self.joined, self.unread)
        return self.narrowed(request, rows)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return list(self.fields)  # type: ignore[arg-type]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def related(path: str, label: "_StrPromise") -> Callable[[Any, Model], str]:
    """A column that names a related row and leads to it; the row must be among ``joined``."""

    @admin.display(description=label, empty_value="–")
    def column(_admin: object, row: Model) -> str:
        target = reduce(lambda found, name: found and getattr(found, name), path.split("__"), row)
        return format_html('<a href="{}">{}</a>', address(target), target) if target else ""

    return column


def address(row: Model) -> str:
    """The admin page of a row."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def one_line(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(LINE)


def moment(at: datetime | None) -> str:
    """20 Nov 2026, 17:21; "" for never."""
    return date_format(timezone.localtime(at), pgettext("date", "j M Y, H:i")) if at else ""

"""What every list and page of the admin site shares: read only, bounded, and without secrets."""

from collections.abc import Callable
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

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


class Records(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that the site writes: found and read here, and changed only in ``editable``.

    ``joined``: relations that are read along, in the list and on the page.
    ``unread``: fields that are left in the database until something shows them.
    """

    joined: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    actions = None
    list_per_page = 50
    ordering = ("-pk",)
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return slim(super().get_queryset(request), self.joined, self.unread)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [name for name in self.fields if name not in self.editable]  # type: ignore[union-attr,misc]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        asked = SECRETS.intersection(lookup.split("__"))
        return not asked and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.editable) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Rows(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Rows of another family on a page, to be read."""

    joined: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    extra = 0
    can_delete = False
    ordering = ("pk",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return slim(super().get_queryset(request), self.joined, self.unread)

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

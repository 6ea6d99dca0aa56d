"""What the lists of all big tables share: rows are only looked at, and nothing counts all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import localize, number_format
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext, gettext_lazy, override

from images import matching

PAGE = 50
SEARCH_HELP = gettext_lazy("Words of the prompt (in the newest 100,000 jobs), an id or its end, or an owner.")


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Knows of CAP rows; who looks for more narrows the filter."""

    @cached_property
    def count(self) -> int:
        return min(self.found, matching.CAP)

    @cached_property
    def found(self) -> int:
        return matching.capped(self.object_list)  # type: ignore[arg-type]

    @property
    def shown(self) -> str:
        return matching.shown(self.found)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list in the order of ids, which grow with time."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions_selection_counter = True  # without it, Django's own script ends in an error
    list_per_page = list_max_show_all = PAGE
    sortable_by = ()
    ordering = ("-pk",)

    def nobody(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_add_permission = has_change_permission = has_delete_permission = nobody


Show = Callable[[Any], Any]
Choices = list[tuple[str, Any]]


def column(heading: str, show: Show) -> Any:
    """A column of a list, or a line of a page; its CSS class is "field-<heading>". The reader sees it translated."""

    def shown(row: Any) -> Any:
        value = show(row)
        return localize(value) if value or value == 0 else "-"

    shown.__name__ = heading.replace(" ", "_")
    return admin.display(shown, description=gettext_lazy(heading))


def columns(shown: dict[str, Show]) -> dict[str, Any]:
    """Heading → column, out of heading → what it shows of a row."""
    return {heading: column(heading, show) for heading, show in shown.items()}


def value_filter(
    name: str, heading: Any, values: Callable[[HttpRequest], Choices], narrow: Callable[[Any, str], Any]
) -> type[admin.SimpleListFilter]:
    """A filter beside a list: `values` are offered, each with its words; `narrow` leaves the rows that fit one."""

    class ValueFilter(admin.SimpleListFilter):
        title, parameter_name = heading, name

        def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
            return values(request)

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            value = self.value()
            return narrow(queryset, value) if value else queryset

    return ValueFilter


def note(request: HttpRequest, rows: Iterable[Model], message: str | Promise) -> None:
    """Write a change of these rows into Django's admin log, which is in English for all operators."""
    with override("en"):
        LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, str(message))  # type: ignore[arg-type]


def short_owner(owner: str) -> str:
    kind, _, key = owner.partition(":")
    return owner if kind == "user" else gettext("visitor %s") % key[:6]


def seconds(value: float | None) -> str:
    """“0.4 s”, “3 min 5 s”; nothing for None."""
    if value is None:
        return ""
    return f"{number_format(round(value, 1), 1)} s" if value < 60 else f"{value // 60:.0f} min {value % 60:.0f} s"

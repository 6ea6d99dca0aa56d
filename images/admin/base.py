"""What the lists of all big tables share: rows are only looked at, and nothing counts all of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.timesince import timesince

from images import matching
from images.models import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

    ModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin, AnyPaginator = admin.ModelAdmin, Paginator

PAGE = 50


class CappedPaginator(AnyPaginator):
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


class ReadOnlyAdmin(ModelAdmin):
    """A list in the order of ids, which grow with time."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions_selection_counter = True  # without it, Django's own script ends in an error
    list_per_page = list_max_show_all = PAGE
    sortable_by = ()
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def note(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Write a change of these rows into Django's admin log."""
    entries = LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, message)  # type: ignore[arg-type]
    assert entries is not None


def note_all(request: HttpRequest, what: str, message: str) -> None:
    """Write a change of many jobs into the log, as one entry."""
    kind = ContentType.objects.get_for_model(Job)
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=kind,
        object_repr=what[:200],
        action_flag=CHANGE,
        change_message=message,
    )


def short_id(pk: Any) -> str:
    """The end of an id, which differs; its beginning is the time."""
    return str(pk)[-8:]


def short_owner(owner: str) -> str:
    kind, _, key = owner.partition(":")
    return owner if kind == "user" else f"{kind} {key[:6]}"


def head(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def age(moment: datetime) -> str:
    """The largest unit only: “3 hours”."""
    young = timezone.now() - moment < timedelta(minutes=1)
    return "a moment" if young else timesince(moment, depth=1)


def seconds(value: float | None) -> str:
    """“0.42 s”, “12 s”, “3 min 5 s”."""
    if value is None:
        return ""
    if value >= 60:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"

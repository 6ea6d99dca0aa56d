"""What was done and what went wrong: results of operations, tracebacks, and the admin's log."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_celery_results.models import GroupResult, TaskResult

from config.logs import redact
from images.admin.base import ReadOnlyAdmin, column, columns, value_filter

NAMES = {
    "operate": _("operation on jobs"),
    "generate_image": _("mistake while drawing"),
    "sweep": _("mistake while sweeping"),
}
# Celery's state → our word for it, and the state of a job that has the same colour.
STATES = {
    "PENDING": (_("waits"), "queued"),
    "STARTED": (_("works"), "running"),
    "SUCCESS": (_("done"), "succeeded"),
    "FAILURE": (_("failed"), "failed"),
}

THEIRS = (gettext_noop("Celery Results"), gettext_noop("task result"), gettext_noop("task results"))  # no German there

admin.site.unregister([TaskResult, GroupResult])


def state(row: TaskResult) -> SafeString:
    word, colour = STATES.get(row.status, (row.status, ""))
    return format_html('<span class="state {}">{}</span>', colour, word)


def said(row: TaskResult) -> str:
    """Celery keeps an error as {"exc_type": ..., "exc_message": [...]}."""
    value: Any = json.loads(row.result or '""')
    if isinstance(value, dict) and "exc_type" in value:
        value = f"{value['exc_type']}: {value.get('exc_message')}"
    return redact(str(value))


# Headings that no field of TaskResult has as its name: Django would add that field's help.
COLUMNS = columns(
    {
        gettext_noop("what"): lambda row: NAMES.get(row.task_name, row.task_name),
        gettext_noop("state"): state,
        gettext_noop("its result"): said,
        gettext_noop("age"): lambda row: timesince(row.date_done, depth=1),
    }
)
FACTS = columns(
    {
        gettext_noop("asked"): lambda row: row.task_kwargs,
        "id": lambda row: row.task_id,
        gettext_noop("its worker"): lambda row: row.worker,
        gettext_noop("begun"): lambda row: row.date_created,
        gettext_noop("ended"): lambda row: row.date_done,
    }
)
TRACEBACK = column(
    gettext_noop("its traceback"), lambda row: row.traceback and format_html("<pre>{}</pre>", redact(row.traceback))
)
STATE_FILTER = value_filter(
    "status",
    _("state"),
    lambda request: [(name, word) for name, (word, _colour) in STATES.items()],
    lambda rows, value: rows.filter(status=value),
)
NAME_FILTER = value_filter(
    "task_name", _("what"), lambda request: list(NAMES.items()), lambda rows, value: rows.filter(task_name=value)
)


@admin.register(TaskResult)
class ResultAdmin(ReadOnlyAdmin):
    """Rows older than 30 days are removed by the sweeper."""

    list_display = tuple(COLUMNS.values())
    list_filter = (STATE_FILTER, NAME_FILTER)
    fields = (*COLUMNS.values(), *FACTS.values(), TRACEBACK)


@admin.register(LogEntry)
class LogAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_display_links = None
    list_select_related = ("user", "content_type")

"""What was done and what went wrong: results of operations, tracebacks, and the admin's log."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django_celery_results.models import GroupResult, TaskResult

from config.logs import redact
from images.admin.base import ReadOnlyAdmin, column, columns

NAMES = {"operate": "operation on jobs", "generate_image": "mistake while drawing", "sweep": "mistake while sweeping"}
# Celery's state → our word for it, and the state of a job that has the same colour.
STATES = {
    "PENDING": ("waits", "queued"),
    "STARTED": ("works", "running"),
    "SUCCESS": ("done", "succeeded"),
    "FAILURE": ("failed", "failed"),
}

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


COLUMNS = columns(
    {
        "what": lambda row: NAMES.get(row.task_name, row.task_name),
        "state": state,
        "result": said,
        "age": lambda row: timesince(row.date_done, depth=1),
    }
)
MISTAKE = column("traceback", lambda row: format_html("<pre>{}</pre>", redact(row.traceback or "none")))


@admin.register(TaskResult)
class ResultAdmin(ReadOnlyAdmin):
    """Rows older than 30 days are removed by the sweeper."""

    list_display = tuple(COLUMNS.values())
    list_filter = ("status", "task_name")
    fields = (*COLUMNS.values(), "task_kwargs", "task_id", "worker", "date_created", "date_done", MISTAKE)


@admin.register(LogEntry)
class LogAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_display_links = None
    list_select_related = ("user", "content_type")

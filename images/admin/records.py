"""What was done and what went wrong: results of operations, tracebacks, and the admin's log."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_celery_results.models import GroupResult, TaskResult

from config.logs import redact
from images.admin.base import ReadOnlyAdmin, age

NAMES = {"operate": "operation on jobs", "generate_image": "mistake while drawing", "sweep": "mistake while sweeping"}
STATES = {"PENDING": "waits", "STARTED": "works", "SUCCESS": "done", "FAILURE": "failed"}
COLOURS = {"PENDING": "queued", "STARTED": "running", "SUCCESS": "succeeded", "FAILURE": "failed"}

admin.site.unregister([TaskResult, GroupResult])


@admin.register(TaskResult)
class ResultAdmin(ReadOnlyAdmin):
    """Rows older than 30 days are removed by the sweeper."""

    list_display = ("what", "state", "said", "age")
    list_filter = ("status", "task_name")
    fields = ("what", "state", "said", "asked", "task_id", "worker", "date_created", "date_done", "mistake")

    @admin.display(description="what")
    def what(self, row: TaskResult) -> str:
        return NAMES.get(row.task_name or "", row.task_name or "")

    @admin.display(description="state")
    def state(self, row: TaskResult) -> SafeString:
        colour = COLOURS.get(row.status, "")
        return format_html('<span class="state {}">{}</span>', colour, STATES.get(row.status, row.status))

    @admin.display(description="result")
    def said(self, row: TaskResult) -> str:
        """Celery keeps an error as {"exc_type": ..., "exc_message": [...]}."""
        try:
            value = json.loads(row.result or '""')
        except ValueError:
            value = row.result
        if isinstance(value, dict) and "exc_type" in value:
            value = f"{value['exc_type']}: {value.get('exc_message')}"
        return redact(str(value))

    @admin.display(description="asked for")
    def asked(self, row: TaskResult) -> str:
        return row.task_kwargs or ""

    @admin.display(description="traceback")
    def mistake(self, row: TaskResult) -> SafeString:
        return format_html("<pre>{}</pre>", redact(row.traceback or "none"))

    @admin.display(description="age")
    def age(self, row: TaskResult) -> str:
        return age(row.date_done)


@admin.register(LogEntry)
class LogAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_display_links = None
    list_select_related = ("user", "content_type")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("admin.view_logentry")

"""What happened to one job: its times, its attempts, and the tracebacks of our own mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django_celery_results.models import TaskResult

from images.admin.base import seconds
from images.models import Attempt, Job

MOST = 100


@dataclass(frozen=True)
class Step:
    """Something that happened, and how long after the step before."""

    what: str
    at: datetime
    after: str = ""


@dataclass(frozen=True)
class Try:
    """An attempt with what its row does not say itself. `waited` is the pause before the next one."""

    row: Attempt
    took: str
    waited: str
    traceback_url: str


def attempts_of(job: Job) -> list[Try]:
    """The newest MOST, oldest first."""
    rows = list(job.attempt_rows.order_by("-id")[:MOST])[::-1]
    kept = TaskResult.objects.filter(task_id__startswith=f"{job.pk}-").values_list("task_id", "pk")
    tracebacks = {name.rpartition("-")[2]: pk for name, pk in kept}
    nexts = [*(row.started_at for row in rows[1:]), None]
    return [
        Try(
            row,
            between(row.started_at, row.finished_at),
            between(row.finished_at, following),
            traceback_url(tracebacks.get(row.lease_token.hex[:8])),
        )
        for row, following in zip(rows, nexts, strict=False)
    ]


def traceback_url(pk: int | None) -> str:
    return reverse("admin:django_celery_results_taskresult_change", args=[pk]) if pk else ""


def between(start: datetime | None, end: datetime | None) -> str:
    return seconds((end - start).total_seconds()) if start and end else ""


def timeline(job: Job, attempts: list[Try]) -> list[Step]:
    """From “asked for” to “stored”, in the order of time."""
    steps = [Step("asked for", job.created_at)]
    if job.queued_at - job.created_at > timedelta(seconds=1):
        steps.append(Step("queued again", job.queued_at))
    for attempt in attempts:
        steps += steps_of(attempt.row)
    steps.sort(key=lambda step: step.at)
    if job.finished_at:  # written a moment before the attempt's own end
        steps.append(Step(job.get_status_display().lower(), max(job.finished_at, steps[-1].at)))
    befores = [None, *(step.at for step in steps[:-1])]
    return [Step(step.what, step.at, between(before, step.at)) for step, before in zip(steps, befores, strict=True)]


def steps_of(row: Attempt) -> list[Step]:
    steps = [Step(f"attempt {row.number}: claimed by {row.worker}, {row.provider} called", row.started_at)]
    if row.finished_at:
        why = f" ({row.error_code})" if row.error_code else ""
        steps.append(Step(f"attempt {row.number}: {row.get_outcome_display().lower()}{why}", row.finished_at))
    return steps

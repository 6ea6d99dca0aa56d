"""What happened to one job: its times, its attempts, and the tracebacks of our own mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _
from django_celery_results.models import TaskResult

from images.admin.base import seconds
from images.models import Attempt, Job

MOST = 100


@dataclass
class Step:
    """Something that happened, how long after the step before, and where it ended an attempt, that attempt."""

    at: datetime
    what: str
    ended: Attempt | None = None
    traceback: int | None = None
    after: str = ""


def timeline(job: Job) -> list[Step]:
    """From “asked for” to “done”, in the order of time; of the attempts the newest MOST."""
    steps = [Step(job.created_at, _("asked for"))]
    if job.queued_at - job.created_at > timedelta(seconds=1):
        steps.append(Step(job.queued_at, _("queued again")))
    for attempt in list(job.attempt_rows.order_by("-id")[:MOST])[::-1]:
        steps += steps_of(attempt)
    kept = TaskResult.objects.filter(task_id__startswith=f"{job.pk}-").values_list("date_done", "pk")
    steps += [Step(at, _("our own mistake"), traceback=pk) for at, pk in kept]
    steps.sort(key=lambda step: step.at)
    if job.finished_at:  # written a moment before the attempt's own end
        steps.append(Step(max(job.finished_at, steps[-1].at), job.get_status_display().lower()))
    for before, step in pairwise(steps):
        step.after = seconds((step.at - before.at).total_seconds())
    return steps


def steps_of(attempt: Attempt) -> list[Step]:
    facts = {"number": attempt.number, "worker": attempt.worker, "provider": attempt.provider}
    begun = _("attempt %(number)s: claimed by %(worker)s, %(provider)s called") % facts
    steps = [Step(attempt.started_at, begun)]
    if attempt.finished_at:
        ended = _("attempt %(number)s") % facts
        steps.append(Step(attempt.finished_at, f"{ended}: {attempt.get_outcome_display().lower()}", attempt))
    return steps

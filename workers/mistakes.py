"""Our own mistakes, kept with their traceback where an operator finds them: rows of django-celery-results."""

from __future__ import annotations

import json
import logging
import traceback

from celery import states
from django.db import Error
from django_celery_results.models import TaskResult

from config.logs import redact
from images.models import Job

logger = logging.getLogger(__name__)


def run_name(job: Job) -> str:
    """Names this run of the job; the row of its traceback has it as task_id."""
    return f"{job.pk}-{job.lease_token.hex[:8] if job.lease_token else ''}"


def keep_traceback(task_id: str, task_name: str, error: BaseException) -> None:
    """One row per task_id: the same mistake again replaces it. Without secrets."""
    try:
        TaskResult.objects.store_result(
            "application/json",
            "utf-8",
            task_id,
            json.dumps(redact(repr(error))),
            states.FAILURE,
            traceback=redact("".join(traceback.format_exception(error))),
            task_name=task_name,
        )
    except Error:
        logger.warning("the traceback could not be kept", extra={"task": task_id})

"""Adds thumbnails that are missing; takes away files that no row names, old trash, old records. A little at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django_celery_results.models import TaskResult

from images.models import RETRYABLE, Chore, GeneratedImage, Job, Status, Worker
from images.storage import SHARDS, list_shard, remove
from workers import thumbnails

BATCH = 500
RECORDS_SECONDS = 3600.0
STEM = re.compile(r"([0-9a-f]{32})-")
ORPHAN_AGE = timedelta(hours=1)
WORKER_AGE = timedelta(days=1)


def tidy() -> None:
    """One round; each part goes on where the last round ended."""
    purge()
    thumbnails.add_missing()
    if Chore.objects.take("records", RECORDS_SECONDS):
        prune_results()
        Worker.objects.filter(seen_at__lt=Now() - WORKER_AGE).delete()
    remove_orphans()


def remove_orphans() -> int:
    """Look through one folder of 256 per sweep for files that no row names, older than an hour."""
    shard = SHARDS[int(timezone.now().timestamp() // settings.SWEEP_SECONDS) % len(SHARDS)]
    old = [name for name, modified in list_shard(shard) if modified < timezone.now() - ORPHAN_AGE]
    parts = [old[at : at + BATCH] for at in range(0, len(old), BATCH)]
    orphans = [name for part in parts for name in set(part) - wanted(part)]
    remove(orphans)
    return len(orphans)


def wanted(names: Iterable[str]) -> set[str]:
    """Those that a picture's row names, or that a running job may still name, whatever the clock of their disk says."""
    owners = {name: UUID(hex=match[1]) for name in names if (match := STEM.search(name))}
    rows = GeneratedImage.objects.filter(pk__in=owners.values())
    named = {name for row in rows.values_list("file", "thumbnail", "thumbnail_small") for name in row}
    running = set(Job.objects.filter(pk__in=owners.values(), status=Status.RUNNING).values_list("pk", flat=True))
    return named | {name for name, owner in owners.items() if owner in running}


def purge(trash_days: int = settings.TRASH_DAYS) -> int:
    """Remove for good what has been in the trash for so long, and what is older than KEEP_DAYS (0: nothing is)."""
    old = GeneratedImage.objects.filter(too_old("deleted_at", trash_days))
    images = list(old.select_related("job")[:BATCH])
    for image in images:
        image.purge(old)
    return len(images) or purge_failed(trash_days)


def purge_failed(trash_days: int) -> int:
    """The same for jobs that ended without a picture: their prompts are private, too."""
    jobs = Job.objects.filter(too_old("dismissed_at", trash_days), status__in=RETRYABLE)
    with transaction.atomic():  # who tries one of them again meanwhile waits, and finds it gone
        ids = list(jobs.select_for_update().values_list("pk", flat=True)[:BATCH])
        Job.objects.filter(pk__in=ids).delete()
    return len(ids)


def too_old(trashed_at: str, trash_days: int) -> Q:
    old = Q(**{f"{trashed_at}__lte": Now() - timedelta(days=trash_days)})
    return old | Q(created_at__lt=Now() - timedelta(days=settings.KEEP_DAYS)) if settings.KEEP_DAYS else old


def prune_results() -> int:
    """Forget what operations and mistakes left behind after CELERY_RESULT_EXPIRES, some at a time."""
    old = TaskResult.objects.filter(date_done__lt=Now() - settings.CELERY_RESULT_EXPIRES)
    return TaskResult.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()[0]

"""Puts back what was lost: expired leases, lost wake-ups."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from config.celery import app
from images.models import ALL_PROVIDERS, Attempt, Chore, Job, Outcome, ProviderState, Worker
from images.models.transitions import JobQuerySet
from workers.janitor import tidy
from workers.leases import HOST, WORKER_NAME, birth
from workers.tasks import generate_image

logger = logging.getLogger(__name__)

BATCH = 500
WAKE_SECONDS = 1.0
LONGEST_WAIT = timedelta(minutes=15)  # workers.retry asks for 11 at most
BROKER_ERRORS = (BrokerError, RedisError, OSError)


def sweep(*, rescuing: bool = True) -> float:
    """Do what is due and return the seconds until the next look."""
    due = Chore.objects.take("sweep", settings.SWEEP_SECONDS * 0.8)
    if due and rescuing:
        rescue(Job.objects.expired())
        bring_near()
        give_up_the_oldest()
    if Chore.objects.take("wake", WAKE_SECONDS):
        wake()
    if due:
        tidy()
    return seconds_to_next()


def rescue(jobs: JobQuerySet) -> int:
    """Put jobs whose worker is gone back in the queue; after the last attempt they end as failed."""
    return sum(rescue_one(jobs, job) for job in jobs[:BATCH])


def rescue_one(jobs: JobQuerySet, job: Job) -> bool:
    """Only while it still is one of these jobs: its worker may have come back and renewed the lease."""
    logger.warning("its worker is gone", extra={"job": job.id, "attempt": job.attempts})
    facts: dict[str, Any] = {"outcome": Outcome.LOST, "message": "the worker stopped renewing its lease"}
    if job.attempts < job.max_attempts:
        return jobs.requeue(job, "worker_lost", _("The worker stopped. It starts again by itself."), **facts)
    return jobs.fail(job, "worker_died", stopped_workers(job.losses + 1), **facts)


def stopped_workers(times: int) -> str:
    if times == 1:
        return _("It stopped the worker, so it was given up.")
    return _("It stopped the worker %(n)s times, so it was given up.") % {"n": times}


def bring_near() -> int:
    """A job that must wait for longer than any wait lasts was put off before the clock was set back."""
    return Job.objects.queued().filter(next_attempt_at__gt=Now() + LONGEST_WAIT).update(next_attempt_at=Now())


def give_up_the_oldest() -> list[UUID]:
    """While drawing is paused nobody waits in vain: their day begins anew."""
    old = Job.objects.queued().filter(queued_at__lt=Now() - settings.MAX_JOB_AGE)
    paused = set(ProviderState.objects.paused().values_list("name", flat=True))
    held = old if ALL_PROVIDERS in paused else old.filter(provider__in=paused)
    held.update(queued_at=Now())
    message = _("It waited for more than a day. Press “Try again” to queue it anew.")
    return Job.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).give_up("waited_too_long", message)


def recover_dead_neighbours() -> int:
    """At start: jobs of processes of this host that no longer live need not wait for their lease to end."""
    open_attempts = Attempt.objects.filter(finished_at=None, worker__startswith=f"{HOST}:")
    dead = [name for name in open_attempts.values_list("worker", flat=True).distinct() if not lives(name)]
    Worker.objects.filter(name__in=dead).delete()
    tokens = open_attempts.filter(worker__in=dead).values("lease_token")
    return rescue(Job.objects.filter(status="running", lease_token__in=tokens))


def lives(worker: str) -> bool:
    """Whether the process behind a worker's name on this host still runs; another one may have its number now."""
    _host, number, born = worker.rsplit(":", 2)
    pid = int(number)
    if pid == os.getpid():
        return worker == WORKER_NAME
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and belongs to another user
    known = birth(pid)
    return known is None or known == born


def wake() -> None:
    """Send a wake-up for each job that could run but has no message left in the broker."""
    ids = list(Job.objects.claimable().values_list("pk", flat=True)[:BATCH])
    missing = len(ids) - messages_waiting() if ids else 0
    send_wake_ups(ids[: max(0, missing)])


def send_wake_ups(ids: Iterable[UUID]) -> None:
    for pk in ids:
        generate_image.delay(str(pk))


def messages_waiting() -> int:
    """Not by a passive declare: with a key prefix, kombu looks for the queue under the wrong name and finds none."""
    with app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        return int(channel._size(app.conf.task_default_queue))


def seconds_to_next() -> float:
    """Until the next waiting retry is due by the database's clock, at most one sweep."""
    later = Job.objects.queued().filter(next_attempt_at__gt=Now()).order_by("next_attempt_at").annotate(now=Now())
    times = later.values_list("next_attempt_at", "now").first()
    seconds = (times[0] - times[1]).total_seconds() if times else settings.SWEEP_SECONDS
    return float(min(max(seconds, WAKE_SECONDS), settings.SWEEP_SECONDS))

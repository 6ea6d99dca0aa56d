"""Submit, cancel, retry, star, delete: what the views and the admin do with jobs. Wakes the workers for them."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from images import usage
from images.forms import SEEDS
from images.models import RETRYABLE, TERMINAL, GeneratedImage, Job
from images.models.prepared import insert
from images.models.queries import asked_query
from workers import backends
from workers.tasks import generate_image

logger = logging.getLogger(__name__)

BROKER_REST_SECONDS = 5.0
_broker_rests_until = 0.0


class TooManyWaiting(Exception):
    """This person has as many pictures waiting as one person may."""


class BudgetSpent(Exception):
    """This month's budget of characters is used up."""


def submit(owner: str, values: dict[str, Any]) -> list[Job]:
    """Store one job per wanted picture and wake the workers. The same request sent twice gives the same jobs.

    `values` is GenerateForm's cleaned data. The times are the database's and are not read back here.
    Raises TooManyWaiting, BudgetSpent.
    """
    key = request_key(values)
    with transaction.atomic():
        Job.objects.lock_owner(owner)
        if known := asked_before(owner, key):
            return known
        own_turn = make_room(owner, values["count"])
        jobs = new_jobs(owner, values, key, max(own_turn, Job.objects.current_turn()))
        for job in jobs:
            insert(job)
        usage.add(backends.chosen(), len(values["prompt"]) * values["count"], len(jobs))
        check_budget(backends.chosen())
        wake_after_commit(job.pk for job in jobs)
    return jobs


def asked_before(owner: str, key: str | None) -> list[Job]:
    if key is None or not asked_query().fetch(owner=owner, idempotency_key=f"{key}/0"):
        return []
    return list(Job.objects.filter(owner=owner, idempotency_key__startswith=f"{key}/").order_by("idempotency_key"))


def make_room(owner: str, count: int) -> int:
    """The turn after the owner's last waiting job, for `count` more. Raises TooManyWaiting."""
    waiting, next_turn = Job.objects.waiting_of(owner)
    if waiting + count > settings.MAX_WAITING:
        raise TooManyWaiting
    return next_turn


def check_budget(provider: str) -> None:
    """After it was counted: until the commit, the month's row lets nobody else by. Raises BudgetSpent."""
    month = usage.usage(provider)
    if month and month["used"] > month["budget"]:
        raise BudgetSpent


def new_jobs(owner: str, values: dict[str, Any], key: str | None, turn: int) -> list[Job]:
    width, height = (int(side) for side in values["size"].split("x"))
    same = {name: values[name] for name in ("prompt", "negative_prompt", "style", "model", "steps", "guidance_scale")}
    batch = uuid.uuid4()
    return [
        Job(
            batch=batch,
            owner=owner,
            provider=backends.chosen(),
            width=width,
            height=height,
            seed=(values["seed"] + number) % SEEDS,
            turn=turn + number,
            idempotency_key=key and f"{key}/{number}",
            **same,
        )
        for number in range(values["count"])
    ]


def request_key(values: dict[str, Any]) -> str | None:
    """The form's key, bound to what was asked: an edited form sent again under an old key is a new request."""
    if not values.get("idempotency_key"):
        return None
    asked = {name: value for name, value in values.items() if name != "seed" or values["seed_given"]}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def cancel(jobs: QuerySet[Job]) -> list[uuid.UUID]:
    """Returns the ids that were canceled; what had ended already is left alone."""
    return Job.objects.filter(pk__in=jobs.values("pk")).cancel()


def retry(jobs: QuerySet[Job]) -> list[uuid.UUID]:
    """Failed or canceled jobs run again, each behind its owner's waiting ones. Returns the ids that moved."""
    with transaction.atomic():
        ended = Job.objects.filter(pk__in=jobs.values("pk"), status__in=RETRYABLE)
        rows = list(ended.order_by("pk").select_for_update().only("pk", "owner", "prompt", "provider"))
        for owner in {job.owner for job in rows}:
            line_up(owner, [job for job in rows if job.owner == owner])
        moved = Job.objects.filter(pk__in=[job.pk for job in rows]).retry()
        for provider in {job.provider for job in rows}:
            again = [len(job.prompt) for job in rows if job.provider == provider]
            usage.add(provider, sum(again), len(again))
        wake_after_commit(moved)
    return list(moved)


def retry_one(job: Job) -> bool:
    """What its owner does: within the same limits as a submit. Raises TooManyWaiting, BudgetSpent."""
    with transaction.atomic():
        Job.objects.lock_owner(job.owner)
        make_room(job.owner, 1)
        moved = retry(Job.objects.filter(pk=job.pk))
        check_budget(job.provider)
        return bool(moved)


def line_up(owner: str, jobs: list[Job]) -> None:
    """Give them their turns, before they wait: nobody stands behind themselves."""
    for turn, job in enumerate(jobs, start=Job.objects.next_turn(owner)):
        job.turn = turn
    Job.objects.bulk_update(jobs, ["turn"], batch_size=200)


def to_trash(jobs: QuerySet[Job]) -> int:
    """Hide ended jobs and their pictures; they can be restored until they are purged. Returns how many."""
    ids = list(jobs.filter(status__in=TERMINAL).values_list("pk", flat=True))
    with transaction.atomic():
        GeneratedImage.objects.filter(pk__in=ids, deleted_at=None).update(deleted_at=Now())
        ended = Job.objects.filter(pk__in=ids, status__in=TERMINAL)  # asked again: one may be tried again meanwhile
        return ended.filter(dismissed_at=None).update(dismissed_at=Now())


def restore(jobs: QuerySet[Job]) -> int:
    ids = list(jobs.values_list("pk", flat=True))
    with transaction.atomic():
        GeneratedImage.objects.filter(pk__in=ids).update(deleted_at=None)
        return Job.objects.filter(pk__in=ids).exclude(dismissed_at=None).update(dismissed_at=None)


def star(jobs: QuerySet[Job], starred: bool = True) -> int:
    return GeneratedImage.objects.filter(job__in=jobs).update(starred=starred)


def hand_over(guest: str, owner: str) -> int:
    """What somebody asked for before they logged in is theirs afterwards."""
    return Job.objects.filter(owner=guest).update(owner=owner, idempotency_key=None)


def forget(owner: str) -> int:
    """Remove every job of this owner, with pictures and files, for good. Returns how many.

    All of it is out of sight at once; what a break leaves behind lies in the trash.
    """
    own = Job.objects.filter(owner=owner)
    own.cancel()
    to_trash(own)
    removed = 0
    for job in own.select_related("image").iterator(chunk_size=200):
        remove_for_good(job)
        removed += 1
    return removed


def remove_for_good(job: Job) -> None:
    image = getattr(job, "image", None)
    if image:
        image.purge()
    else:
        job.delete()


def wake_after_commit(ids: Iterable[uuid.UUID]) -> None:
    transaction.on_commit(partial(wake, list(ids)), robust=True)


def wake(ids: list[uuid.UUID]) -> None:
    """Best effort: the row is the queue, and the sweeper wakes what is missed here. A hung broker holds up few."""
    global _broker_rests_until
    if time.monotonic() < _broker_rests_until:
        return
    try:
        for pk in ids:
            generate_image.delay(str(pk))
    except Exception as error:  # each broker has its own errors
        _broker_rests_until = time.monotonic() + BROKER_REST_SECONDS
        logger.warning("the broker did not answer; the sweeper will wake these jobs", extra={"reason": str(error)})

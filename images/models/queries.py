"""What every claim and submit asks, as prepared queries."""

from __future__ import annotations

from functools import lru_cache

from django.apps import apps
from django.db.models import Count, Max

from images.models.prepared import Prepared
from images.models.status import Status

SUSPECT_LOSSES = 2


@lru_cache
def suspect_query() -> Prepared:
    """One row while a job runs that lost several workers."""
    jobs = apps.get_model("images", "Job").objects.filter(status=Status.RUNNING, losses__gte=SUSPECT_LOSSES)
    return Prepared(jobs.values_list("pk")[:1])


@lru_cache
def waiting_query() -> Prepared:
    """How many jobs of an owner wait, and the turn of the last one; no row when there are none."""
    Job = apps.get_model("images", "Job")
    waiting = Job.objects.queued().filter(owner="?").values("owner").order_by()
    counted = waiting.annotate(number=Count("pk"), last=Max("turn")).values_list("number", "last")
    return Prepared(counted, ["?"], Job._meta.get_field("owner"))


@lru_cache
def first_turn_query() -> Prepared:
    due = apps.get_model("images", "Job").objects.due().order_by("turn", "id")
    return Prepared(due.values_list("turn")[:1])

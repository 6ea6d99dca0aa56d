"""What every submit, claim and finish asks of the jobs, as prepared statements."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Count, F, Max
from django.db.models.functions import Now

from images.models.prepared import Place, Prepared, columns, rows, update
from images.models.status import Status

if TYPE_CHECKING:
    from images.models.transitions import JobQuerySet

SUSPECT_LOSSES = 2
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}
NO_ERROR: dict[str, Any] = {"error_code": "", "error_message": ""}


def place(name: str, model: str = "Job") -> Place:
    """For a value of this column."""
    return Place(name, apps.get_model("images", model)._meta.get_field(name))


def jobs() -> JobQuerySet:
    found: JobQuerySet = apps.get_model("images", "Job").objects.all()
    return found


@lru_cache
def suspect_query() -> Prepared:
    """One row while a job runs that lost several workers."""
    return rows(jobs().filter(status=Status.RUNNING, losses__gte=SUSPECT_LOSSES).values_list("pk")[:1])


@lru_cache
def waiting_query() -> Prepared:
    """How many jobs of an owner wait, and the turn of the last one; no row when there are none."""
    waiting = jobs().queued().filter(owner=place("owner")).values("owner").order_by()
    return rows(waiting.annotate(number=Count("pk"), last=Max("turn")).values_list("number", "last"))


@lru_cache
def asked_query() -> Prepared:
    """One row if this owner sent something under this key."""
    known = jobs().filter(owner=place("owner"), idempotency_key=place("idempotency_key"))
    return rows(known.values_list("pk")[:1])


@lru_cache
def first_turn_query() -> Prepared:
    return rows(jobs().due().order_by("turn", "id").values_list("turn")[:1])


@lru_cache
def next_query() -> Prepared:
    """All columns of the first job in turn that no other worker is just taking."""
    free = jobs().due().order_by("turn", "id").locked()
    return rows(free.values_list(*columns(free.model))[:1])


@lru_cache
def start_query() -> Prepared:
    """queued → running."""
    changes = {"version": F("version") + 1, "started_at": Now(), **NO_ERROR}
    taken = {name: place(name) for name in ("attempts", "lease_token")}
    waiting = jobs().filter(pk=place("id"), status=Status.QUEUED)
    return update(waiting, status=Status.RUNNING, lease_until=waiting.lease_end(), **taken, **changes)


@lru_cache
def succeed_query() -> Prepared:
    """running → succeeded, only while the lease is still this run's own."""
    held = jobs().filter(pk=place("id"), status=Status.RUNNING, lease_token=place("lease_token"))
    changes = {"version": F("version") + 1, "finished_at": Now(), **NO_LEASE, **NO_ERROR}
    return update(held, status=Status.SUCCEEDED, **changes)


@lru_cache
def stored_query() -> Prepared:
    """The open attempt of a run ends with a stored picture."""
    attempts = apps.get_model("images", "Attempt").objects
    facts = {name: place(name, "Attempt") for name in ("provider", "http_status", "request_id")}
    held = attempts.filter(job=place("id"), lease_token=place("lease_token"), finished_at__isnull=True)
    return update(held, outcome="stored", finished_at=Now(), **facts)


@lru_cache
def thumbnails_query() -> Prepared:
    """A picture gets its thumbnails, unless it has some or is another one by now."""
    job, file, *names = (place(name, "GeneratedImage") for name in ("job", "file", "thumbnail", "thumbnail_small"))
    bare = apps.get_model("images", "GeneratedImage").objects.filter(pk=job, file=file, thumbnail="")
    return update(bare, thumbnail=names[0], thumbnail_small=names[1])


@lru_cache
def picture_query() -> Prepared:
    """All columns of a picture, unless it lies in the trash."""
    pictures = apps.get_model("images", "GeneratedImage").objects
    shown = pictures.filter(pk=place("job", "GeneratedImage"), deleted_at=None)
    return rows(shown.values_list(*columns(shown.model)))

"""The request for a picture, and each attempt to draw it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from images.models.status import TERMINAL, Status
from images.models.transitions import JobQuerySet


def new_id() -> uuid.UUID:
    return uuid7()


def default_max_attempts() -> int:
    return int(settings.MAX_ATTEMPTS)


class Job(models.Model):
    """One wanted picture. Rows change state only through JobQuerySet.

    `owner` is "user:<id>" or "visitor:<hex>". `turn` orders the queue fairly between owners. `losses` counts the
    workers that were lost while they drew it. Sizes are in pixels.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.UUIDField(default=new_id, db_index=True)
    owner = models.CharField(max_length=64)
    prompt = models.TextField()
    negative_prompt = models.TextField(blank=True)
    style = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120)
    provider = models.CharField(max_length=40)
    width = models.PositiveIntegerField(default=1024)
    height = models.PositiveIntegerField(default=1024)
    steps = models.PositiveIntegerField(null=True, blank=True)
    guidance_scale = models.FloatField(null=True, blank=True)
    seed = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    version = models.PositiveIntegerField(default=1)
    turn = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=default_max_attempts)
    losses = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=80, null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("job"), _("jobs")
        constraints = [models.UniqueConstraint(fields=["owner", "idempotency_key"], name="job_once_per_key")]
        indexes = [
            models.Index(fields=["turn", "id"], condition=Q(status=Status.QUEUED), name="job_next"),
            models.Index(fields=["owner", "turn"], condition=Q(status=Status.QUEUED), name="job_waiting_of_owner"),
            models.Index(fields=["next_attempt_at"], condition=Q(status=Status.QUEUED), name="job_due"),
            models.Index(fields=["queued_at"], condition=Q(status=Status.QUEUED), name="job_waited"),
            models.Index(fields=["dismissed_at"], condition=Q(dismissed_at__isnull=False), name="job_put_away"),
            models.Index(fields=["lease_until"], condition=Q(status=Status.RUNNING), name="job_leased"),
            models.Index(fields=["owner", "-created_at", "-id"], name="job_of_owner"),
            models.Index(fields=["status", "-created_at", "-id"], name="job_by_status"),
        ]
        permissions = [("operate_job", "Can retry and cancel jobs, and pause drawing")]

    def __str__(self) -> str:
        """Without the prompt: the admin's log keeps this text when the job is long gone."""
        return str(self.id)[-8:]

    def get_absolute_url(self) -> str:
        return reverse("picture", args=[self.pk])

    @property
    def is_done(self) -> bool:
        return self.status in TERMINAL


class Outcome(models.TextChoices):
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed")
    LOST = "lost", _("Lost")
    RELEASED = "released", _("Released")
    CANCELED = "canceled", _("Canceled")


class Attempt(models.Model):
    """One try to draw a job's picture, counted from 1. `retry_after` is in seconds; `message` is for operators."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="attempt_rows")
    number = models.PositiveIntegerField()
    lease_token = models.UUIDField()
    worker = models.CharField(max_length=120)
    provider = models.CharField(max_length=40)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    retry_after = models.FloatField(null=True, blank=True)
    billed = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["worker"], condition=Q(finished_at__isnull=True), name="attempt_open"),
            models.Index(fields=["-finished_at"], condition=Q(outcome="stored"), name="attempt_stored"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome or 'running'}"

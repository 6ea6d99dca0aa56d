"""The states of a job and the moves between them.

submit → queued ──claim──→ running ──→ succeeded
           ↑ │               │ │ └───→ failed ──┐
           │ └──→ canceled ←─│─┘                │
           ├──── requeue ────┘   │              │
           └──────── retry ──────┴──────────────┘
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Drawing")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")


RETRYABLE = frozenset({Status.FAILED, Status.CANCELED})
TERMINAL = RETRYABLE | {Status.SUCCEEDED}

"""Tables and guarded transitions."""

from __future__ import annotations

from images.models.job import Attempt, Job, Outcome
from images.models.operations import ALL_PROVIDERS, Chore, ProviderState, Usage, Worker
from images.models.picture import GeneratedImage, StoredFile
from images.models.status import RETRYABLE, TERMINAL, Status

__all__ = [
    "ALL_PROVIDERS",
    "RETRYABLE",
    "TERMINAL",
    "Attempt",
    "Chore",
    "GeneratedImage",
    "Job",
    "Outcome",
    "ProviderState",
    "Status",
    "StoredFile",
    "Usage",
    "Worker",
]

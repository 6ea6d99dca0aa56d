"""JobStatus: what a poll and every page say about a job. Built here and nowhere else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import TypedDict

from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from images.estimates import Outlook, look_out
from images.files import NEVER_WORKS
from images.models import GeneratedImage, Job, ProviderState, Status
from images.models.seen import Seen, SeenImage
from workers.providers.base import RequestRejected
from workers.providers.errors import KINDS

NOTHING_RUNS_MS = 5000
NUMBER = re.compile(r"\d+")
FINAL = NEVER_WORKS | {code for code, (kind, _sentence) in KINDS.items() if kind is RequestRejected}


class ErrorStatus(TypedDict):
    """`retry_in`: seconds until the job is tried again by itself; null when it is not known or not at all."""

    code: str
    message: str
    retryable: bool
    retry_in: int | None


class ImageStatus(TypedDict):
    url: str
    thumbnail_url: str
    download_url: str
    page_url: str
    width: int
    height: int
    placeholder: str


class JobStatus(TypedDict):
    id: str
    status: str
    version: int
    attempt: int
    max_attempts: int
    queue_position: int | None
    eta_seconds: int | None
    poll_after_ms: int
    prompt: str
    created_at: str | None
    started_at: str | None
    finished_at: str | None
    error: ErrorStatus | None
    image: ImageStatus | None
    status_url: str


def job_status(job: Job) -> JobStatus:
    return job_statuses([job])[0]


def job_statuses(jobs: Iterable[Job | Seen]) -> list[JobStatus]:
    """One JobStatus per job; four queries in all for those that still wait, none for the others."""
    rows = list(jobs)
    now = next((job.now for job in rows if isinstance(job, Seen)), None)
    outlook = look_out([job for job in rows if not job.is_done], now)
    return [_status(job, outlook) for job in rows]


def poll_after_ms(statuses: Iterable[JobStatus]) -> int:
    """When to ask again for all of these."""
    waits = [status["poll_after_ms"] for status in statuses if status["status"] in {Status.QUEUED, Status.RUNNING}]
    return min(waits, default=NOTHING_RUNS_MS)


def _status(job: Job | Seen, outlook: Outlook) -> JobStatus:
    eta, pk = outlook.eta(job), str(job.pk)
    return {
        "id": pk,
        "status": job.status,
        "version": job.version,
        "attempt": job.attempts,
        "max_attempts": job.max_attempts,
        "queue_position": outlook.position(job),
        "eta_seconds": None if eta is None else round(eta),
        "poll_after_ms": NOTHING_RUNS_MS if job.is_done else outlook.poll_after_ms(job),
        "prompt": job.prompt,
        "created_at": _text(job.created_at),
        "started_at": _text(job.started_at),
        "finished_at": _text(job.finished_at),
        "error": _error(job, outlook.held.get(job.provider)),
        "image": _image(job, pk),
        "status_url": address("status", pk),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _error(job: Job | Seen, held: ProviderState | None) -> ErrorStatus | None:
    if job.status == Status.QUEUED and held:
        return _told(*_held(held))
    if not job.error_code:
        return None
    message, until = in_words(job.error_message), None
    if job.status == Status.QUEUED:
        message = message.partition(". ")[0].rstrip(".") + "." if message else ""  # the rest says what to do: we do it
        until = job.next_attempt_at
    return _told(job.error_code, message, until, job.error_code not in FINAL)


def _told(code: str, message: str, until: datetime | None, retryable: bool = True) -> ErrorStatus:
    retry_in = max(0, round((until - timezone.now()).total_seconds())) if until else None
    return {"code": code, "message": message, "retryable": retryable, "retry_in": retry_in}


def in_words(sentence: str) -> str:
    """A kept sentence in the reader's language. The catalog has `%(n)s` in the place of its number, if it has one."""
    number = NUMBER.search(sentence)
    if not number:
        return _(sentence) if sentence else ""
    return _(NUMBER.sub("%(n)s", sentence, count=1)).replace("%(n)s", number[0])


def _held(state: ProviderState) -> tuple[str, str, datetime | None]:
    """Why a job waits although a worker is free: a code, a sentence, and until when if that is known."""
    if state.paused_at and state.pause_code:
        message = " ".join([in_words(state.pause_reason), _("Your picture waits and starts by itself.")])
        return state.pause_code, message, None
    if state.paused_at:
        return "paused", _("Drawing is paused. Your picture waits and starts by itself."), None
    if state.open_until:
        message = _("The drawing service has trouble. Your picture waits and starts by itself.")
        return "provider_down", message, state.open_until
    message = _("The drawing service is very busy. Your picture waits and starts by itself.")
    return "rate_limited", message, state.hold_until


def _image(job: Job | Seen, pk: str) -> ImageStatus | None:
    image: GeneratedImage | SeenImage | None = getattr(job, "image", None) if job.status == Status.SUCCEEDED else None
    if image is None or image.deleted_at:
        return None
    return {
        "url": address("file", pk),
        "thumbnail_url": address("thumbnail", pk),
        "download_url": address("download", pk),
        "page_url": address("picture", pk),
        "width": image.width,
        "height": image.height,
        "placeholder": image.placeholder,
    }


SOME_ID = uuid.UUID(int=0)


def address(name: str, pk: str) -> str:
    """As `reverse`, which would be most of what a page of pictures costs."""
    return _pattern(name, get_script_prefix()).replace("*", pk)


@cache
def _pattern(name: str, _prefix: str) -> str:
    return reverse(name, args=[SOME_ID]).replace(str(SOME_ID), "*")

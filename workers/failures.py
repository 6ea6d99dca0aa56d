"""What happens to a job that got no picture, and to the others that wait for the same provider."""

from __future__ import annotations

import logging
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_noop as _

from images.files import NEVER_WORKS, BadPicture
from images.models import Job, Outcome, ProviderState
from workers import backends
from workers.database import until_database_answers
from workers.mistakes import keep_traceback, run_name
from workers.providers.base import (
    AuthenticationFailed,
    InvalidResponse,
    ModelLoading,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)
from workers.retry import Decision, next_try

logger = logging.getLogger(__name__)


def as_provider_error(error: Exception) -> ProviderError:
    """Any end of an attempt, in the words of the policy."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, BadPicture):
        kind = RequestRejected if error.code in NEVER_WORKS else InvalidResponse
        return kind(error.code, error.message, error.detail, billed=True)
    logger.error("an unexpected error", exc_info=error)
    message = _("Our own program made a mistake. The site's owner can see the details.")
    return InvalidResponse("internal_error", message, repr(error))


def record_failure(job: Job, error: ProviderError) -> None:
    """Requeue or fail, as the policy says. Too late changes nothing: the lease guards the write.

    The others are told first: who sees this job's end and submits again already finds the provider paused."""
    decision = decide(job, error)
    tell_others(job, error, decision)
    facts: dict[str, Any] = {
        "provider": error.provider or job.provider,
        "http_status": error.http_status,
        "message": error.detail,
        "request_id": error.request_id[:200],
        "retry_after": error.retry_after,
        "billed": error.billed,
    }
    if decision is None:
        Job.objects.fail(job, error.code, error.message, **facts)
    else:
        Job.objects.requeue(job, error.code, error.message, delay=decision.delay, charge=decision.charge, **facts)


def decide(job: Job, error: ProviderError) -> Decision | None:
    since_queued = job.attempt_rows.filter(started_at__gte=F("job__queued_at"))  # a retry by hand begins anew
    earlier = list(since_queued.exclude(outcome="").values_list("outcome", "billed"))
    charged = job.attempts - 1
    spent = sum(outcome in {Outcome.FAILED, Outcome.LOST} for outcome, _billed in earlier)
    return next_try(
        error,
        attempts=job.attempts,
        max_attempts=job.max_attempts,
        waits=max(0, spent - charged),
        billed=sum(billed for _outcome, billed in earlier),
        outage=ProviderState.objects.in_outage(job.provider),
    )


def tell_others(job: Job, error: ProviderError, decision: Decision | None) -> None:
    """A fault counts towards the breaker, a 429 holds everybody, a refused token pauses the provider."""
    states = ProviderState.objects
    if isinstance(error, AuthenticationFailed):
        if states.pause(job.provider, error.code, error.message, backends.token_mark(job.provider)):
            logger.error("provider paused", extra={"provider": job.provider, "code": error.code, "why": error.detail})
    elif isinstance(error, RateLimited):
        states.hold(job.provider, decision.delay if decision else 0.0)
    elif isinstance(error, ProviderUnavailable) and not isinstance(error, ModelLoading):
        states.record_fault(job.provider)
    elif error.http_status is not None:
        states.record_success(job.provider)


def give_back(job: Job, error: Exception) -> None:
    known = as_provider_error(error)
    facts = {"provider": known.provider or job.provider, "request_id": known.request_id, "code": known.code}
    logger.warning("no picture", extra={"job": job.id, "attempt": job.attempts, **facts})
    if known.code == "internal_error":
        keep_traceback(run_name(job), "generate_image", error)
    until_database_answers(lambda: record_failure(job, known))

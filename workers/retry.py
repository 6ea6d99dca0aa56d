"""When to try again: exponential backoff with full jitter; what the provider asks for comes first. Seconds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from workers.providers.base import ModelLoading, ProviderError, ProviderUnavailable, RateLimited

FIRST_WAIT, LONGEST_WAIT, LONGEST_ASKED = 5.0, 300.0, 600.0
FREE_WAITS = 20
BILLED_TRIES = 2


@dataclass(frozen=True)
class Decision:
    """Try again in `delay` seconds; `charge` says whether this attempt counts."""

    delay: float
    charge: bool = True


def next_try(
    error: ProviderError,
    *,
    attempts: int,
    max_attempts: int,
    waits: int = 0,
    billed: int = 0,
    outage: bool = False,
    jitter: Callable[[float, float], float] = random.uniform,
) -> Decision | None:
    """None ends the job. `attempts` counts this one; `waits` the uncharged ones; `billed` those that may cost.

    In an `outage` (the breaker is open) an attempt only finds out whether it is over, and is not charged.
    """
    if not error.retryable or (error.billed and billed + 1 >= BILLED_TRIES):
        return None
    waiting = isinstance(error, RateLimited | ModelLoading)
    probing = outage and isinstance(error, ProviderUnavailable)
    charge = not (waiting or probing) or waits >= FREE_WAITS
    if charge and attempts >= max_attempts:
        return None
    if error.retry_after is not None:
        asked = min(max(error.retry_after, 0.0), LONGEST_ASKED)
        return Decision(asked + jitter(0.0, max(1.0, asked / 10)), charge)
    tries = 1 if probing else attempts + waits
    return Decision(jitter(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 20))), charge)

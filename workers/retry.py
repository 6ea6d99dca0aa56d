"""When to try again: a pure value that the worker obeys."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from workers.providers.base import ModelLoading, ProviderError, ProviderUnavailable, RateLimited


@dataclass(frozen=True)
class Decision:
    """Try again in `delay` seconds; `charge` says whether this attempt counts."""

    delay: float
    charge: bool = True


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter; what the provider asks for comes first, up to a cap. Seconds."""

    base: float = 5.0
    cap: float = 300.0
    retry_after_cap: float = 600.0
    free_waits: int = 20
    billed_tries: int = 2
    jitter: Callable[[float, float], float] = random.uniform

    def decide(
        self,
        error: ProviderError,
        *,
        attempts: int,
        max_attempts: int,
        waits: int = 0,
        billed: int = 0,
        outage: bool = False,
    ) -> Decision | None:
        """None ends the job. `attempts` counts this one; `waits` the uncharged ones; `billed` those that may cost.

        In an `outage` (the breaker is open) an attempt only finds out whether it is over, and is not charged.
        """
        if not error.retryable or (error.billed and billed + 1 >= self.billed_tries):
            return None
        waiting = isinstance(error, RateLimited | ModelLoading)
        probing = outage and isinstance(error, ProviderUnavailable)
        charge = not (waiting or probing) or waits >= self.free_waits
        if charge and attempts >= max_attempts:
            return None
        return Decision(self._delay(error, 1 if probing else attempts + waits), charge)

    def _delay(self, error: ProviderError, tries: int) -> float:
        if error.retry_after is not None:
            asked = min(max(error.retry_after, 0.0), self.retry_after_cap)
            return asked + self.jitter(0.0, max(1.0, asked / 10))
        return self.jitter(0.0, min(self.cap, self.base * 2 ** min(tries - 1, 20)))

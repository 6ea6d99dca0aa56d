from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

latest = partial(next_try, jitter=lambda _least, most: most)


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5), (2, 10), (3, 20), (4, 40)])
def test_the_wait_doubles_with_each_attempt(attempt: int, delay: float) -> None:
    assert latest(ProviderUnavailable("x", "y"), attempts=attempt, max_attempts=5) == Decision(delay)


def test_the_last_attempt_ends_the_job() -> None:
    assert latest(ProviderUnavailable("x", "y"), attempts=5, max_attempts=5) is None


@pytest.mark.parametrize("kind", [RequestRejected, AuthenticationFailed])
def test_a_permanent_error_ends_the_job_at_once(kind: type[ProviderError]) -> None:
    assert latest(kind("x", "y"), attempts=1, max_attempts=5) is None


@pytest.mark.parametrize("kind", [RateLimited, ModelLoading])
def test_a_wait_that_the_provider_asks_for_spends_no_attempt(kind: type[ProviderError]) -> None:
    decision = latest(kind("x", "y", retry_after=7), attempts=5, max_attempts=5)
    assert decision == Decision(8, charge=False)


def test_waits_are_charged_beyond_a_bound() -> None:
    assert latest(RateLimited("x", "y", retry_after=7), attempts=5, max_attempts=5, waits=20) is None


def test_an_absurd_wait_is_capped() -> None:
    decision = latest(RateLimited("x", "y", retry_after=86_400), attempts=1, max_attempts=5)
    assert decision == Decision(660, charge=False)


def test_work_that_may_have_been_billed_is_tried_twice_at_most() -> None:
    slow = ProviderUnavailable("timeout", "y", billed=True)
    assert latest(slow, attempts=1, max_attempts=5)
    assert latest(slow, attempts=2, max_attempts=5, billed=1) is None


def test_a_probe_during_an_outage_spends_no_attempt_and_is_repeated_soon() -> None:
    away = ProviderUnavailable("service_fault", "y")
    assert latest(away, attempts=5, max_attempts=5, outage=True) == Decision(5, charge=False)
    assert latest(away, attempts=5, max_attempts=5, waits=20, outage=True) is None


def test_an_outage_excuses_only_faults_of_the_provider() -> None:
    assert latest(InvalidResponse("x", "y"), attempts=5, max_attempts=5, outage=True) is None


@given(
    attempts=st.integers(1, 60),
    waits=st.integers(0, 60),
    retry_after=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    kind=st.sampled_from([ProviderUnavailable, RateLimited, ModelLoading, InvalidResponse]),
)
def test_a_delay_is_never_negative_nor_longer_than_the_caps(
    attempts: int, waits: int, retry_after: float | None, kind: type[ProviderError]
) -> None:
    error = kind("x", "y", retry_after=retry_after)
    decision = next_try(error, attempts=attempts, max_attempts=5, waits=waits)
    assert decision is None or 0 <= decision.delay <= 660

"""Workers, sweepers, owners and operators act in any order; after each step nothing is lost and nothing is double."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.test import TestCase
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from images import jobs
from images.models import Attempt, GeneratedImage, Job, Outcome, ProviderState, Status
from tests.unit.factories import make_job
from workers import sweeper
from workers.failures import record_failure
from workers.providers.base import OutOfCredit, ProviderError, ProviderUnavailable, RateLimited, RequestRejected

OWNERS = st.sampled_from(["visitor:a", "visitor:b", "visitor:c"])
PROVIDERS = st.sampled_from(["demo", "huggingface"])
PICK = st.integers(0, 1000)
ERRORS = st.sampled_from(
    [
        ProviderUnavailable("service_fault", "x"),
        ProviderUnavailable("timeout", "x", billed=True),
        RateLimited("rate_limited", "x", retry_after=3),
        RequestRejected("bad_input", "x"),
        OutOfCredit("out_of_credit", "x", http_status=402),
    ]
)


class Queue(RuleBasedStateMachine):
    """`held` are the runs that workers believe are theirs, lost leases included: some act too late."""

    def __init__(self) -> None:
        super().__init__()
        ProviderState.objects.all().delete()
        Job.objects.all().delete()
        self.held: list[Job] = []
        self.ended: dict[Any, str] = {}

    @rule(owner=OWNERS, provider=PROVIDERS, count=st.integers(1, 3))
    def submit(self, owner: str, provider: str, count: int) -> None:
        for _ in range(count):
            make_job(owner=owner, provider=provider, max_attempts=3, turn=Job.objects.next_turn(owner))

    @rule(worker=st.sampled_from(["w:1:a", "w:2:b", "w:3:c"]))
    def claim(self, worker: str) -> None:
        claimable = list(Job.objects.claimable())
        job = Job.objects.claim(worker)
        assert (job is None) <= (not [one for one in claimable if not in_outage(one)])
        if job:
            assert job.pk in {one.pk for one in claimable}
            self.held.append(job)

    def act(self, pick: int, do: Callable[[Job], bool]) -> None:
        """A worker ends one of its runs. It may do so only while it holds the lease."""
        if not self.held:
            return
        job = self.held.pop(pick % len(self.held))
        ours = Job.objects.filter(pk=job.pk, status=Status.RUNNING, lease_token=job.lease_token).exists()
        assert do(job) == ours

    @rule(pick=PICK)
    def succeed(self, pick: int) -> None:
        self.act(pick, lambda job: Job.objects.succeed(job, picture_of(job)))

    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        self.act(pick, Job.objects.release)

    @rule(pick=PICK, error=ERRORS)
    def fail(self, pick: int, error: ProviderError) -> None:
        if self.held:
            record_failure(self.held.pop(pick % len(self.held)), error)

    @rule(pick=PICK)
    def renew(self, pick: int) -> None:
        tokens = [job.lease_token for job in self.held[: pick % 4] if job.lease_token]
        kept = Job.objects.renew(tokens)
        assert kept == set(Job.objects.filter(lease_token__in=tokens).values_list("lease_token", flat=True))

    @rule(pick=PICK)
    def a_worker_dies(self, pick: int) -> None:
        """Its lease ends. It may still come back later: it stays among the held."""
        if self.held:
            job = self.held[pick % len(self.held)]
            Job.objects.filter(lease_token=job.lease_token).update(lease_until=Now() - timedelta(seconds=1))

    @rule(sweepers=st.integers(1, 3))
    def sweep(self, sweepers: int) -> None:
        found = list(Job.objects.expired())
        rescued = [sweeper.rescue_one(Job.objects.expired(), job) for _ in range(sweepers) for job in found]
        assert sum(rescued) == len(found)

    @rule(seconds=st.sampled_from([1, 30, 600]))
    def time_goes_by(self, seconds: int) -> None:
        gone = timedelta(seconds=seconds)
        Job.objects.update(next_attempt_at=F("next_attempt_at") - gone, queued_at=F("queued_at") - gone)
        Attempt.objects.update(started_at=F("started_at") - gone)
        ProviderState.objects.update(open_until=F("open_until") - gone, hold_until=F("hold_until") - gone)

    @rule(owner=OWNERS)
    def cancel(self, owner: str) -> None:
        jobs.cancel(Job.objects.filter(owner=owner))

    @rule(owner=OWNERS)
    def retry(self, owner: str) -> None:
        for pk in jobs.retry(Job.objects.filter(owner=owner)):
            assert self.ended.pop(pk) != Status.SUCCEEDED

    @rule()
    def give_up_the_oldest(self) -> None:
        Job.objects.filter(queued_at__lt=Now() - timedelta(minutes=5)).give_up("waited_too_long", "x")

    @rule(name=PROVIDERS | st.just("*"))
    def pause(self, name: str) -> None:
        ProviderState.objects.pause(name, "", "maintenance")

    @rule(name=PROVIDERS | st.just("*"))
    def resume(self, name: str) -> None:
        ProviderState.objects.resume(name)

    @rule(name=PROVIDERS)
    def hold(self, name: str) -> None:
        ProviderState.objects.hold(name, 20)

    @invariant()
    def a_succeeded_job_has_one_picture_and_no_other_has(self) -> None:
        pictures = set(GeneratedImage.objects.values_list("pk", flat=True))
        assert pictures == set(Job.objects.filter(status=Status.SUCCEEDED).values_list("pk", flat=True))

    @invariant()
    def what_has_ended_stays_ended_until_it_is_retried(self) -> None:
        now = dict(Job.objects.exclude(finished_at=None).values_list("pk", "status"))
        assert self.ended.items() <= now.items()
        self.ended = now

    @invariant()
    def attempts_and_leases_fit_the_state(self) -> None:
        running, leased = Q(status=Status.RUNNING), Q(lease_token__isnull=False, lease_until__isnull=False)
        assert not Job.objects.filter(attempts__gt=F("max_attempts")).exists()
        assert not Job.objects.filter((running & ~leased) | (~running & leased)).exists()
        over = Q(status__in=(Status.SUCCEEDED, Status.FAILED, Status.CANCELED))
        assert not Job.objects.filter((over & Q(finished_at=None)) | (~over & ~Q(finished_at=None))).exists()

    @invariant()
    def exactly_the_running_jobs_have_an_open_attempt_and_at_most_one_is_stored(self) -> None:
        opened = Attempt.objects.filter(finished_at=None)
        leased = Job.objects.filter(status=Status.RUNNING).values_list("lease_token", flat=True)
        assert sorted(opened.values_list("lease_token", flat=True)) == sorted(leased)
        stored = Attempt.objects.filter(outcome=Outcome.STORED).values("job").annotate(times=Count("pk"))
        assert not stored.filter(times__gt=1).exists()


def in_outage(job: Job) -> bool:
    """A claim of such a job may be refused: its provider is being probed."""
    return ProviderState.objects.in_outage(job.provider)


def picture_of(job: Job) -> GeneratedImage:
    return GeneratedImage(job=job, file="f", thumbnail="t", thumbnail_small="s", width=1, height=1, bytes=1)


Queue.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class TestQueue(Queue.TestCase, TestCase):  # type: ignore[misc,name-defined]
    pass

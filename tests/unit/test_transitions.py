from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from images.models import Job, ProviderState, Status
from tests.unit.factories import OWNER, claim, expire, failed_job, image_for, make_job, picture_job, running_job

pytestmark = pytest.mark.django_db


def test_a_claim_counts_the_attempt_and_sets_the_lease() -> None:
    make_job()
    job = claim("host:1:aa")
    job.refresh_from_db()
    assert (job.status, job.attempts) == (Status.RUNNING, 1)
    assert job.lease_token and job.lease_until and job.started_at
    assert [(row.number, row.worker) for row in job.attempt_rows.all()] == [(1, "host:1:aa")]


def test_a_claim_finds_nothing_in_an_empty_queue() -> None:
    assert Job.objects.claim("host:1:aa") is None


def test_a_job_is_claimed_once() -> None:
    make_job()
    claim()
    assert Job.objects.claim("host:2:bb") is None


def test_a_job_that_waits_for_a_retry_is_not_claimed_early() -> None:
    make_job(next_attempt_at=Now() + timedelta(seconds=60))
    assert Job.objects.claim("host:1:aa") is None


def test_owners_take_turns_and_each_is_served_first_in_first_out() -> None:
    greedy = [make_job(owner="visitor:g", prompt=f"g{n}", turn=Job.objects.next_turn("visitor:g")) for n in range(5)]
    modest = make_job(owner="visitor:m", turn=Job.objects.next_turn("visitor:m"))
    order = [claim().pk for _ in range(6)]
    assert order.index(modest.pk) == 1
    assert [pk for pk in order if pk != modest.pk] == [job.pk for job in greedy]


def test_success_stores_the_picture_and_closes_the_attempt() -> None:
    job = running_job()
    assert Job.objects.succeed(job, image_for(job), http_status=200)
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED and job.finished_at and job.lease_token is None
    attempt = job.attempt_rows.get()
    assert (attempt.outcome, attempt.http_status, attempt.finished_at is not None) == ("stored", 200, True)


def test_a_worker_that_lost_its_lease_changes_nothing() -> None:
    late = running_job()
    expire(late)
    Job.objects.requeue(late, "worker_lost", "gone", outcome="lost")
    current = claim("host:2:bb")
    assert not Job.objects.succeed(late, image_for(late))
    assert not Job.objects.fail(late, "x", "y")
    current.refresh_from_db()
    assert current.status == Status.RUNNING and not hasattr(current, "image")


def test_a_requeued_job_waits_and_keeps_its_reason() -> None:
    job = running_job()
    assert Job.objects.requeue(job, "timeout", "It took too long.", delay=60)
    job.refresh_from_db()
    assert (job.status, job.error_code, job.attempts) == (Status.QUEUED, "timeout", 1)
    assert Job.objects.claim("host:1:aa") is None


def test_a_released_job_gets_its_attempt_back_and_runs_at_once() -> None:
    job = running_job()
    Job.objects.requeue(job, "", "", charge=False, outcome="released")
    again = claim("host:2:bb")
    assert (again.pk, again.attempts) == (job.pk, 1)


def test_a_renewed_lease_is_reported_as_kept_and_a_lost_one_is_not() -> None:
    kept, lost = running_job(), running_job()
    Job.objects.filter(pk=lost.pk).cancel()
    assert kept.lease_token and lost.lease_token
    assert Job.objects.renew([kept.lease_token, lost.lease_token]) == {kept.lease_token}


@pytest.mark.parametrize("state", ["queued", "running"])
def test_an_open_job_can_be_canceled(state: str) -> None:
    job = make_job() if state == "queued" else running_job()
    assert Job.objects.filter(pk=job.pk).cancel() == [job.pk]
    job.refresh_from_db()
    assert job.status == Status.CANCELED and job.finished_at


def test_a_result_that_comes_after_the_cancel_is_dropped() -> None:
    job = running_job()
    Job.objects.filter(pk=job.pk).cancel()
    assert not Job.objects.succeed(job, image_for(job))
    job.refresh_from_db()
    assert job.status == Status.CANCELED


def test_a_finished_picture_is_neither_canceled_nor_retried() -> None:
    job = picture_job()
    assert Job.objects.filter(pk=job.pk).cancel() == []
    assert Job.objects.filter(pk=job.pk).retry() == []


def test_a_retry_starts_anew_with_all_attempts() -> None:
    job = failed_job()
    assert Job.objects.filter(pk=job.pk).retry() == [job.pk]
    job.refresh_from_db()
    assert (job.status, job.attempts, job.error_code, job.finished_at) == (Status.QUEUED, 0, "", None)


def test_every_move_raises_the_version() -> None:
    job = make_job()
    seen = [job.version]
    for move in (claim, lambda: Job.objects.filter(pk=job.pk).cancel(), lambda: Job.objects.filter(pk=job.pk).retry()):
        move()
        job.refresh_from_db()
        seen.append(job.version)
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["demo", "*"])
def test_jobs_of_a_paused_provider_wait(name: str) -> None:
    make_job()
    ProviderState.objects.pause(name, "", "maintenance")
    assert Job.objects.claim("host:1:aa") is None
    ProviderState.objects.resume(name)
    assert claim().owner == OWNER


def test_a_held_provider_does_not_hold_up_another() -> None:
    make_job(provider="huggingface")
    other = make_job(provider="demo")
    ProviderState.objects.hold("huggingface", 60)
    assert claim().pk == other.pk


def test_a_run_of_faults_opens_the_breaker_and_a_success_closes_it() -> None:
    for _ in range(5):
        ProviderState.objects.record_fault("demo")
    make_job()
    assert Job.objects.claim("host:1:aa") is None
    ProviderState.objects.record_success("demo")
    assert claim()


def test_a_half_open_breaker_lets_one_probe_through() -> None:
    for _ in range(5):
        ProviderState.objects.record_fault("demo")
    ProviderState.objects.filter(name="demo").update(open_until=Now() - timedelta(seconds=1))
    make_job()
    make_job()
    assert claim()
    assert Job.objects.claim("host:2:bb") is None


def test_a_cancel_closes_the_running_attempt() -> None:
    job = running_job()
    Job.objects.filter(pk=job.pk).cancel()
    attempt = job.attempt_rows.get()
    assert (attempt.outcome, attempt.finished_at is not None) == ("canceled", True)


def test_a_refused_probe_does_not_hold_up_another_providers_job(monkeypatch: pytest.MonkeyPatch) -> None:
    ProviderState.objects.record_fault("huggingface")
    make_job(provider="huggingface")
    other = make_job(provider="demo")
    take = type(ProviderState.objects).take_probe
    monkeypatch.setattr(
        type(ProviderState.objects), "take_probe", lambda self, name: name == "demo" and take(self, name)
    )
    assert claim().pk == other.pk
    assert Job.objects.claim("host:1:aa") is None


def test_of_the_jobs_that_lost_two_workers_only_one_runs_at_a_time() -> None:
    suspects = {make_job(losses=2).pk, make_job(losses=3).pk}
    first = claim()
    make_job()
    innocent = claim("host:2:bb")
    assert first.pk in suspects and innocent.losses == 0
    assert Job.objects.claim("host:3:cc") is None
    Job.objects.succeed(first, image_for(first))
    assert claim().pk in suspects - {first.pk}


def test_a_lost_worker_is_counted_and_a_retry_forgets_it() -> None:
    job = running_job()
    Job.objects.requeue(job, "worker_lost", "gone", outcome="lost")
    job.refresh_from_db()
    assert job.losses == 1
    Job.objects.filter(pk=job.pk).cancel()
    Job.objects.filter(pk=job.pk).retry()
    job.refresh_from_db()
    assert job.losses == 0


def test_a_longer_hold_is_not_cut_short_by_a_later_shorter_one() -> None:
    ProviderState.objects.hold("demo", 600)
    until = ProviderState.objects.get(name="demo").hold_until
    ProviderState.objects.hold("demo", 1)
    assert ProviderState.objects.get(name="demo").hold_until == until
    ProviderState.objects.hold("demo", 1200)
    assert ProviderState.objects.get(name="demo").hold_until > until

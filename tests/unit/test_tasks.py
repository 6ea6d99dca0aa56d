from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from images.models import Attempt, GeneratedImage, Job, ProviderState, Status
from tests.unit.factories import make_job, png
from workers import backends, leases, tasks
from workers.providers.base import (
    Deadline,
    Generation,
    GenerationRequest,
    OutOfCredit,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)

pytestmark = pytest.mark.django_db


class Scripted:
    """A provider that does what the test says."""

    name = "demo"

    def __init__(self, act: Callable[[GenerationRequest], bytes]) -> None:
        self.act = act

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        return Generation(data=self.act(request), provider="scripted", request_id="r-1", http_status=200)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[GenerationRequest], bytes]], None]:
    def use(act: Callable[[GenerationRequest], bytes]) -> None:
        monkeypatch.setattr(backends, "provider", lambda name: Scripted(act))

    return use


def raises(error: Exception) -> Callable[[GenerationRequest], bytes]:
    def act(request: GenerationRequest) -> bytes:
        raise error

    return act


def run(**fields: Any) -> Job:
    job = make_job(**fields)
    tasks.generate_image(str(job.pk))
    return Job.objects.get(pk=job.pk)


def stored_files(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def test_a_wake_up_turns_a_job_into_a_picture(script: Any, settings: Any) -> None:
    script(lambda request: png(request.width, request.height))
    job = run(width=640, height=512)
    assert job.status == Status.SUCCEEDED
    assert (job.image.width, job.image.height, job.image.format, job.image.provider) == (640, 512, "PNG", "scripted")
    assert sorted(Path(name).name for name in job.image.names) == stored_files(settings.MEDIA_ROOT)
    attempt = job.attempt_rows.get()
    assert (attempt.outcome, attempt.request_id, attempt.provider) == ("stored", "r-1", "scripted")


def test_the_request_carries_every_setting(script: Any) -> None:
    seen: list[GenerationRequest] = []

    def look(request: GenerationRequest) -> bytes:
        seen.append(request)
        return png()

    script(look)
    run(prompt="a fox", style="photo", negative_prompt="rain", steps=9, guidance_scale=3.5, seed=42)
    request = seen[0]
    assert request.prompt.startswith("a fox, photograph")
    assert (request.negative_prompt, request.steps, request.guidance_scale, request.seed) == ("rain", 9, 3.5, 42)


def test_a_wake_up_with_unknown_fields_is_understood(script: Any) -> None:
    script(lambda request: png())
    job = make_job()
    tasks.generate_image(str(job.pk), priority="from a newer version")
    assert GeneratedImage.objects.filter(pk=job.pk).exists()


def test_two_wake_ups_for_one_job_make_one_call(script: Any) -> None:
    calls: list[int] = []

    def count(request: GenerationRequest) -> bytes:
        calls.append(request.seed)
        return png()

    script(count)
    job = run()
    tasks.generate_image(str(job.pk))
    assert len(calls) == 1


def test_a_provider_fault_is_tried_again_later(script: Any) -> None:
    script(raises(ProviderUnavailable("provider_error", "The drawing service has trouble.", "boom", http_status=500)))
    job = run()
    assert (job.status, job.attempts, job.error_code) == (Status.QUEUED, 1, "provider_error")
    attempt = job.attempt_rows.get()
    assert (attempt.outcome, attempt.http_status, attempt.message) == ("failed", 500, "boom")


def test_a_refused_prompt_fails_at_once_with_its_sentence(script: Any) -> None:
    script(raises(RequestRejected("rejected", "The drawing service refused this prompt.")))
    job = run()
    assert (job.status, job.error_message) == (Status.FAILED, "The drawing service refused this prompt.")


def test_the_last_attempt_fails_the_job(script: Any) -> None:
    script(raises(ProviderUnavailable("provider_error", "It has trouble.")))
    assert run(max_attempts=1).status == Status.FAILED


def test_a_429_holds_the_other_jobs_and_spends_no_attempt(script: Any) -> None:
    script(raises(RateLimited("rate_limited", "Asked too often.", retry_after=30)))
    job = run()
    assert (job.status, job.attempts) == (Status.QUEUED, 0)
    assert list(ProviderState.objects.blocked()) == ["demo"]


def test_out_of_credit_pauses_the_provider_and_keeps_the_others_waiting(script: Any) -> None:
    script(raises(OutOfCredit("out_of_credit", "The site's credit is used up.", "402", http_status=402)))
    job = run()
    waiting = make_job()
    tasks.generate_image(str(waiting.pk))
    waiting.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "out_of_credit")
    assert (waiting.status, waiting.attempts) == (Status.QUEUED, 0)
    assert ProviderState.objects.get(name="demo").pause_reason == "The site's credit is used up."


@pytest.mark.parametrize("data", [b"", b"<html>", png()[:50]])
def test_bytes_that_are_no_picture_are_not_stored(script: Any, settings: Any, data: bytes) -> None:
    script(lambda request: data)
    job = run()
    assert job.status == Status.QUEUED and job.error_message
    assert stored_files(settings.MEDIA_ROOT) == []


def test_a_full_disk_puts_the_job_back(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    script(lambda request: png())
    monkeypatch.setattr(tasks, "save_picture", full)
    job = run()
    assert (job.status, job.error_code) == (Status.QUEUED, "storage_failed")
    assert job.attempt_rows.get().billed


def test_an_unexpected_error_ends_in_the_row(script: Any) -> None:
    script(raises(KeyError("surprise")))
    job = run()
    assert (job.status, job.error_code) == (Status.QUEUED, "internal_error")
    assert "surprise" not in job.error_message


def test_a_cancel_while_drawing_leaves_no_picture_and_no_file(script: Any, settings: Any) -> None:
    def cancel_meanwhile(request: GenerationRequest) -> bytes:
        Job.objects.all().cancel()
        return png()

    script(cancel_meanwhile)
    job = run()
    assert job.status == Status.CANCELED
    assert not GeneratedImage.objects.exists()
    assert stored_files(settings.MEDIA_ROOT) == []


def test_an_error_that_comes_after_a_cancel_changes_nothing(script: Any) -> None:
    def cancel_meanwhile(request: GenerationRequest) -> bytes:
        Job.objects.all().cancel()
        raise ProviderError("x", "y")

    script(cancel_meanwhile)
    assert run().status == Status.CANCELED


def test_nobody_pays_for_a_picture_that_could_not_be_stored(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    script(raises(AssertionError("it was called")))
    monkeypatch.setattr(leases, "check_writable", full)
    monkeypatch.setattr(leases.leases, "_storage_seen", 0.0)
    job = run()
    assert (job.status, job.attempts) == (Status.QUEUED, 0)


def test_a_storage_that_took_a_file_is_not_asked_before_the_next_picture(script: Any, monkeypatch: Any) -> None:
    asked: list[bool] = []
    script(lambda request: png())
    monkeypatch.setattr(leases, "check_writable", lambda: asked.append(True))
    monkeypatch.setattr(leases.leases, "_storage_seen", 0.0)
    assert run().status == run().status == Status.SUCCEEDED
    assert len(asked) == 1


def test_a_storage_that_lost_a_picture_is_asked_before_the_next_job(script: Any, monkeypatch: Any) -> None:
    def full(*args: Any) -> str:
        raise OSError(28, "No space left on device")

    script(lambda request: png())
    monkeypatch.setattr(tasks, "save_picture", full)
    assert run().error_code == "storage_failed"
    monkeypatch.setattr(leases, "check_writable", full)
    assert run().attempts == 0


def test_a_database_that_is_away_at_the_claim_charges_nothing(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(worker: str) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(leases.Job.objects, "claim", away)
    assert run().attempts == 0


def test_after_a_retry_by_hand_the_earlier_attempts_count_no_more(script: Any) -> None:
    script(raises(ProviderUnavailable("timeout", "It took too long.", billed=True)))
    job = run()
    Job.objects.update(next_attempt_at=Now())
    tasks.generate_image()
    job.refresh_from_db()
    assert job.status == Status.FAILED
    ProviderState.objects.all().delete()
    Attempt.objects.update(started_at=Now() - timedelta(minutes=1))
    Job.objects.filter(pk=job.pk).retry()
    tasks.generate_image()
    job.refresh_from_db()
    assert (job.status, job.attempts) == (Status.QUEUED, 1)


def test_a_stop_gives_jobs_back_uncharged_and_cuts_the_call(script: Any) -> None:
    def stop_meanwhile(request: GenerationRequest) -> bytes:
        leases.leases.release()
        return png()

    script(stop_meanwhile)
    job = run()
    assert (job.status, job.attempts, job.attempt_rows.get().outcome) == (Status.QUEUED, 0, "released")


def test_a_run_that_hangs_beyond_its_deadline_is_not_kept_alive(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "OVERTIME_SECONDS", -1000.0)

    def beat_meanwhile(request: GenerationRequest) -> bytes:
        before = Job.objects.get().lease_until
        leases.leases.beat()
        assert Job.objects.get().lease_until == before
        return png()

    script(beat_meanwhile)
    assert run().status == Status.SUCCEEDED

from __future__ import annotations

from typing import Any

import pytest
from kombu.exceptions import OperationalError
from redis.exceptions import OutOfMemoryError

from images import jobs
from images.forms import GenerateForm
from images.models import Job, Status
from tests.unit.factories import OWNER, claim, failed_job, make_job, picture_job

pytestmark = pytest.mark.django_db
REAL_WAKE = jobs.wake


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that wake-ups were sent for."""
    sent: list[str] = []
    monkeypatch.setattr(jobs, "wake", REAL_WAKE)
    monkeypatch.setattr(jobs, "_broker_rests_until", 0.0)
    monkeypatch.setattr(jobs.generate_image, "delay", sent.append)
    return sent


def values(**fields: Any) -> dict[str, Any]:
    form = GenerateForm({"prompt": "a red fox"} | fields)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def test_a_submit_stores_one_job_per_picture_and_wakes_the_workers(
    woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        rows = jobs.submit(OWNER, values(count="3", seed="10", size="832x1216"))
    assert [(job.seed, job.width, job.height, job.status) for job in rows] == [
        (10, 832, 1216, "queued"),
        (11, 832, 1216, "queued"),
        (12, 832, 1216, "queued"),
    ]
    assert len({job.batch for job in rows}) == 1
    assert woken == [str(job.pk) for job in rows]


def test_the_same_request_sent_twice_makes_one_job(woken: list[str]) -> None:
    first = jobs.submit(OWNER, values(idempotency_key="k1", count="2"))
    second = jobs.submit(OWNER, values(idempotency_key="k1", count="2"))
    assert [job.pk for job in first] == [job.pk for job in second]
    assert Job.objects.count() == 2


def test_an_edited_form_under_an_old_key_is_a_new_request(woken: list[str]) -> None:
    jobs.submit(OWNER, values(idempotency_key="k1"))
    jobs.submit(OWNER, values(idempotency_key="k1", prompt="a blue fox"))
    assert Job.objects.count() == 2


def test_two_people_with_the_same_key_do_not_meet(woken: list[str]) -> None:
    jobs.submit(OWNER, values(idempotency_key="k1"))
    jobs.submit("visitor:b", values(idempotency_key="k1"))
    assert Job.objects.values("owner").distinct().count() == 2


def test_a_broker_that_is_away_does_not_spoil_the_submit(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[str] = []

    def fails(pk: str) -> None:
        asked.append(pk)
        raise OperationalError("no broker")

    monkeypatch.setattr(jobs, "wake", REAL_WAKE)
    monkeypatch.setattr(jobs, "_broker_rests_until", 0.0)
    monkeypatch.setattr(jobs.generate_image, "delay", fails)
    with django_capture_on_commit_callbacks(execute=True):
        rows = jobs.submit(OWNER, values(count="4"))
        jobs.submit(OWNER, values())
    assert len(rows) == 4 and len(asked) == 1


def test_one_person_cannot_fill_the_queue(settings: Any, woken: list[str]) -> None:
    settings.MAX_WAITING = 3
    jobs.submit(OWNER, values(count="2"))
    with pytest.raises(jobs.TooManyWaiting):
        jobs.submit(OWNER, values(count="2"))
    assert jobs.submit("visitor:b", values(count="2"))


def test_one_picture_does_not_wait_behind_a_hundred_of_somebody_else(woken: list[str]) -> None:
    for _ in range(5):
        jobs.submit("visitor:greedy", values(count="4"))
    modest = jobs.submit("visitor:modest", values())[0]
    assert modest.pk in {claim().pk for _ in range(2)}


def test_a_retry_lines_up_behind_the_owners_waiting_jobs(woken: list[str]) -> None:
    failed = [failed_job() for _ in range(3)]
    waiting = make_job(turn=7)
    moved = jobs.retry(Job.objects.filter(status=Status.FAILED))
    assert set(moved) == {job.pk for job in failed}
    turns = Job.objects.filter(pk__in=moved).order_by("pk").values_list("turn", flat=True)
    assert list(turns) == [waiting.turn + 1, waiting.turn + 2, waiting.turn + 3]


def test_the_trash_takes_ended_jobs_only_and_gives_them_back(woken: list[str]) -> None:
    done, waiting = picture_job(), make_job()
    assert jobs.to_trash(Job.objects.all()) == 1
    done.image.refresh_from_db()
    assert done.image.deleted_at
    assert jobs.restore(Job.objects.filter(pk__in=[done.pk, waiting.pk])) == 1
    done.image.refresh_from_db()
    assert done.image.deleted_at is None


def test_a_request_sent_again_is_answered_even_when_the_queue_is_full(settings: Any, woken: list[str]) -> None:
    settings.MAX_WAITING = 2
    first = jobs.submit(OWNER, values(idempotency_key="k1", count="2"))
    assert jobs.submit(OWNER, values(idempotency_key="k1", count="2")) == first


def test_whatever_a_broker_raises_does_not_spoil_the_submit(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def full(pk: str) -> None:
        raise OutOfMemoryError("used memory > maxmemory")

    monkeypatch.setattr(jobs, "wake", REAL_WAKE)
    monkeypatch.setattr(jobs, "_broker_rests_until", 0.0)
    monkeypatch.setattr(jobs.generate_image, "delay", full)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.submit(OWNER, values())

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from images.models import Attempt, Job, ProviderState, Worker
from tests.unit.factories import failed_job, make_job, picture_job

pytestmark = pytest.mark.django_db
TOKEN = {"HTTP_AUTHORIZATION": "Bearer s3cret-token"}


@pytest.fixture
def scrape(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.METRICS_TOKEN = "s3cret-token"
    found = {"checks": {"database": "ok", "broker": "away"}, "oldest_queued_seconds": 7.5, "workers": [worker()]}
    monkeypatch.setattr("images.metrics.report", lambda: found)

    def read() -> dict[tuple[str, ...], float]:
        text = client.get("/metrics", **TOKEN).content.decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {(sample.name, *sample.labels.values()): sample.value for sample in samples}

    return read


def worker() -> dict[str, Any]:
    return {"name": "host:1:aa", "concurrency": 16, "running": 3}


def test_there_are_no_metrics_without_a_token_in_the_settings(client: Client) -> None:
    assert client.get("/metrics", **TOKEN).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer wrong", "s3cret-token"])
def test_a_wrong_token_is_refused(client: Client, settings: Any, given: str) -> None:
    settings.METRICS_TOKEN = "s3cret-token"
    assert client.get("/metrics", HTTP_AUTHORIZATION=given).status_code == 401


def test_jobs_and_attempts_are_counted(scrape: Any) -> None:
    picture_job(), failed_job("token_refused"), make_job()
    found = scrape()
    assert found["images_jobs", "queued"] == found["images_jobs", "failed"] == found["images_jobs", "succeeded"] == 1
    assert found["images_jobs", "canceled"] == 0
    assert found["images_submitted",] == 3
    assert found["images_attempts", "token_refused", "failed", "demo"] == 1
    assert found["images_attempts", "", "stored", "demo"] == 1


def test_what_ended_earlier_is_not_counted_as_new(scrape: Any) -> None:
    picture_job()
    Attempt.objects.update(started_at=Now() - timedelta(hours=1), finished_at=Now() - timedelta(minutes=59))
    Job.objects.update(created_at=Now() - timedelta(hours=1))
    found = scrape()
    assert found["images_submitted",] == found["images_run_seconds_gcount",] == 0
    assert ("images_attempts", "", "stored", "demo") not in found


def test_wait_and_run_times_fill_the_histograms(scrape: Any) -> None:
    picture_job()
    Job.objects.update(created_at=Now() - timedelta(seconds=30))
    Attempt.objects.update(started_at=Now() - timedelta(seconds=12), finished_at=Now())
    found = scrape()
    assert found["images_run_seconds_bucket", "10.0"] == 0
    assert found["images_run_seconds_bucket", "20.0"] == found["images_run_seconds_bucket", "+Inf"] == 1
    assert found["images_run_seconds_gsum",] == pytest.approx(12, abs=1)
    assert found["images_wait_seconds_gsum",] == pytest.approx(18, abs=1)


def test_the_breaker_and_the_facts_of_health_are_there(scrape: Any) -> None:
    ProviderState.objects.pause("demo", "", "tea")
    for _ in range(5):
        ProviderState.objects.record_fault("openai")
    found = scrape()
    assert found["images_provider_blocked", "demo", "paused"] == 1
    assert found["images_provider_blocked", "openai", "breaker"] == 1
    assert found["images_provider_blocked", "openai", "paused"] == 0
    assert found["images_provider_failures", "openai"] == 5
    assert (found["images_check_ok", "broker"], found["images_check_ok", "database"]) == (0, 1)
    assert (found["images_oldest_queued_seconds",], found["images_worker_slots",]) == (7.5, 16)


def test_an_empty_database_gives_metrics_too(scrape: Any) -> None:
    assert not Worker.objects.exists()
    assert scrape()["images_jobs", "queued"] == 0


def test_without_the_database_the_rest_is_still_told(
    scrape: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    found = {"checks": {"database": "it does not answer", "broker": "ok"}, "storage_free_bytes": 7}
    monkeypatch.setattr("images.metrics.report", lambda: found)
    with django_assert_num_queries(0):
        assert scrape() == {
            ("images_storage_free_bytes",): 7,
            ("images_check_ok", "database"): 0,
            ("images_check_ok", "broker"): 1,
        }

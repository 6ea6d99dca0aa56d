from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError
from django.db.models.functions import Now
from django.test import Client

import manage
from images import jobs
from images.management.commands.serve import who_draws
from images.models import GeneratedImage, Job, Status
from tests.stub_huggingface import HuggingFaceStub
from tests.unit.factories import failed_job, make_job, picture_job
from workers import operations

pytestmark = pytest.mark.django_db


def said(*command: str) -> tuple[str, str]:
    """What a command printed: the answer, and its progress."""
    out, err = StringIO(), StringIO()
    call_command(*command, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_jobs_counts_each_state() -> None:
    make_job(), failed_job()
    assert json.loads(said("jobs", "--json")[0]) == {
        "queued": 1,
        "running": 0,
        "succeeded": 0,
        "failed": 1,
        "canceled": 0,
    }
    assert "queued             1" in said("jobs")[0]


def test_jobs_groups_failures_by_reason() -> None:
    failed_job("token_refused", "The token was refused."), failed_job("token_refused"), failed_job("bad_input")
    assert "     2  token_refused (no answer, demo)  " in said("jobs", "--failed")[0]
    assert [one["code"] for one in json.loads(said("jobs", "--failed", "--json")[0])] == ["token_refused", "bad_input"]
    assert len(json.loads(said("jobs", "--failed", "--code", "bad_input", "--json")[0])) == 1


def test_nothing_failed_is_said_too() -> None:
    assert said("jobs", "--failed")[0] == "No job has failed.\n"
    failed_job()
    assert said("jobs", "--failed", "--code", "nope")[0] == "No job has failed for this reason.\n"


def test_jobs_retries_those_that_failed_for_one_reason_and_shows_progress() -> None:
    for code in ("token_refused", "token_refused", "bad_input"):
        failed_job(code)
    answer, progress = said("jobs", "--retry-failed", "--code", "token_refused")
    assert answer == "Retried 2.\n"
    assert "2 of 2 (100 %)" in progress
    assert Job.objects.filter(status=Status.QUEUED).count() == 2


def test_a_clock_that_is_behind_the_databases_skips_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    failed_job()
    monkeypatch.setattr(operations, "now", lambda: datetime(2000, 1, 1, tzinfo=UTC))
    assert said("jobs", "--retry-failed")[0] == "Retried 1.\n"


def test_a_code_alone_is_explained() -> None:
    with pytest.raises(CommandError, match="--code goes with"):
        said("jobs", "--code", "x")


def test_purge_leaves_young_trash_alone_unless_it_is_told_otherwise(settings: Any) -> None:
    kept, trashed, failed = picture_job(), picture_job(), failed_job()
    jobs.to_trash(Job.objects.filter(pk__in=[trashed.pk, failed.pk]))
    said("purge")
    assert Job.objects.count() == 3
    answer, progress = said("purge", "--trash-now")
    assert "2 from the trash" in answer and "in the trash: 2" in progress
    assert list(Job.objects.values_list("pk", flat=True)) == [kept.pk]
    assert not list(Path(settings.MEDIA_ROOT).rglob(f"{trashed.pk.hex}*"))


def test_purge_removes_old_trash() -> None:
    job = picture_job()
    GeneratedImage.objects.filter(pk=job.pk).update(deleted_at=Now() - jobs.settings.LEASE * 60 * 24 * 30)
    assert "1 old pictures" in said("purge")[0]


def test_the_demo_needs_no_check_and_tells_how_to_get_real_pictures() -> None:
    answer, _ = said("check_provider")
    assert "needs no check" in answer and "HF_TOKEN" in answer
    assert "A picture came from demo" in said("check_provider", "--draw")[0]


def test_nothing_is_said_to_work_that_nobody_asked(settings: Any) -> None:
    settings.IMAGE_PROVIDER = "openai"
    answer, _ = said("check_provider")
    assert "Draw a picture to test it." in answer and "needs no check" not in answer


@pytest.mark.parametrize(("provider", "token"), [("demo", ""), ("demo", "hf_test_token"), ("openai", "")])
def test_a_token_is_spoken_of_only_where_it_decides(client: Client, settings: Any, provider: str, token: str) -> None:
    settings.IMAGE_PROVIDER, settings.HF_TOKEN = provider, token
    told = [who_draws(), said("check_provider")[0], client.get("/").content.decode()]
    assert not [text for text in told if "token was found" in text or "HF_TOKEN" in text]
    assert ("The built-in demo draws." in told[-1]) == (provider == "demo")


def test_a_good_token_passes_and_a_missing_one_is_explained(settings: Any) -> None:
    with HuggingFaceStub() as stub:
        settings.HF_HUB_URL = settings.HF_ROUTER_URL = stub.url
        settings.IMAGE_PROVIDER, settings.HF_TOKEN = "huggingface", "hf_test_token"
        assert "ok  The token is valid" in said("check_provider")[0]
        settings.HF_TOKEN = ""
        with pytest.raises(CommandError, match="Drawing does not work yet"):
            said("check_provider")


@pytest.mark.parametrize("command", ["jobs", "purge", "check_provider"])
def test_each_command_has_help_in_plain_words(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command(command, "--help")
    assert "show this help" in capsys.readouterr().out


@pytest.mark.parametrize("error", [OperationalError, ProgrammingError])
def test_a_database_that_cannot_be_used_is_one_sentence(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_arguments: list[str]) -> None:
        raise error("connection refused\nIs the server running?")

    monkeypatch.setattr("django.core.management.execute_from_command_line", fails)
    monkeypatch.setattr("sys.argv", ["manage.py", "jobs"])
    with pytest.raises(SystemExit, match=r"The database cannot be used: connection refused\. Check DATABASE_URL"):
        manage.main()
    monkeypatch.setattr("sys.argv", ["manage.py", "jobs", "--traceback"])
    with pytest.raises(error):
        manage.main()

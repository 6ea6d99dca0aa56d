"""What is done to all jobs that match: as a task, in batches, with a result to read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils.timezone import now
from django_celery_results.models import TaskResult
from kombu.exceptions import OperationalError

from images import jobs
from images.models import Job, Status
from tests.unit.factories import failed_job, make_job, picture_job
from workers import failures, operations
from workers.operations import operate, run

pytestmark = pytest.mark.django_db
OPERATE = "/admin/images/job/operate/"
FAILED = {"status": "failed", "code": "token_refused"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The messages that would go to a worker."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(operate, "apply_async", lambda **message: messages.append(message))
    return messages


def states() -> dict[str, int]:
    found = list(Job.objects.values_list("status", flat=True))
    return {state: found.count(state) for state in set(found)}


def test_all_that_match_are_retried_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "BATCH", 2)
    for code in ["token_refused"] * 5 + ["bad_input"]:
        failed_job(code)
    heard: list[int] = []
    assert run("retry", FAILED, now(), heard.append) == 5
    assert heard == [2, 4, 5]
    assert states() == {"queued": 5, "failed": 1}


def test_what_a_person_has_removed_is_not_drawn_after_all() -> None:
    removed, _kept = failed_job("token_refused"), failed_job("token_refused")
    jobs.to_trash(Job.objects.filter(pk=removed.pk))
    assert run("retry", FAILED, now()) == 1
    assert states() == {"queued": 1, "failed": 1}


def test_what_failed_after_the_question_is_left_alone() -> None:
    failed_job("token_refused")
    asked = now()
    failed_job("token_refused")
    assert run("retry", FAILED, asked) == 1


def test_without_a_state_a_retry_means_failed_jobs_and_not_canceled_ones() -> None:
    failed_job()
    make_job()
    Job.objects.queued().cancel()
    assert run("retry", {"provider": "demo"}, now()) == 1
    assert run("retry", {"status": "canceled"}, now()) == 1


def test_all_that_match_are_canceled_or_deleted() -> None:
    make_job(), make_job(), picture_job()
    assert run("cancel", {"provider": "demo"}, now()) == 2
    assert run("delete", {"provider": "demo"}, now()) == 3
    assert run("delete", {"provider": "demo"}, now()) == 0


def test_the_result_says_how_many_and_how_many_had_changed() -> None:
    for _ in range(3):
        failed_job("token_refused")
    assert operate("retry", FAILED, now().isoformat(), 5) == "Retried 3, skipped 2 that had changed."
    assert operate("retry", FAILED, now().isoformat(), 0) == "Retried 0."


def test_an_operation_that_has_begun_does_not_say_that_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    row = TaskResult.objects.create(task_id="one", result='"It waits for a worker."')

    def run(*_: Any) -> int:
        said.append(TaskResult.objects.get(pk=row.pk).result)
        return 0

    monkeypatch.setattr(operations, "run", run)
    operate.apply(args=("retry", FAILED, now().isoformat(), 5), task_id="one")
    assert said == ['"Retried 0 so far."']


def test_a_press_of_the_button_hands_it_to_a_worker(admin_client: Client, sent: list[dict[str, Any]]) -> None:
    failed_job("token_refused")
    page = admin_client.get(OPERATE, {"do": "retry", **FAILED}).content.decode()
    assert "Retry 1 job?" in page
    answer = admin_client.post(OPERATE, {"do": "retry", "count": "1", **FAILED}, follow=True)
    row = TaskResult.objects.get()
    assert f"/admin/django_celery_results/taskresult/{row.pk}/change/" in answer.content.decode()
    assert (sent[0]["task_id"], sent[0]["kwargs"]["wanted"]) == (row.task_id, FAILED)
    assert "code=token_refused" in LogEntry.objects.get().change_message
    assert "It waits for a worker." in admin_client.get("/admin/django_celery_results/taskresult/").content.decode()


def test_what_fails_while_the_question_stands_there_is_left_alone(
    admin_client: Client, sent: list[dict[str, Any]]
) -> None:
    failed_job("token_refused")
    page = admin_client.get(OPERATE, {"do": "delete", **FAILED}).content.decode()
    failed_job("token_refused")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    admin_client.post(OPERATE, form)
    assert operate(**sent[0]["kwargs"]) == "Deleted 1."


def test_a_press_without_the_questions_moment_means_now(admin_client: Client, sent: list[dict[str, Any]]) -> None:
    failed_job("token_refused")
    admin_client.post(OPERATE, {"do": "retry", "count": "1", "moment": "nonsense", **FAILED})
    assert operate(**sent[0]["kwargs"]) == "Retried 1."


def test_a_broker_that_is_away_is_explained_and_nothing_is_begun(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**message: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(operate, "apply_async", fails)
    failed_job()
    answer = admin_client.post(OPERATE, {"do": "retry", "status": "failed"}, follow=True)
    assert "The broker does not answer" in answer.content.decode()
    assert not TaskResult.objects.exists()
    assert states() == {"failed": 1}


def test_an_operation_does_not_wait_behind_pictures(settings: Any) -> None:
    names = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    route = settings.CELERY_TASK_ROUTES[operate.name]["queue"]
    assert route in names and route != settings.CELERY_TASK_DEFAULT_QUEUE


def test_our_own_mistake_leaves_a_traceback_and_a_refused_token_does_not() -> None:
    make_job(), make_job()
    ours, theirs = Job.objects.claim("host:1:aa"), Job.objects.claim("host:1:aa")
    assert ours and theirs
    failures.give_back(ours, ZeroDivisionError("oh"))
    failures.give_back(theirs, failures.RequestRejected("bad_input", "no", ""))
    row = TaskResult.objects.get()
    assert row.task_id.startswith(str(ours.pk)) and "ZeroDivisionError" in row.traceback
    assert Job.objects.get(pk=theirs.pk).status == Status.FAILED

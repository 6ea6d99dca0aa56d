from __future__ import annotations

import os
import socket
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from images.models import Chore, GeneratedImage, Job, ProviderState, Status
from tests.unit.factories import claim, expire, make_job, picture_job, png, running_job
from workers import janitor, leases, retry, steps, sweeper

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(sweeper.generate_image, "delay", sent.append)
    monkeypatch.setattr(sweeper, "messages_waiting", lambda: 0)
    return sent


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_an_expired_lease_goes_back_in_the_queue() -> None:
    job = running_job()
    expire(job)
    assert sweeper.rescue(Job.objects.expired()) == 1
    job.refresh_from_db()
    assert (job.status, job.attempts) == (Status.QUEUED, 1)
    assert job.attempt_rows.get().outcome == "lost"


def test_a_living_lease_is_left_alone() -> None:
    running_job()
    assert sweeper.rescue(Job.objects.expired()) == 0


def test_a_job_that_stops_every_worker_is_given_up() -> None:
    make_job(max_attempts=2)
    for _ in range(2):
        expire(claim())
        sweeper.rescue(Job.objects.expired())
    job = Job.objects.get()
    assert (job.status, job.error_code) == (Status.FAILED, "worker_died")
    assert job.error_message == "It stopped the worker 2 times, so it was given up."


def test_a_clock_that_was_set_back_puts_no_waiting_job_off(woken: list[str]) -> None:
    far, _near = (make_job(next_attempt_at=Now() + timedelta(minutes=minutes)) for minutes in (60, 11))
    sweeper.sweep()
    assert list(Job.objects.due()) == [far] and woken == [str(far.pk)]


def test_no_wait_that_is_asked_for_is_as_long_as_one_that_a_clock_made() -> None:
    longest = retry.LONGEST_ASKED + retry.LONGEST_ASKED / 10
    assert sweeper.LONGEST_WAIT.total_seconds() > max(longest, retry.LONGEST_WAIT)


def test_two_sweepers_rescue_a_job_once() -> None:
    expire(running_job())
    expired = Job.objects.expired()
    found = list(expired)
    assert [sweeper.rescue_one(expired, job) for job in found + found] == [True, False]


def test_a_worker_that_comes_back_at_the_last_moment_keeps_its_job() -> None:
    expire(running_job())
    found = Job.objects.expired().get()
    Job.objects.renew([found.lease_token])
    assert not sweeper.rescue_one(Job.objects.expired(), found)
    assert Job.objects.get().status == Status.RUNNING


def test_jobs_of_a_dead_process_of_this_host_do_not_wait_for_the_lease() -> None:
    make_job()
    job = claim(f"{socket.gethostname()}:{dead_pid()}:aa")
    assert sweeper.recover_dead_neighbours() == 1
    job.refresh_from_db()
    assert job.status == Status.QUEUED


@pytest.mark.parametrize(
    "worker",
    [leases.WORKER_NAME, f"{socket.gethostname()}:{os.getppid()}:{leases.birth(os.getppid())}", "other:1:aa"],
    ids=["our own", "our parent", "of another host"],
)
def test_jobs_of_living_or_foreign_workers_stay(worker: str) -> None:
    make_job()
    claim(worker)
    assert sweeper.recover_dead_neighbours() == 0


def test_our_own_pid_under_another_name_is_a_dead_process() -> None:
    make_job()
    claim(f"{socket.gethostname()}:{os.getpid()}:zz")
    assert sweeper.recover_dead_neighbours() == 1


def test_due_jobs_without_a_message_are_woken(woken: list[str]) -> None:
    due = make_job()
    make_job(next_attempt_at=Now() + timedelta(seconds=60))
    sweeper.wake()
    assert woken == [str(due.pk)]


def test_jobs_whose_messages_still_wait_are_not_woken_again(woken: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make_job()
    make_job()
    monkeypatch.setattr(sweeper, "messages_waiting", lambda: 2)
    sweeper.wake()
    assert woken == []


def test_a_job_that_waited_too_long_ends_with_a_sentence(woken: list[str]) -> None:
    job = make_job(queued_at=Now() - timedelta(hours=25))
    sweeper.sweep()
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "waited_too_long")


@pytest.mark.parametrize("name", ["*", "demo"])
def test_a_pause_of_more_than_a_day_fails_nothing_and_resuming_neither(woken: list[str], name: str) -> None:
    job = make_job(queued_at=Now() - timedelta(hours=25))
    ProviderState.objects.pause(name, "", "")
    assert sweeper.give_up_the_oldest() == []
    ProviderState.objects.resume(name)
    assert sweeper.give_up_the_oldest() == []
    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_a_late_refusal_of_the_old_token_pauses_for_a_moment_only(woken: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(steps.backends, "token_mark", lambda name: "new")
    rounds = steps.Rounds()
    rounds.turn()
    ProviderState.objects.pause("demo", "token_refused", "The token is refused.", "old")
    rounds.turn()
    assert not ProviderState.objects.blocked()


def test_only_one_of_many_sweepers_does_the_chore() -> None:
    assert [Chore.objects.take("sweep", 10) for _ in range(5)] == [True, False, False, False, False]


def test_the_next_look_is_when_the_next_retry_is_due(woken: list[str]) -> None:
    assert sweeper.seconds_to_next() == 10
    make_job(next_attempt_at=Now() + timedelta(seconds=4))
    assert 3 < sweeper.seconds_to_next() <= 4


def test_files_that_no_row_names_are_removed_after_an_hour(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = picture_job()
    folder = Path(settings.MEDIA_ROOT) / "pictures" / job.pk.hex[-2:]
    orphan, fresh = folder / f"{job.pk.hex}-99999999.png", folder / f"{job.pk.hex}-88888888.png"
    for path in (orphan, fresh):
        path.write_bytes(png())
    for path in folder.iterdir():
        if path != fresh:
            os.utime(path, (1, 1))
    monkeypatch.setattr(janitor, "SHARDS", [job.pk.hex[-2:]])
    assert janitor.remove_orphans() == 1
    assert fresh.exists() and not orphan.exists()
    assert all((Path(settings.MEDIA_ROOT) / name).exists() for name in job.image.names)


def test_the_trash_is_emptied_after_a_week(settings: Any) -> None:
    kept, old = picture_job(), picture_job()
    GeneratedImage.objects.filter(pk=kept.pk).update(deleted_at=Now() - timedelta(days=6))
    GeneratedImage.objects.filter(pk=old.pk).update(deleted_at=Now() - timedelta(days=8))
    assert janitor.purge() == 1
    assert list(Job.objects.values_list("pk", flat=True)) == [kept.pk]
    assert not list(Path(settings.MEDIA_ROOT).rglob(f"{old.pk.hex}*"))


def test_a_number_that_another_process_has_now_is_a_dead_worker() -> None:
    parent = os.getppid()
    assert sweeper.lives(f"{leases.HOST}:{parent}:{leases.birth(parent)}")
    assert not sweeper.lives(f"{leases.HOST}:{parent}:12")


def test_a_zombie_is_a_dead_worker() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        name = f"{leases.HOST}:{process.pid}:{leases.birth(process.pid)}"
        assert sweeper.lives(name)
        assert process.stdin
        process.stdin.close()  # it ends, and nobody has waited for it
        while leases.birth(process.pid):
            pass
        assert not sweeper.lives(name)


def test_leases_are_not_judged_just_after_the_database_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[bool] = []
    answers = iter([OperationalError("away"), None])

    def sweep(*, rescuing: bool) -> float:
        judged.append(rescuing)
        if error := next(answers):
            raise error
        return 10.0

    monkeypatch.setattr(steps, "sweep", sweep)
    rounds = steps.Rounds()
    assert [rounds.turn(), rounds.turn()] == [2.0, 10.0]
    assert judged == [True, False]


def test_a_job_that_a_running_attempt_may_still_name_keeps_its_files(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running_job()
    folder = Path(settings.MEDIA_ROOT) / "pictures" / job.pk.hex[-2:]
    folder.mkdir(parents=True)
    path = folder / f"{job.pk.hex}-77777777.png"
    path.write_bytes(png())
    os.utime(path, (1, 1))
    monkeypatch.setattr(janitor, "SHARDS", [job.pk.hex[-2:]])
    assert janitor.remove_orphans() == 0 and path.exists()

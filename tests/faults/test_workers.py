"""Workers that are killed, stopped, replaced, or that hang."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.harness import Seen, Site, fault
from tests.services import wait_until

Start = Callable[..., Site]
RESCUE_SECONDS = 45


@fault("kill -9 of one of two workers while it draws", "the other draws its jobs within 45 s", slow=True)
def test_a_killed_workers_jobs_are_drawn_by_another(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 90
    ids = site.submit(number=3)
    site.until_calls(3)
    site.start_worker()
    site.stub.delay = 0
    site.workers[0].kill9()
    seen.begin()
    site.until_all_ended(90)
    seconds = seen.end("drawn by the other worker, attempt 2")
    site.assert_all_succeeded(3)
    assert [site.outcomes(pk) for pk in ids] == [["lost", "stored"]] * 3
    assert seconds < RESCUE_SECONDS


@fault(
    "a worker is stopped (SIGSTOP) for 60 s and woken",
    "another draws its job; the sleeper's late picture is dropped with its file",
    slow=True,
)
def test_a_worker_that_wakes_up_late_changes_nothing(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 2
    (pk,) = site.submit()
    site.until_calls(1)
    sleeper = site.workers[0]
    sleeper.pause()
    site.start_worker()
    seen.begin()
    site.until_status(pk, "succeeded", 90)
    seconds = seen.end("drawn by the other; the late result was dropped, no file left")
    seen.begin()
    wait_until(lambda: seen.end(seen.text) > 60 - seconds, 61, "the minute is over")
    sleeper.resume()
    site.until(lambda: "came too late" in sleeper.log or 'code="canceled"' in sleeper.log, 30, "it notices")
    site.until(lambda: site.files() == site.named_files(), 15, "the late files are gone")
    seen.seconds = seconds
    assert site.outcomes(pk) == ["lost", "stored"]
    site.check()
    again = site.submit()[0]
    site.until_status(again, "succeeded")


@fault(
    "a job that kills every worker that takes it, beside three good ones",
    "it fails after 5 attempts and says so; the others are drawn",
    slow=True,
)
def test_a_poison_job_is_given_up_and_the_others_are_drawn(start: Start, seen: Seen) -> None:
    site = start(workers=0)
    (poison,) = site.submit("poison [scenario:hang]")
    good = site.submit("a fox", 3)
    site.stub.delay = 1
    seen.begin()
    for tries in range(1, 6):
        worker = site.start_worker()
        site.until(lambda tries=tries: len(site.outcomes(poison)) == tries, 60, "its next attempt")
        worker.kill9()
    site.start_worker()
    site.until_all_ended()
    seen.end("failed with “It stopped the worker 5 times”, three pictures")
    assert "5 times" in site.job(poison)["error_message"] and site.job(poison)["attempts"] == 5
    assert [site.job(pk)["status"] for pk in good] == ["succeeded"] * 3
    site.check()


@fault("a provider that never answers while the heartbeat lives", "the deadline ends the attempt", slow=True)
def test_a_job_that_hangs_ends_at_its_deadline(start: Start, seen: Seen) -> None:
    site = start(JOB_DEADLINE=5, MAX_ATTEMPTS=1)
    seen.begin()
    ids = [site.submit(f"a fox [scenario:{name}]")[0] for name in ("hang", "slow_body", "slow_headers")]
    good = site.submit()[0]
    site.until_status(good, "succeeded")
    site.until_all_ended(30)
    assert seen.end("failed as “timeout” at the deadline; others went on") < 15
    assert [site.job(pk)["error_code"] for pk in ids] == ["timeout"] * 3
    site.check()


@fault("workers are replaced one by one under load (60 jobs)", "60 pictures, no attempt charged", slow=True)
def test_a_rolling_deploy_loses_nothing(start: Start, seen: Seen) -> None:
    site = start(workers=2, WORKER_CONCURRENCY=4, WORKER_GRACE=1)
    site.stub.delay = 1.5
    site.submit(number=60)
    seen.begin()
    for old in list(site.workers):
        site.start_worker()
        assert old.terminate() == 0
    site.assert_all_succeeded(60, 120)
    seen.end("60 pictures; what was cut off was released")
    assert not site.rows("SELECT id FROM images_job WHERE attempts > 1")

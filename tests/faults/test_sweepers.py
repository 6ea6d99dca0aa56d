"""Sweepers that meet, or are missing; rows that vanish; clocks that are wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.harness import Seen, Site, fault
from tests.services import send

Start = Callable[..., Site]


@fault("the worker's clock is 10 minutes ahead, another's 10 minutes behind", "no lease is taken early", slow=True)
def test_wrong_clocks_take_no_lease_early(start: Start, seen: Seen, tmp_path: Path) -> None:
    site = start(workers=0)
    for minutes in (10, -10):
        site.start_worker(PYTHONPATH=clock_moved_by(minutes, tmp_path / f"clock{minutes}"))
    site.stub.delay = 25  # two heartbeats, several sweeps
    ids = site.submit(number=4)
    seen.begin()
    site.assert_all_succeeded(4, 60)
    seen.end("one attempt each")
    assert [site.outcomes(pk) for pk in ids] == [["stored"]] * 4 and len(site.stub.calls) == 4


def clock_moved_by(minutes: int, folder: Path) -> str:
    """A folder for PYTHONPATH that makes Python's wall clock wrong."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        f"""
import datetime, time
real, clock, moved = datetime.datetime, time.time, {minutes} * 60
time.time = lambda: clock() + moved
class Meta(type):
    def __instancecheck__(cls, one): return isinstance(one, real)
    def __subclasscheck__(cls, one): return issubclass(one, real)
class Moved(real, metaclass=Meta):
    def __new__(cls, *args, **kwargs): return real(*args, **kwargs)
    @classmethod
    def now(cls, tz=None): return real.now(tz) + datetime.timedelta(seconds=moved)
    @classmethod
    def utcnow(cls): return real.utcnow() + datetime.timedelta(seconds=moved)
datetime.datetime = Moved
""",
        encoding="utf-8",
    )
    return str(folder)


@fault("five sweepers find 1,000 lost jobs at once", "each is put back once", slow=True)
def test_many_sweepers_put_each_job_back_once(start: Start, seen: Seen) -> None:
    site = start(workers=0)
    (pk,) = site.submit()
    site.rows(
        "INSERT INTO images_providerstate (name, failures, pause_code, pause_reason, token_mark, paused_at)"
        " VALUES ('*', 0, '', '', '', now())"
    )
    lose_a_thousand(site, pk)
    sweeping = "from images.models import Job\nfrom workers.sweeper import rescue\n"
    sweeping += "while Job.objects.expired().exists(): rescue(Job.objects.expired())"
    seen.begin()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: site.app.manage("shell", "-c", sweeping, deadline=120), range(5)))
    seen.end("1,000 put back, 1,000 attempts marked lost")
    assert site.rows("SELECT status, attempts, losses, count(*) FROM images_job GROUP BY 1, 2, 3") == [
        ("queued", 1, 1, 1000)
    ]
    assert site.rows("SELECT outcome, count(*) FROM images_attempt GROUP BY 1") == [("lost", 1000)]


def lose_a_thousand(site: Site, pk: str) -> None:
    """Copies of one job, all running in a worker that is gone."""
    columns = [
        name
        for (name,) in site.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'images_job' AND column_name <> 'id'"
        )
    ]
    site.rows(
        f"INSERT INTO images_job (id, {', '.join(columns)}) SELECT gen_random_uuid(), {', '.join(columns)}"
        " FROM images_job, generate_series(1, 999) WHERE id = %s",
        pk,
    )
    site.rows(
        "UPDATE images_job SET status = 'running', attempts = 1, lease_token = gen_random_uuid(),"
        " lease_until = now() - interval '1 second'"
    )
    site.rows(
        "INSERT INTO images_attempt (job_id, number, lease_token, worker, provider, outcome, error_code, message,"
        " request_id, billed) SELECT id, 1, lease_token, 'gone:1:a', provider, '', '', '', '', false FROM images_job"
    )


@fault("no worker runs at all", "readiness is red within 70 s; no job is lost", slow=True)
def test_readiness_turns_red_when_nobody_sweeps(start: Start, seen: Seen) -> None:
    site = start()
    site.until(lambda: site.ready()[0] == 200, 20, "readiness is green")
    site.workers[0].terminate()
    (pk,) = site.submit()
    seen.begin()
    site.until(lambda: site.ready()[0] == 503, 70, "readiness is red")
    assert "start a worker" in site.ready()[1]["checks"]["sweeper"]
    site.start_worker()
    site.until(lambda: site.ready()[0] == 200, 20, "readiness is green")
    seen.end("red after a minute, green with the next worker, which drew the job")
    site.assert_all_succeeded(1)
    assert site.outcomes(pk) == ["stored"]


@fault("a job's row is deleted while it runs", "no picture, no file, the worker goes on", slow=True)
def test_a_job_that_is_deleted_while_it_runs_leaves_nothing(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 2
    site.submit()
    site.until_calls(1)
    site.rows("DELETE FROM images_attempt")
    site.rows("DELETE FROM images_job")
    seen.begin()
    log = site.workers[0]
    site.until(lambda: "came too late" in log.log or 'code="canceled"' in log.log, 30, "the worker notices")
    site.until(lambda: not site.files(), 5, "no file is left")
    seen.end("its picture was dropped")
    site.submit()
    site.assert_all_succeeded(1)


@fault("SIGTERM while idle; a second signal is not needed", "exit 0 within 5 s", slow=True)
def test_an_idle_worker_stops_at_once(start: Start, seen: Seen) -> None:
    site = start()
    seen.begin()
    send(site.workers[0].pid, signal.SIGTERM)
    assert site.workers[0].wait(10) == 0
    assert seen.end("exit code 0") < 5

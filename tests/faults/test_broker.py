"""Redis dies, fills up, cuts connections, or the web dies before it has published."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import requests

from tests.faults.harness import Seen, Site, fault
from tests.services import AppProcesses, Client, RedisServer

Start = Callable[..., Site]


@fault(
    "Redis is killed for 5 s with jobs in flight and waiting",
    "all drawn once; the worker takes jobs again, or ends",
    slow=True,
)
@pytest.mark.parametrize("round", range(2))
def test_redis_killed_for_five_seconds_loses_nothing(
    start: Start, seen: Seen, redis_to_kill: RedisServer, round: int
) -> None:
    site = start(redis=redis_to_kill, WORKER_CONCURRENCY=4)
    site.stub.delay = 3
    site.submit(number=8)
    site.until_calls(4)
    redis_to_kill.kill()
    time.sleep(5)  # the length of the fault
    redis_to_kill.start()
    seen.begin()
    restarted = wait_or_restart(site, 8)
    seen.end("8 pictures, 8 calls" + (", the worker was started again" if restarted else ", the worker went on"))
    assert len(site.stub.calls) == 8
    again = site.submit()[0]
    site.until_status(again, "succeeded", 30)
    site.check()


def wait_or_restart(site: Site, number: int) -> bool:
    """As a supervisor does. Returns whether it was needed."""
    restarted = False
    end = time.monotonic() + 60
    while list(site.states().values()).count("succeeded") < number:
        assert time.monotonic() < end, site.app.logs
        if not site.workers[-1].running:
            site.start_worker()
            restarted = True
        time.sleep(0.1)
    return restarted


@fault("Redis is full (an error for each write)", "202; drawn when there is room again", slow=True)
def test_a_full_redis_holds_up_nobody(start: Start, seen: Seen, redis_to_kill: RedisServer) -> None:
    site = start(redis=redis_to_kill)
    redis_to_kill.call("CONFIG", "SET", "maxmemory", "1")
    ids = site.submit(number=2)
    assert site.states()[ids[0]] == "queued"
    redis_to_kill.call("CONFIG", "SET", "maxmemory", "0")
    seen.begin()
    restarted = wait_or_restart(site, 2)
    assert seen.end("202, drawn afterwards" + (", the worker was started again" if restarted else "")) < 30
    site.assert_all_succeeded(2)


@fault("every client of Redis is cut off every 2 s for 30 s", "all drawn once", slow=True)
def test_cut_broker_connections_lose_nothing(start: Start, seen: Seen, redis_to_kill: RedisServer) -> None:
    site = start(redis=redis_to_kill, WORKER_CONCURRENCY=2)
    site.stub.delay = 1
    stop = threading.Event()

    def cut() -> None:
        while not stop.wait(2):
            redis_to_kill.call("CLIENT", "KILL", "TYPE", "normal")

    cutter = threading.Thread(target=cut, daemon=True)
    cutter.start()
    try:
        for _ in range(10):
            site.submit(number=2)
            stop.wait(3)
    finally:
        stop.set()
        cutter.join()
    seen.begin()
    wait_or_restart(site, 20)
    seen.end("20 pictures, 20 calls")
    site.assert_all_succeeded(20)
    assert len(site.stub.calls) == 20


@fault("the web is killed between its commit and the wake-up", "drawn within 45 s", slow=True)
def test_a_job_whose_web_died_before_the_wake_up_is_drawn(start: Start, seen: Seen, redis_to_kill: RedisServer) -> None:
    site = start(redis=redis_to_kill)
    token = site.client.csrf_token()
    redis_to_kill.pause()

    def post() -> None:
        fields = {"prompt": "a fox", "size": "512x512", "csrfmiddlewaretoken": token}
        with pytest.raises(requests.RequestException):
            site.client.session.post(f"{site.web.url}/generate/", fields, timeout=20)

    sender = threading.Thread(target=post)
    sender.start()
    site.until(site.states, 5, "the job's row")
    site.web.kill9()
    sender.join()
    redis_to_kill.resume()
    seen.begin()
    site.until_all_ended(60)
    assert seen.end("drawn by the sweeper's wake-up") < 45
    site.assert_all_succeeded(1)


@fault("40 jobs wait for one busy worker", "sweeps add no message while there is one for each job", slow=True)
def test_a_long_queue_is_not_flooded_with_messages(start: Start, seen: Seen) -> None:
    site = start(WORKER_CONCURRENCY=1)
    site.stub.delay = 90
    site.submit(number=40)
    site.until_calls(1)
    sweeps = {str(at) for at in site.rows("SELECT done_at FROM images_chore WHERE name = 'wake'")}
    seen.begin()

    def three_more() -> bool:
        sweeps.update(str(at) for at in site.rows("SELECT done_at FROM images_chore WHERE name = 'wake'"))
        return len(sweeps) > 3

    site.until(three_more, 50, "three more sweeps")
    waiting = site.redis.call("LLEN", "images:images")
    seen.end(f"{waiting} messages after three sweeps")
    assert waiting <= 40


@fault(
    "one person has 100,000 jobs waiting", "the next person's single job is drawn next; claims stay quick", slow=True
)
def test_a_crowded_queue_does_not_hold_up_the_next_person(start: Start, seen: Seen) -> None:
    site = start(workers=0, WORKER_CONCURRENCY=2)
    (pk,) = site.submit("one of many")
    crowd(site, pk, 100_000)
    (modest,) = site.submit("the only one")
    seen.begin()
    site.start_worker()
    site.until_status(modest, "succeeded", 20)
    drawn = len(site.stub.calls)
    seen.end(f"drawn among the first {drawn} calls")
    assert drawn <= 8
    claim = "EXPLAIN (FORMAT JSON) SELECT id FROM images_job WHERE status = 'queued' AND next_attempt_at <= now()"
    plan = str(site.rows(f"{claim} ORDER BY turn, id LIMIT 1 FOR UPDATE SKIP LOCKED"))
    assert "job_next" in plan


def crowd(site: Site, pk: str, number: int) -> None:
    """Copies of one job, each a turn later."""
    named = "SELECT column_name FROM information_schema.columns WHERE table_name = 'images_job'"
    same = ", ".join(name for (name,) in site.rows(named) if name not in ("id", "turn", "owner"))
    site.rows(
        f"INSERT INTO images_job (id, turn, owner, {same}) SELECT gen_random_uuid(), n, 'visitor:greedy', {same}"
        " FROM images_job, generate_series(1, %s) AS n WHERE id = %s",
        number,
        pk,
    )
    site.rows("ANALYZE images_job")


@fault("Redis is killed for 5 s under `make run`, which has no supervisor", "it goes on by itself", slow=True)
def test_make_run_outlives_a_dead_redis(
    app_processes: Callable[..., AppProcesses], seen: Seen, redis_to_kill: RedisServer
) -> None:
    process = app_processes(REDIS_URL=redis_to_kill.url).embedded().wait_ready()
    client = Client(process.url)
    client.picture("a lighthouse", size="512x512")
    before = client.submit("a fox", count=4, size="512x512")
    redis_to_kill.kill()
    time.sleep(5)  # the length of the fault
    redis_to_kill.start()
    seen.begin()
    done = client.wait([*before, *client.submit("a whale", size="512x512")], 60)
    seen.end("drawn by the same process")
    assert {job["status"] for job in done} == {"succeeded"} and process.running

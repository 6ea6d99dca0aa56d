"""The faults that need not wait for a lease to end: part of every test run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.faults.harness import Seen, Site, fault, timed
from tests.services import Client, RedisServer

Start = Callable[..., Site]


@fault(
    "kill -9 of a worker while it draws; it is started again", "drawn again within 15 s, once stored, attempt 1 lost"
)
def test_a_killed_worker_that_comes_back_draws_its_jobs_again_at_once(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 60
    (pk,) = site.submit()
    site.until_calls(1)
    site.workers[0].kill9()
    site.stub.delay = 0
    seen.begin()
    site.start_worker()
    site.assert_all_succeeded(1, 15)
    assert site.outcomes(pk) == ["lost", "stored"] and site.job(pk)["attempts"] == 2
    seen.end("attempt 1 lost, attempt 2 stored")


@fault(
    "SIGTERM while a job runs, the grace is long enough", "the job ends, the worker exits with 0, nothing is put back"
)
def test_a_stopped_worker_first_finishes_what_it_draws(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 3
    (pk,) = site.submit()
    site.until_calls(1)
    seen.begin()
    assert site.workers[0].terminate() == 0
    assert site.outcomes(pk) == ["stored"]
    site.check()
    seen.end("finished, exit code 0, one attempt")


@fault(
    "SIGTERM while a job runs, the grace is too short",
    "given back without charging the attempt; another takes it at once",
)
def test_a_worker_whose_grace_ends_gives_its_jobs_back_uncharged(start: Start, seen: Seen) -> None:
    site = start(WORKER_GRACE=1)
    site.stub.delay = 60
    (pk,) = site.submit()
    site.until_calls(1)
    other = site.start_worker()
    site.stub.delay = 0
    with timed(8):
        assert site.workers[0].terminate() == 0
    seen.begin()
    site.assert_all_succeeded(1, 15)
    assert site.outcomes(pk) == ["released", "stored"] and site.job(pk)["attempts"] == 1
    assert other.running
    seen.end("released, drawn by the other worker, attempt 1 of 5")


@fault("Redis is down during submit", "202 within 3 s; drawn within 15 s of its return")
def test_a_submit_while_redis_is_down_is_accepted_and_drawn_later(
    start: Start, seen: Seen, redis_to_kill: RedisServer
) -> None:
    site = start(redis=redis_to_kill)
    redis_to_kill.kill()
    for _ in range(3):
        with timed(3):
            site.submit()
    assert site.ready()[0] == 503
    redis_to_kill.start()
    seen.begin()
    site.until_all_ended(40)
    seconds = seen.end("202 at once, drawn after the return")
    site.assert_all_succeeded(3)
    assert seconds < 15


@fault(
    "Redis hangs during submit", "202 within 5 s, the first and the later ones; readiness answers; drawn after the hang"
)
def test_a_submit_while_redis_hangs_is_accepted_and_drawn_later(
    start: Start, seen: Seen, redis_to_kill: RedisServer
) -> None:
    site = start(redis=redis_to_kill)
    redis_to_kill.pause()
    for _ in range(3):
        with timed(5):
            site.submit()
    status, body, seconds = site.ready()
    assert (status, body["checks"]["database"]) == (503, "ok") and seconds < 5
    assert body["checks"]["broker"] != "ok"
    redis_to_kill.resume()
    seen.begin()
    site.until_all_ended(40)
    seen.end("202 within 5 s each, drawn after the hang")
    site.assert_all_succeeded(3)


@fault("FLUSHALL with 50 jobs queued", "all 50 drawn once")
def test_a_flushed_redis_loses_no_job(start: Start, seen: Seen) -> None:
    site = start(WORKER_CONCURRENCY=2)
    site.stub.delay = 0.2
    site.submit(number=50)
    site.redis.flushall()
    seen.begin()
    site.assert_all_succeeded(50, 90)
    assert len(site.stub.calls) == 50
    seen.end("50 pictures, 50 calls")


@fault("every database connection is cut while a job runs", "the job ends in its first attempt; web and worker go on")
def test_cut_database_connections_are_opened_again(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 2
    (pk,) = site.submit()
    site.until_calls(1)
    site.postgres.drop_connections()
    seen.begin()
    site.until_status(pk, "succeeded")
    site.until(site.submit, 10, "the web's answer to a submit")
    seen.end("stored in attempt 1; the next submit too")
    site.assert_all_succeeded(len(site.states()))
    assert site.outcomes(pk) == ["stored"]


@fault("a wake-up is delivered 20 times at once, to two workers", "one call, one picture")
def test_a_doubled_message_changes_nothing(start: Start, seen: Seen) -> None:
    site = start(workers=2)
    site.stub.delay = 1
    doubled = "from workers.tasks import generate_image as g\nfor n in range(20): g.delay('{0}', of='a newer version')"
    (pk,) = site.submit()
    seen.begin()
    site.app.manage("shell", "-c", doubled.format(pk))
    site.assert_all_succeeded(1)
    assert len(site.stub.calls) == 1 and site.outcomes(pk) == ["stored"]
    seen.end("one call, one attempt")


@fault("the same form is sent ten times at once", "the same job ten times")
def test_a_form_sent_many_times_makes_one_job(start: Start, seen: Seen) -> None:
    site = start()
    visitor = site.client
    visitor.get("/")
    token = visitor.csrf_token()
    fields = {"prompt": "a fox", "size": "512x512", "idempotency_key": "k-1", "csrfmiddlewaretoken": token}
    together = threading.Barrier(10)

    def send(_: int) -> str:
        again = Client(visitor.url)
        again.session.cookies.update(visitor.session.cookies)
        together.wait(10)
        headers = {"Accept": "application/json", "Referer": f"{visitor.url}/"}
        answer = again.session.post(f"{visitor.url}/generate/", fields, headers=headers, timeout=30)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobs"][0]["id"])

    seen.begin()
    with ThreadPoolExecutor(10) as pool:
        ids = set(pool.map(send, range(10)))
    assert ids == set(site.states())
    site.assert_all_succeeded(1)
    assert len(site.stub.calls) == 1
    seen.end("one job, one call")


@fault(
    "a cancel while queued, while running, and at the instant of storing", "canceled or done, never both; no file left"
)
def test_a_canceled_job_never_gets_a_picture(start: Start, seen: Seen) -> None:
    site = start(WORKER_CONCURRENCY=4)
    site.stub.delay = 1
    ids = site.submit(number=8)  # four run, four wait
    site.until_calls(4)
    seen.begin()
    for pk in ids[:2] + ids[6:]:
        site.client.post(f"/cancel/{pk}/")
    with ThreadPoolExecutor(4) as pool:  # about when the answers of the first four arrive
        list(pool.map(lambda pk: Client.post(site.client, f"/cancel/{pk}/"), ids[2:4]))
    site.until_all_ended(30)
    site.until(lambda: site.files() == site.named_files(), 10, "only named files are left")
    site.check()
    states = site.states()
    assert [states[pk] for pk in (*ids[:2], *ids[6:])] == ["canceled"] * 4
    assert [states[pk] for pk in ids[4:6]] == ["succeeded"] * 2
    seen.end("four canceled, the rest drawn, no file left over")

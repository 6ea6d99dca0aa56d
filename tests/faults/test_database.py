"""PostgreSQL goes away, hangs, or is only asked too much."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults.harness import Seen, Site, fault
from tests.services import PostgresServer

Start = Callable[..., Site]


@fault(
    "the database is away for 10 s while calls are in flight", "the paid pictures are stored; one call each", slow=True
)
def test_a_paid_picture_outlives_an_outage_of_the_database(
    start: Start, seen: Seen, postgres_to_kill: PostgresServer
) -> None:
    site = start(postgres=postgres_to_kill)
    site.stub.delay = 3
    ids = site.submit(number=3)
    site.until_calls(3)
    postgres_to_kill.kill()
    time.sleep(10)  # the length of the fault
    postgres_to_kill.start()
    seen.begin()
    site.assert_all_succeeded(3, 40)
    seen.end("stored in attempt 1, one call each")
    assert [site.outcomes(pk) for pk in ids] == [["stored"]] * 3 and len(site.stub.calls) == 3
    assert site.workers[0].running


@fault(
    "the database is away for 45 s, longer than a lease, while a call is in flight",
    "the paid picture is stored",
    slow=True,
)
def test_a_long_outage_does_not_take_the_lease_away(start: Start, seen: Seen, postgres_to_kill: PostgresServer) -> None:
    site = start(postgres=postgres_to_kill, workers=2)
    site.stub.delay = 50
    (pk,) = site.submit()
    site.until_calls(1)
    postgres_to_kill.kill()
    time.sleep(45)  # the length of the fault
    postgres_to_kill.start()
    seen.begin()
    site.assert_all_succeeded(1, 60)
    seen.end("stored in attempt 1: after an outage, living workers renew first")
    assert site.outcomes(pk) == ["stored"]


@fault("the database is away when a job should be claimed", "no attempt is charged; drawn after the return", slow=True)
def test_an_outage_at_the_claim_charges_nothing(start: Start, seen: Seen, postgres_to_kill: PostgresServer) -> None:
    site = start(postgres=postgres_to_kill, workers=0)
    ids = site.submit(number=3)
    postgres_to_kill.kill()
    worker = site.app.worker()
    site.workers.append(worker)
    worker.wait_log("the database", 30)
    postgres_to_kill.start()
    seen.begin()
    site.assert_all_succeeded(3, 40)
    assert seen.end("drawn in attempt 1") < 30
    assert [site.job(pk)["attempts"] for pk in ids] == [1, 1, 1]


@fault(
    "the database hangs for 20 s while a job runs", "readiness answers within 5 s; the job ends in attempt 1", slow=True
)
def test_a_hung_database_is_reported_and_survived(start: Start, seen: Seen, postgres_to_kill: PostgresServer) -> None:
    site = start(postgres=postgres_to_kill)
    site.stub.delay = 4
    (pk,) = site.submit()
    site.until_calls(1)
    postgres_to_kill.pause()
    for _ in range(3):
        status, body, seconds = site.ready()
        assert status == 503 and seconds < 5
        assert body["checks"]["database"] != "ok" and body["checks"]["broker"] == "ok"
    time.sleep(8)  # the rest of the fault
    postgres_to_kill.resume()
    seen.begin()
    site.until(lambda: site.ready()[0] == 200, 30, "readiness is green")
    site.assert_all_succeeded(1)
    seen.end("503 in 4 s, then stored in attempt 1")
    assert site.outcomes(pk) == ["stored"]


@fault("16 calls in flight at once", "no worker thread keeps a database connection meanwhile", slow=True)
def test_no_connection_is_held_during_a_call(start: Start, seen: Seen) -> None:
    site = start()
    site.stub.delay = 5
    site.submit(number=16)
    site.until_calls(16)
    asking = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    site.client.get("/healthz")
    connections = site.rows(asking)[0][0]
    assert connections <= 9  # the web's 8 threads, and a sweep
    site.assert_all_succeeded(16)
    seen.end(f"{connections} connections of web and worker")

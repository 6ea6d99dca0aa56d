from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.test import Client

from images import health
from images.models import Chore, Worker
from tests.services import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_asked", {})
    Chore.objects.take("sweep", 10)
    Worker.objects.seen("host:1:aa", 16, 2)


def put(monkeypatch: pytest.MonkeyPatch, name: str, question: Callable[[], dict[str, Any]]) -> None:
    monkeypatch.setitem(health.QUESTIONS, name, question)


def test_it_is_ready_when_everything_answers() -> None:
    body = health.report()
    assert body["ready"] and set(body["checks"]) == {"database", "broker", "storage", "sweeper"}
    assert body["workers"] == [{"name": "host:1:aa", "concurrency": 16, "running": 2}]
    assert body["oldest_queued_seconds"] == 0.0 and body["last_sweep_seconds"] < 5


def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> dict[str, Any]:
        raise OSError(28, "No space left on device")

    put(monkeypatch, "storage", full)
    assert health.report()["checks"]["storage"] == "OSError: [Errno 28] No space left on device"
    assert Client().get("/readyz").status_code == 503


def test_tables_that_are_missing_or_old_are_told_with_the_command_that_makes_them(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    health.check_tables.cache_clear()
    request.addfinalizer(health.check_tables.cache_clear)
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _: {})
    assert health.report()["checks"]["database"] == "its tables are missing or old: run “manage.py migrate”"
    monkeypatch.undo()
    assert health.report()["checks"]["database"] == "ok"


def test_what_hangs_holds_up_nobody_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answers = [], threading.Event()

    def hangs() -> dict[str, Any]:
        asked.append(1)
        answers.wait(10)
        return {}

    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.3)
    put(monkeypatch, "broker", hangs)
    started = time.monotonic()
    reports = [health.report() for _ in range(3)]
    answers.set()
    assert time.monotonic() - started < 2 and len(asked) == 1
    assert [report["checks"]["broker"] for report in reports] == ["it does not answer"] * 3


def test_without_a_sweep_it_says_what_to_do() -> None:
    Chore.objects.all().delete()
    assert health.report()["checks"]["sweeper"] == "no worker has swept for a minute: start a worker"


def test_without_the_database_the_rest_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> dict[str, Any]:
        raise ConnectionError("refused")

    put(monkeypatch, "database", away)
    body = health.report()
    assert body["checks"]["sweeper"] == "unknown without the database"
    assert body["checks"]["storage"] == "ok" and not body["ready"]


def test_a_clock_that_was_set_back_is_told_and_stops_no_sweep() -> None:
    Chore.objects.update(done_at=Now() + timedelta(hours=1))
    assert health.report()["checks"]["sweeper"] == "no worker has swept for a minute: start a worker"
    assert [Chore.objects.take("sweep", 10) for _ in range(3)] == [True, False, False]
    assert health.report()["checks"]["sweeper"] == "ok"


def test_a_neighbours_clock_that_is_a_second_ahead_is_no_reason_to_sweep_twice() -> None:
    Chore.objects.update(done_at=Now() + timedelta(seconds=1))
    assert not Chore.objects.take("sweep", 10)
    assert health.report()["checks"]["sweeper"] == "ok"


def test_a_redis_that_takes_no_message_is_told(monkeypatch: pytest.MonkeyPatch, redis_to_kill: RedisServer) -> None:
    options = {"url": redis_to_kill.url, "transport_options": settings.REDIS_OPTIONS}
    monkeypatch.setattr(health.app, "connection_for_write", partial(health.app.connection_for_write, **options))
    assert health.report()["checks"]["broker"] == "ok"
    assert 0 < redis_to_kill.call("TTL", "images:health") <= 60
    redis_to_kill.call("CONFIG", "SET", "maxmemory", "1")
    assert "command not allowed when used memory > 'maxmemory'" in health.report()["checks"]["broker"]

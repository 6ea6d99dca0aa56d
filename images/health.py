"""What works and what does not: database, broker, sweeper, storage. Each is asked in a thread, so that one that hangs
holds up nobody: the report comes in time and says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _

from config.celery import app
from config.logs import redact
from images.models import Chore, Job, ProviderState, Worker
from images.models.operations import CLOCK_SECONDS
from images.storage import check_writable, free_bytes

LATE_SWEEP_SECONDS = 60.0
PATIENCE_SECONDS = 4.0
OK = "ok"

Facts = dict[str, Any]


class InWords(Exception):
    """Says what is wrong in a whole sentence."""


def are_tables_old() -> bool:
    """Or missing."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@cache
def check_tables() -> None:
    """Raises InWords. Once they are all there they stay: a new version comes with new processes."""
    if are_tables_old():
        raise InWords(_("its tables are missing or old: run “manage.py migrate”"))


def ask_database() -> Facts:
    """By the database's clock."""
    check_tables()
    oldest_first = Job.objects.queued().order_by("queued_at").annotate(waited=Now() - F("queued_at"))
    waited = oldest_first.values_list("waited", flat=True).first() or timedelta()
    return {
        "last_sweep_seconds": Chore.objects.age("sweep"),
        "oldest_queued_seconds": round(waited.total_seconds(), 1),
        "workers": list(Worker.objects.alive().values("name", "concurrency", "running")),
        "providers": list(ProviderState.objects.values("name", "failures", "open_until", "hold_until", "paused_at")),
    }


def ask_broker() -> Facts:
    """A full Redis lets us in and takes no message, so a small key is written."""
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        if broker.transport.driver_type == "redis":
            channel: Any = broker.default_channel
            channel.client.set("health", "ok", ex=60)
    return {}


def ask_storage() -> Facts:
    check_writable()
    return {"storage_free_bytes": free_bytes()}


QUESTIONS: dict[str, Callable[[], Facts]] = {
    _("database"): ask_database,
    _("broker"): ask_broker,
    _("storage"): ask_storage,
}


class Asked(threading.Thread):
    """One question, and its answer as soon as it is known."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.state, self.facts = _("it does not answer"), Facts()
        self.start()

    def run(self) -> None:
        try:
            self.facts = QUESTIONS[self.name]()
            self.state = OK
        except InWords as error:
            self.state = str(error)
        except Exception as error:  # a health check says what is wrong, whatever it is
            self.state = redact(f"{type(error).__name__}: {error}".strip())[:200]
        finally:
            connection.close()


_asked: dict[str, Asked] = {}
_lock = threading.Lock()


def ask(name: str) -> Asked:
    """Start to ask, unless the last one who asked still waits for the answer."""
    with _lock:
        if name not in _asked or not _asked[name].is_alive():
            _asked[name] = Asked(name)
        return _asked[name]


def sweeper_state(database: str, known: Facts) -> str:
    if database != OK:
        return _("unknown without the database")
    age = known["last_sweep_seconds"]
    late = age is None or not -CLOCK_SECONDS <= age <= LATE_SWEEP_SECONDS
    return _("no worker has swept for a minute: start a worker") if late else OK


def report() -> dict[str, Any]:
    """Within PATIENCE_SECONDS: {"ready": bool, "checks": {name: "ok" or what is wrong}, ...facts}."""
    until = time.monotonic() + PATIENCE_SECONDS
    asked = {name: ask(name) for name in QUESTIONS}
    for one in asked.values():
        one.join(max(0.0, until - time.monotonic()))
    checks = {name: one.state for name, one in asked.items()}
    checks[_("sweeper")] = sweeper_state(checks["database"], asked["database"].facts)
    known = {key: value for one in asked.values() for key, value in one.facts.items()}
    return {"ready": all(state == OK for state in checks.values()), "checks": checks, **known}

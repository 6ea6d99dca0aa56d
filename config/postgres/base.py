"""Django's PostgreSQL backend, whose connections are handed on to the next thread instead of being closed.

A worker lets go of its connection while the provider draws, and Celery closes it around each task. A new one costs the
server a process and both sides some milliseconds; twice for each picture. A few stay open here for whoever comes next.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from contextlib import suppress
from queue import Empty, Full, LifoQueue
from typing import Any

import psycopg2
from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

MOST_KEPT = 4
KEPT_SECONDS = 30.0
FRESH_SECONDS = 1.0  # kept for longer: asked first whether it still lives

# By connection parameters: since when each is kept, and it. The last one used is taken first.
kept: defaultdict[str, LifoQueue[tuple[float, Any]]] = defaultdict(lambda: LifoQueue(MOST_KEPT))
# A child's connections are its parent's: psycopg2 does not tell the server of their end there.
os.register_at_fork(after_in_child=kept.clear)


def keep(key: str, connection: Any) -> bool:
    """False when it is not fit to be kept, or there are enough."""
    if connection.closed or connection.get_transaction_status() != TRANSACTION_STATUS_IDLE:
        return False
    try:
        kept[key].put_nowait((time.monotonic(), connection))
    except Full:
        return False
    return True


def take(key: str) -> Any:
    """A connection that lives, or None."""
    with suppress(Empty):
        while True:
            since, connection = kept[key].get_nowait()
            age = time.monotonic() - since
            if age < FRESH_SECONDS or (age < KEPT_SECONDS and lives(connection)):
                return connection
            with suppress(psycopg2.Error):
                connection.close()
    return None


def lives(connection: Any) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


class DatabaseWrapper(base.DatabaseWrapper):
    _seen_alive = 0.0

    def is_usable(self) -> bool:
        """Asked before each request: a connection that worked a moment ago and met no error is not asked again."""
        now = time.monotonic()
        if not self.errors_occurred and now - self._seen_alive < FRESH_SECONDS:
            return True
        usable = bool(super().is_usable())
        self._seen_alive = now if usable else 0.0
        return usable

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        return take(repr(conn_params)) or super().get_new_connection(conn_params)

    def _close(self) -> None:
        fit = self.connection is not None and not self.in_atomic_block and not self.errors_occurred
        if not (fit and self.get_autocommit() and keep(repr(self.get_connection_params()), self.connection)):
            super()._close()  # type: ignore[misc]

"""Django's PostgreSQL backend, whose connections are handed on to the next thread instead of being closed.

A worker lets go of its connection while the provider draws, and Celery closes it around each task. A new one costs the
server a process and both sides some milliseconds; twice for each picture. A few stay open here for whoever comes next.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

import psycopg2
from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

MOST_KEPT = 4
KEPT_SECONDS = 30.0
FRESH_SECONDS = 1.0  # kept for longer: asked first whether it still lives


class Kept:
    """Open connections that nobody uses now, the last one used on top."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: deque[tuple[float, str, Any]] = deque()

    def give(self, key: str, connection: Any) -> bool:
        """False when it is not fit to be kept, or there are enough."""
        if connection.closed or connection.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            return False
        with self._lock:
            if len(self._idle) >= MOST_KEPT:
                return False
            self._idle.append((time.monotonic(), key, connection))
        return True

    def take(self, key: str) -> Any:
        """A connection that lives, or None."""
        while found := self._pop(key):
            since, connection = found
            age = time.monotonic() - since
            if age < FRESH_SECONDS or (age < KEPT_SECONDS and lives(connection)):
                return connection
            with suppress(psycopg2.Error):
                connection.close()
        return None

    def _pop(self, key: str) -> tuple[float, Any] | None:
        with self._lock:
            for at in range(len(self._idle) - 1, -1, -1):
                since, kept_for, connection = self._idle[at]
                if kept_for == key:
                    del self._idle[at]
                    return since, connection
        return None

    def forget(self) -> None:
        """After a fork: they belong to the parent, and not even their end may be told to the server."""
        self._lock = threading.Lock()
        self._lost, self._idle = self._idle, deque()


def lives(connection: Any) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


KEPT = Kept()
os.register_at_fork(after_in_child=KEPT.forget)


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
        return KEPT.take(repr(conn_params)) or super().get_new_connection(conn_params)

    def _close(self) -> None:
        fit = self.connection is not None and not self.in_atomic_block and not self.errors_occurred
        if not (fit and self.get_autocommit() and KEPT.give(repr(self.get_connection_params()), self.connection)):
            super()._close()  # type: ignore[misc]

"""The worker's manners towards the database: let go of it while waiting, be patient when it is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE_SECONDS = 120.0
AWAY = (OperationalError, InterfaceError)

_places = threading.BoundedSemaphore(4)  # as many connections stay open between two calls (config/postgres)


def release_connection() -> None:
    """A call takes seconds to minutes; no connection is held meanwhile. Never fails."""
    if not connection.in_atomic_block:
        with suppress(DatabaseError, InterfaceError):
            connection.close()


def release_server_connection() -> None:
    """The same where others could need it: SQLite has no server, and closing its last connection costs a checkpoint."""
    if connection.vendor != "sqlite":
        release_connection()


@contextmanager
def database_turn() -> Iterator[None]:
    """A few threads at a time, each with a connection; the others wait a moment instead of opening more of them."""
    with _places:
        try:
            yield
        finally:
            release_server_connection()


def until_database_answers(write: Callable[[], T]) -> T:
    """Repeat a guarded write while the database is away, so that a paid picture is not lost."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return write()
        except AWAY as error:
            if time.monotonic() > end or connection.in_atomic_block:
                raise
            logger.warning("the database is away, trying again", extra={"reason": str(error).strip()})
            release_connection()
            time.sleep(1.0)

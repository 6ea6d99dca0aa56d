"""What this process is drawing now: leases to renew, and to give back when it must stop."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError

from images.models import Job, Worker
from images.storage import check_writable
from workers.database import database_turn, release_connection
from workers.providers.base import Deadline

logger = logging.getLogger(__name__)

OVERTIME_SECONDS = 30.0
STORAGE_SEEN_SECONDS = 5.0  # a storage that took a file is not asked again for so long


def birth(pid: int) -> str | None:
    """When a process of this machine began, in the kernel's ticks; "" if it has ended, None where nobody can say."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "" if state in "ZX" else fields[18]


HOST = socket.gethostname()
WORKER_NAME = f"{HOST}:{os.getpid()}:{birth(os.getpid()) or secrets.token_hex(3)}"


@dataclass(frozen=True)
class Held:
    """A job of ours. The lease is renewed a little beyond the deadline: a thread that hangs must not keep its job."""

    job: Job
    deadline: Deadline = field(default_factory=lambda: Deadline(settings.JOB_DEADLINE))
    renewed: Deadline = field(default_factory=lambda: Deadline(settings.JOB_DEADLINE + OVERTIME_SECONDS))


class Leases:
    """The running jobs of this process, by lease token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[UUID, Held] = {}
        self._busy = 0
        self._storage_seen = 0.0
        self.storage_failed = False
        self.closed = False

    def close(self) -> None:
        """This process takes no more jobs."""
        self.closed = True

    def wait_until_idle(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._busy and time.monotonic() < end:
            time.sleep(0.05)

    @contextmanager
    def next_job(self) -> Iterator[Held | None]:
        """Claim the next job and keep its lease alive while the block runs; its deadline is canceled with the lease."""
        with self._lock:
            self._busy += 1
        held = None
        try:
            held = self._claim() if self._may_claim() else None
            yield held
        finally:
            with self._lock:
                self._busy -= 1
                if held and held.job.lease_token:
                    self._running.pop(held.job.lease_token, None)

    def _may_claim(self) -> bool:
        """Nobody pays for a picture that could not be kept."""
        if self.closed:
            return False
        if time.monotonic() - self._storage_seen < STORAGE_SEEN_SECONDS:
            return True
        try:
            check_writable()
        except OSError as error:
            if not self.storage_failed:
                logger.error("no picture can be stored, so no job is taken", extra={"reason": str(error)})
            self.storage_failed = True
            return False
        self.storage_failed = False
        self._storage_seen = time.monotonic()
        return True

    def doubt_storage(self) -> None:
        """It is asked again before the next job."""
        self._storage_seen = 0.0

    def _claim(self) -> Held | None:
        with database_turn():
            job = None if self.closed else Job.objects.claim(WORKER_NAME)  # it may have had to wait
            if not job:
                return None
            assert job.lease_token is not None
            with self._lock:
                self._running[job.lease_token] = held = Held(job)
            return held

    def beat(self) -> None:
        """Renew every lease and say that this worker is alive."""
        running = self._snapshot()
        Worker.objects.seen(WORKER_NAME, settings.WORKER_CONCURRENCY, len(running))
        in_time = [token for token, held in running.items() if held.renewed.remaining()]
        kept = Job.objects.renew(in_time) if in_time else set()
        for token in running.keys() - kept:
            running[token].deadline.cancel()

    def release(self) -> list[UUID]:
        """Give back every running job without charging the attempt; returns their ids."""
        running = self._snapshot().values()
        released = [held.job.pk for held in running if Job.objects.release(held.job)]
        for held in running:
            held.deadline.cancel()
        Worker.objects.filter(name=WORKER_NAME).delete()
        return released

    def _snapshot(self) -> dict[UUID, Held]:
        with self._lock:
            return dict(self._running)


leases = Leases()


def keep_beating() -> None:
    """The heartbeat thread. It outlives a database that is away, and holds no connection between beats."""
    while True:
        time.sleep(settings.HEARTBEAT_SECONDS)
        try:
            leases.beat()
        except DatabaseError as error:
            logger.warning("the heartbeat could not reach the database", extra={"reason": str(error).strip()})
        except Exception:
            logger.exception("the heartbeat failed")
        finally:
            release_connection()

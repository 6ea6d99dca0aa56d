"""The app's real processes as people run them, with servers of their own and the stub of the provider."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import services
from tests.services import AppProcesses, PostgresServer, Process, RedisServer

TICKS = os.sysconf("SC_CLK_TCK")
NO_LIMITS = {"RATE_LIMIT": "", "MONTHLY_CHARACTER_BUDGET": "0", "MAX_WAITING": "100000", "HF_PROVIDER": "hf-inference"}


@dataclass
class Stage:
    """`web` and `worker` are the same process in embedded form."""

    web: Process
    worker: Process
    app: AppProcesses
    redis: RedisServer | None = None
    postgres: PostgresServer | None = None

    @property
    def url(self) -> str:
        return self.web.url

    @property
    def processes(self) -> list[Process]:
        return [self.web] if self.web is self.worker else [self.web, self.worker]

    def cpu(self) -> float:
        """Seconds of processor that the app's processes have used."""
        return sum(map(cpu_of, self.processes))


def cpu_of(process: Process) -> float:
    """Of a process and its children."""
    return sum(cpu_seconds(pid) for pid in (process.pid, *children(process)))


def children(process: Process) -> list[int]:
    return services.descendants(process.pid)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(process: Process, *, own: bool = False) -> float:
    """Proportional memory of a process and its children; pages that are shared count once."""
    return sum(pss(pid) for pid in (process.pid, *([] if own else children(process)))) / 1024


def pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


@contextmanager
def provider(delay: float = 0.5, side: int = 0) -> Iterator[dict[str, Any]]:
    """The settings that lead the app to a stub which takes `delay` seconds for a picture of `side` pixels."""
    folder = services.new_folder("provider")
    port = folder / "port"
    command = [sys.executable, "-m", "tests.bench.provider", "--delay", str(delay), "--port-file", str(port)]
    process = Process([*command, "--side", str(side)], folder / "log").start()
    process.wait_for(port.exists, 60, "the provider listens")
    url = f"http://127.0.0.1:{port.read_text()}"
    try:
        yield {"HF_TOKEN": "hf_bench", "HF_ROUTER_URL": url, "HF_HUB_URL": url, **NO_LIMITS}
    finally:
        process.kill9()


@contextmanager
def embedded(**settings: Any) -> Iterator[Stage]:
    """`make run`: one process, SQLite, no Redis."""
    app = AppProcesses(services.new_folder("embedded"), **settings)
    try:
        process = app.embedded().wait_ready()
        yield settled(Stage(process, process, app))
    finally:
        app.kill_all()


@contextmanager
def apart(worker_threads: int = 16, **settings: Any) -> Iterator[Stage]:
    """Web, worker, Redis and PostgreSQL in processes of their own. PostgreSQL writes to the disk as it does in use."""
    redis, postgres = RedisServer().start(), PostgresServer(options=("fsync=on", "synchronous_commit=on")).start()
    services_used = {"REDIS_URL": redis.url, "DATABASE_URL": postgres.create_database("bench")}
    app = AppProcesses(services.new_folder("apart"), **services_used, **settings)
    try:
        app.manage("migrate")
        worker = app.worker(WORKER_CONCURRENCY=worker_threads)
        yield settled(Stage(app.web().wait_ready(), worker, app, redis, postgres))
    finally:
        app.kill_all()
        redis.kill()
        postgres.kill()


def settled(stage: Stage) -> Stage:
    """After the start's own work."""
    time.sleep(1.5)
    return stage

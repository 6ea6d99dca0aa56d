"""Webs and workers as on hosts of their own: each has its own host name and its own folder, and shares nothing with the
others but Redis, PostgreSQL and where pictures are stored."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import requests

from tests.services import AppProcesses, Client, Process, wait_until

OPEN = ("queued", "running")


@cache
def can_name_hosts() -> bool:
    """Whether a process may have a host name of its own here (root on Linux may)."""
    try:
        return subprocess.run(["unshare", "--uts", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


class Host(AppProcesses):
    """One machine; its name is its folder's."""

    def _start(self, name: str, command: list[str], settings: Any) -> Process:
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"', self.folder.name]
        return super()._start(name, [*(named if can_name_hosts() else []), *command], settings)


class Fleet:
    """`settings` are everybody's; DATABASE_URL must be among them, and its tables be made already."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder, self.settings = folder, settings
        self.hosts: list[Host] = []
        self.webs: list[Process] = []
        self.workers: list[Process] = []

    def host(self) -> Host:
        self.hosts.append(Host(self.folder / f"host-{len(self.hosts) + 1}", **self.settings))
        return self.hosts[-1]

    def add_web(self, **settings: object) -> Process:
        self.webs.append(self.host().web(**settings))
        return self.webs[-1]

    def add_worker(self, **settings: object) -> Process:
        self.workers.append(self.host().worker(**settings))
        return self.workers[-1]

    def start(self, webs: int, workers: int) -> None:
        for _ in range(webs):
            self.add_web()
        for _ in range(workers):
            self.add_worker()
        for web in self.webs:
            web.wait_ready(deadline=60)
        alive = "SELECT count(*) FROM images_worker"
        wait_until(lambda: self.number(alive) >= workers, 60, f"{workers} workers are alive", lambda: self.logs)

    def kill_all(self) -> None:
        for host in self.hosts:
            host.kill_all()

    @property
    def logs(self) -> str:
        return "\n".join(host.logs for host in self.hosts)

    # What the database says

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(str(self.settings["DATABASE_URL"]), connect_timeout=3)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def number(self, statement: str) -> int:
        return int(self.rows(statement)[0][0])

    def count(self, *statuses: str) -> int:
        named = ", ".join(f"'{status}'" for status in statuses)
        return self.number(f"SELECT count(*) FROM images_job WHERE status IN ({named})")

    def until_succeeded(self, number: int, deadline: float) -> None:
        wait_until(
            lambda: self.count("succeeded", "failed", "canceled") >= number,
            deadline,
            f"the end of {number} jobs",
            lambda: f"{self.rows('SELECT status, count(*) FROM images_job GROUP BY 1')}\n{self.logs}",
        )

    def named_files(self) -> set[str]:
        pictures = self.rows("SELECT file, thumbnail, thumbnail_small FROM images_generatedimage")
        return {str(name) for row in pictures for name in row if name}

    def check_one_picture_each(self, number: int) -> None:
        """The invariant: all have succeeded, each has exactly one picture, nothing is left running."""
        assert self.rows("SELECT status, count(*) FROM images_job GROUP BY 1") == [("succeeded", number)], self.logs
        assert self.number("SELECT count(*) FROM images_generatedimage") == number
        assert self.number("SELECT count(DISTINCT sha256) FROM images_generatedimage") > 1
        assert self.number("SELECT count(*) FROM images_attempt WHERE finished_at IS NULL") == 0
        stored = "SELECT count(*) FROM (SELECT job_id FROM images_attempt WHERE outcome = 'stored' GROUP BY 1) AS jobs"
        assert self.number(stored) == number


class StubProcess:
    """The stand-in for Hugging Face as a process of its own, so that the test's own work does not slow it."""

    def __init__(self, folder: Path, delay: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port = folder / "stub-port"
        arguments = ["-m", "tests.stub_huggingface", "--delay", str(delay), "--port-file", str(port)]
        self.process = Process([sys.executable, *arguments], folder / "stub.log").start()
        self.process.wait_for(port.exists, 30, "the stub listens")
        self.url = f"http://127.0.0.1:{port.read_text()}"

    def settings(self) -> dict[str, str]:
        return {"HF_TOKEN": "hf_test_token", "HF_ROUTER_URL": self.url, "HF_HUB_URL": self.url}

    def calls(self) -> list[dict[str, Any]]:
        return list(requests.get(f"{self.url}/_stub/calls", timeout=30).json()["calls"])


def submit_many(urls: Sequence[str], number: int, prompt: str = "a red fox", count: int = 4) -> list[str]:
    """`number` small jobs, in submits of `count`, in turn at every web; returns the ids."""
    clients = [Client(url) for url in urls]
    ids: list[str] = []
    for turn in range(-(-number // count)):
        wanted = min(count, number - len(ids))
        jobs = clients[turn % len(clients)].submit(f"{prompt} {turn}", count=wanted, size="512x512", seed=turn * count)
        ids += [str(job["id"]) for job in jobs]
    return ids

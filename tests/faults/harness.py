"""The ground for fault tests: the app's real processes on a real Redis and PostgreSQL, a stub of the provider whose
calls are counted, and the invariant that must hold when everything has calmed down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from tests.services import AppProcesses, Client, PostgresServer, Process, RedisServer, wait_until
from tests.stub_huggingface import HuggingFaceStub

SIZE = "512x512"
OPEN = ("queued", "running")


def fault(name: str, expected: str, *, slow: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a test with its row of the table in docs/reliability.md."""

    def mark(test: Callable[..., Any]) -> Callable[..., Any]:
        test = pytest.mark.faults(name=name, expected=expected)(test)
        return pytest.mark.slow(test) if slow else test

    return mark


class Seen:
    """What a test saw, and how many seconds it took from the end of the fault until all was well."""

    def __init__(self) -> None:
        self.text, self.seconds, self._since = "", 0.0, time.monotonic()

    def begin(self) -> None:
        self._since = time.monotonic()

    def end(self, text: str) -> float:
        self.text, self.seconds = text, time.monotonic() - self._since
        return self.seconds


class Site:
    """One web process and workers, all with the same settings."""

    def __init__(
        self, app: AppProcesses, redis: RedisServer, postgres: PostgresServer, stub: HuggingFaceStub, database: str
    ) -> None:
        self.app, self.redis, self.postgres, self.stub = app, redis, postgres, stub
        self.database, self.media = database, app.folder / "media"
        self.web, self.client = Process([], Path()), Client("")
        self.workers: list[Process] = []

    def start_web(self, **settings: object) -> Client:
        self.web = self.app.web(**settings).wait_ready()
        self.client = Client(self.web.url)
        return self.client

    def start_worker(self, **settings: object) -> Process:
        """Returns when it takes jobs."""
        worker = self.app.worker(**settings)
        self.workers.append(worker)
        beat = "SELECT name FROM images_worker WHERE name LIKE %s"
        worker.wait_for(lambda: self.rows(beat, f"%:{worker.pid}:%"), 40, "the worker's first beat")
        return worker

    # Jobs

    def submit(self, prompt: str = "a red fox", number: int = 1, **fields: object) -> list[str]:
        """The ids of `number` new jobs."""
        ids: list[str] = []
        while len(ids) < number:
            count = min(4, number - len(ids))
            ids += [str(job["id"]) for job in self.client.submit(prompt, count=count, size=SIZE, **fields)]
        return ids

    def states(self) -> dict[str, str]:
        return {str(pk): status for pk, status in self.rows("SELECT id, status FROM images_job")}

    def job(self, pk: str) -> dict[str, Any]:
        columns = "status, attempts, losses, error_code, error_message, next_attempt_at > now() AS waits"
        (row,) = self.rows(f"SELECT {columns} FROM images_job WHERE id = %s", pk)
        return dict(zip(("status", "attempts", "losses", "error_code", "error_message", "waits"), row, strict=True))

    def outcomes(self, pk: str) -> list[str]:
        """How each attempt ended, in their order; "" runs still."""
        rows = self.rows("SELECT outcome FROM images_attempt WHERE job_id = %s ORDER BY id", pk)
        return [str(outcome) for (outcome,) in rows]

    def until(self, check: Callable[[], object], deadline: float, what: str) -> None:
        """A database or web that is away for a while is asked again."""

        def answered() -> object:
            try:
                return check()
            except (psycopg2.Error, requests.RequestException):
                return False

        wait_until(answered, deadline, what, lambda: f"{self.states_or_none()}\n{self.app.logs}")

    def states_or_none(self) -> dict[str, str] | None:
        try:
            return self.states()
        except psycopg2.Error:
            return None

    def until_status(self, pk: str, status: str, deadline: float = 20) -> None:
        self.until(lambda: self.job(pk)["status"] == status, deadline, f"job {pk} is {status}")

    def until_calls(self, number: int, deadline: float = 20) -> None:
        self.until(lambda: len(self.stub.calls) >= number, deadline, f"{number} calls of the provider")

    def until_all_ended(self, deadline: float = 60) -> None:
        self.until(lambda: not set(self.states().values()) & set(OPEN), deadline, "the end of all jobs")

    # What is stored

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.database, connect_timeout=3)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def files(self) -> set[str]:
        return {str(path.relative_to(self.media)) for path in self.media.rglob("*") if path.is_file()}

    def named_files(self) -> set[str]:
        pictures = self.rows("SELECT file, thumbnail, thumbnail_small FROM images_generatedimage")
        return {str(name) for row in pictures for name in row if name}

    def check(self, *, orphans: bool = False) -> None:
        """The invariant: every succeeded job has one picture with its files, and nothing else lies about."""
        states = self.states()
        pictures = [str(pk) for (pk,) in self.rows("SELECT job_id FROM images_generatedimage")]
        assert sorted(pictures) == sorted(pk for pk, status in states.items() if status == "succeeded")
        assert not set(states.values()) & set(OPEN), states
        assert not self.rows("SELECT id FROM images_job WHERE attempts > max_attempts")
        assert not self.rows("SELECT id FROM images_attempt WHERE finished_at IS NULL")
        bare = "SELECT job_id FROM images_generatedimage WHERE thumbnail = ''"
        wait_until(lambda: not self.rows(bare), 60, "The thumbnails of every picture", lambda: self.logs)
        files, named = self.files(), self.named_files()
        assert named <= files, f"missing: {named - files}"
        assert orphans or files == named, f"left over: {files - named}"

    def assert_all_succeeded(self, number: int, deadline: float = 60) -> None:
        self.until_all_ended(deadline)
        assert list(self.states().values()) == ["succeeded"] * number, self.app.logs
        self.check()

    def ready(self) -> tuple[int, dict[str, Any], float]:
        """Status and body of /readyz, and the seconds they took."""
        started = time.monotonic()
        response = self.client.get("/readyz")
        return response.status_code, dict(response.json()), time.monotonic() - started


@contextmanager
def timed(most: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    assert took < most, f"it took {took:.1f} s"

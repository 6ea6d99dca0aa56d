from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.s3_server import S3Server
from tests.scale.fleet import Fleet, StubProcess
from tests.services import AppProcesses, PostgresServer, RedisServer

MakeFleet = Callable[..., Fleet]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server().start()
    yield server
    server.stop()


@pytest.fixture
def database(postgres_server: PostgresServer, tmp_path: Path) -> str:
    """A fresh database with all tables."""
    url = postgres_server.create_database("scale")
    AppProcesses(tmp_path / "migrate", DATABASE_URL=url).manage("migrate")
    return url


@pytest.fixture
def make_fleet(redis_server: RedisServer, database: str, tmp_path: Path) -> Iterator[MakeFleet]:
    """Makes a Fleet with a stub that needs `delay` seconds for each picture."""
    made: list[Fleet] = []
    stubs: list[StubProcess] = []

    def make(*, delay: float, **settings: object) -> Fleet:
        redis_server.flushall()
        stubs.append(StubProcess(tmp_path / "stub", delay))
        no_limits = {"RATE_LIMIT": "", "MAX_WAITING": 100_000, "MONTHLY_CHARACTER_BUDGET": 0}
        shared = {"REDIS_URL": redis_server.url, "DATABASE_URL": database, "WEB_CONCURRENCY": 1, **no_limits}
        made.append(Fleet(tmp_path, **shared, **stubs[-1].settings(), **settings))
        return made[-1]

    yield make
    for fleet in made:
        fleet.kill_all()
    for stub in stubs:
        stub.process.kill9()

"""Starts a site for each fault test, and writes the table of what was seen (FAULTS_TABLE names the file)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.harness import Seen, Site
from tests.services import AppProcesses, PostgresServer, RedisServer
from tests.stub_huggingface import HuggingFaceStub

TABLE = re.compile(r"(?<=<!-- faults -->\n).*(?=<!-- end of faults -->)", re.DOTALL)
HEAD = "| fault | expected | seen | seconds to recover |\n|---|---|---|---|\n"
rows: dict[str, tuple[float, str]] = {}  # of a fault that is injected more than once, the slowest
Start = Callable[..., Site]


@pytest.fixture
def stub() -> Iterator[HuggingFaceStub]:
    with HuggingFaceStub() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database that others are copied from."""
    url = postgres_server.create_database("faults_template")
    AppProcesses(tmp_path_factory.mktemp("migrate"), DATABASE_URL=url).manage("migrate")
    return "faults_template"


@pytest.fixture
def start(request: pytest.FixtureRequest, app_processes: Callable[..., AppProcesses], stub: HuggingFaceStub) -> Start:
    """Makes the site: a web and `workers` workers. The servers are shared, unless the test may kill them."""

    def make(
        *,
        workers: int = 1,
        redis: RedisServer | None = None,
        postgres: PostgresServer | None = None,
        **settings: object,
    ) -> Site:
        redis = redis or request.getfixturevalue("redis_server")
        redis.flushall()
        token = {"HF_TOKEN": "hf_test_token", "HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url}
        database = own_database(postgres) if postgres else copied_database(request)
        usual = {"REDIS_URL": redis.url, "DATABASE_URL": database, "RATE_LIMIT": "", "MAX_WAITING": 2000}
        app = app_processes(**{**usual, "MONTHLY_CHARACTER_BUDGET": 0, "WEB_CONCURRENCY": 1, **token, **settings})
        if postgres:
            app.manage("migrate")
        site = Site(app, redis, postgres or request.getfixturevalue("postgres_server"), stub, database)
        site.start_web()
        for _ in range(workers):
            site.start_worker()
        return site

    return make


def own_database(postgres: PostgresServer) -> str:
    return postgres.create_database("app")


def copied_database(request: pytest.FixtureRequest) -> str:
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("template")
    postgres.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", "faults")
    postgres.execute(f"CREATE DATABASE {{}} TEMPLATE {template}", "faults")
    return postgres.database_url("faults")


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    watch = Seen()
    yield watch
    mark = request.node.get_closest_marker("faults")
    text = "**not as expected**" if getattr(request.node, "failed", True) else watch.text
    row = (watch.seconds, f"| {mark.kwargs['name']} | {mark.kwargs['expected']} | {text} | {watch.seconds:.1f} |\n")
    rows[mark.kwargs["name"]] = max(rows.get(mark.kwargs["name"], row), row)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined]
    return report


def pytest_sessionfinish() -> None:
    if path := os.environ.get("FAULTS_TABLE"):
        page = Path(path).read_text(encoding="utf-8")
        Path(path).write_text(
            TABLE.sub(lambda _: HEAD + "".join(line for _seconds, line in rows.values()), page), encoding="utf-8"
        )

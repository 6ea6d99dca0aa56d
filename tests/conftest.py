"""What every test gets: its own media folder, an empty cache, and no way out to the internet. And the real services."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import SimpleTestCase

from images import limits
from tests.services import (
    AppProcesses,
    PostgresServer,
    RedisServer,
    chromium_path,
    postgres_for_tests,
    redis_for_tests,
    require,
)

OUTSIDE: list[str] = []  # addresses that the running test tried to reach


class InternetNotAllowed(RuntimeError):
    """A test may speak to this machine only."""


def is_local(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost", socket.gethostname()}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def refuse_outside(host: object) -> None:
    if not is_local(host):
        OUTSIDE.append(str(host))
        raise InternetNotAllowed(f"a test tried to reach {host}")


def guarded_connect(connect: Callable[..., Any]) -> Callable[..., Any]:
    def checked(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            refuse_outside(address[0])
        return connect(self, address)

    return checked


def guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def checked(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_outside(host)
        return lookup(host, *args, **kwargs)

    return checked


def pytest_configure() -> None:
    socket.socket.connect = guarded_connect(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect(socket.socket.connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_lookup(socket.getaddrinfo)
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("stopped by SIGTERM", 143))  # ends the started servers too


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Real processes wait on real clocks, so a deadline can pass: each of them may try three times.

    On PostgreSQL only what may differ there is run: the rest would say the same twice.
    """
    for item in items:
        if any(item.get_closest_marker(name) for name in ("e2e", "browser", "faults")):
            item.add_marker(pytest.mark.flaky(reruns=2))
    if os.environ.get("TEST_DATABASE") == "postgres":
        config.hook.pytest_deselected(items=[item for item in items if not asks_database(item)])
        items[:] = filter(asks_database, items)


def asks_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("any_database"):
        return False
    by_class = issubclass(getattr(item, "cls", None) or object, SimpleTestCase)
    return by_class or item.get_closest_marker("django_db") is not None or "db" in getattr(item, "fixturenames", ())


@pytest.fixture(autouse=True)
def hermetic(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    cache.clear()
    limits.limiter.cache_clear()
    limits.own_limiter.cache_clear()
    OUTSIDE.clear()
    yield
    assert not OUTSIDE, f"this test tried to reach {OUTSIDE}"


@pytest.fixture(scope="session")
def redis_server() -> RedisServer:
    """Shared by all tests: empty it with `flushall`, never stop it."""
    return redis_for_tests()


@pytest.fixture
def redis_to_kill() -> Iterator[RedisServer]:
    """A Redis for one test, which may stop, kill or pause it."""
    server = RedisServer().start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """Shared by all tests: take a database with `create_database`, never stop it."""
    return postgres_for_tests()


@pytest.fixture
def postgres_to_kill() -> Iterator[PostgresServer]:
    """A PostgreSQL for one test, which may stop, kill or pause it. What it has committed outlives a kill."""
    server = PostgresServer(options=["synchronous_commit=on"]).start()
    yield server
    server.kill()


@pytest.fixture
def app_processes(tmp_path: Path) -> Iterator[Callable[..., AppProcesses]]:
    """Makes AppProcesses with the given settings in the test's folder; all of them are killed at its end."""
    made: list[AppProcesses] = []

    def make(folder: str = "app", **settings: object) -> AppProcesses:
        made.append(AppProcesses(tmp_path / folder, **settings))
        return made[-1]

    yield make
    for app in made:
        app.kill_all()
        print(app.logs)  # shown when the test has failed


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A real Chromium. Its tests must not use the ORM, because Playwright runs an event loop in this thread."""
    from playwright.sync_api import sync_playwright

    whole = getattr(request.module, "NEEDS_WHOLE_BROWSER", False)
    path = require(
        chromium_path(whole=whole), "no Chromium was found (CHROMIUM, the PATH, or `playwright install chromium`)"
    )
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()

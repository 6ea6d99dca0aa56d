"""Secrets are planted, the real processes make every kind of mistake, and all that they wrote is looked through."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from tests.services import AppProcesses, Client, PostgresServer, Process, RedisServer
from tests.stub_huggingface import HuggingFaceStub, Scenario, Want

pytestmark = pytest.mark.e2e

PLANTED = {
    "HF_TOKEN": "hf_PLANTEDtokenPLANTED0123",
    "OPENAI_API_KEY": "sk-PLANTEDkeyPLANTED4567",
    "SECRET_KEY": "PLANTED-signing-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "METRICS_TOKEN": "PLANTED-metrics-token-89",
}
PASSWORD = "PLANTEDpa55word"
TOKEN = PLANTED["HF_TOKEN"]
ECHO = {
    "json": {
        "error": f"Bad request for Authorization: Bearer {TOKEN}",
        "headers": {"Authorization": f"Bearer {TOKEN}"},
    },
    "text": f"Authorization: Bearer {TOKEN}",
    "html": f"<html><pre>Authorization: Bearer\n{TOKEN}</pre></html>",
    "bare": f'{{"detail": [{{"msg": "token {TOKEN} is not known", "input": "{TOKEN}"}}]}}',
}
STATUSES = (200, 400, 401, 402, 403, 404, 422, 500, 503)


def echoes() -> list[Scenario]:
    """Answers that repeat the token: in every form, with every status, in a header too."""
    kinds = list(ECHO.values())
    headers = {"x-request-id": f"Bearer {TOKEN}", "Content-Type": "text/plain"}
    return [Scenario(Want(), status, kinds[at % len(kinds)], headers) for at, status in enumerate(STATUSES * 2)]


@pytest.fixture
def stub() -> Iterator[HuggingFaceStub]:
    with HuggingFaceStub() as server:
        yield server


@pytest.fixture(params=["sqlite, one process", "postgres, apart, json"])
def app(request: pytest.FixtureRequest, tmp_path: Path, stub: HuggingFaceStub) -> Iterator[AppProcesses]:
    settings: dict[str, object] = {
        **PLANTED, "HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url, "RATE_LIMIT": "", "MAX_ATTEMPTS": 1,
        "HF_PROVIDER": "hf-inference",
    }  # fmt: skip
    if "postgres" in request.param:
        redis: RedisServer = request.getfixturevalue("redis_server")
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        redis.flushall()
        address = postgres.create_database("secrets").replace("postgres@", f"postgres:{PASSWORD}@")
        settings |= {"REDIS_URL": redis.url, "DATABASE_URL": address, "LOG_FORMAT": "json"}
    made = AppProcesses(tmp_path / "app", **settings)
    yield made
    made.kill_all()


def start(app: AppProcesses) -> Process:
    if not app.settings["REDIS_URL"]:
        return app.embedded().wait_ready()
    app.manage("migrate")
    app.worker()
    return app.web().wait_ready()


def make_mistakes(app: AppProcesses, web: Process, stub: HuggingFaceStub) -> Client:
    """A job for each echo; the provider is resumed whenever a refused token has paused it."""
    client = Client(web.url)
    for scenario in echoes():
        stub.script([scenario])
        client.wait(client.submit("a red fox", size="512x512"), 30)
        resume(app)
    client.get("/nowhere?token=" + TOKEN)
    client.get("/metrics", headers={"Authorization": "Bearer wrong"})
    client.post("/login/", {"username": "ada", "password": "wrong"})
    return client


def resume(app: AppProcesses) -> None:
    execute(app, "UPDATE images_providerstate SET paused_at = NULL, hold_until = NULL, open_until = NULL, failures = 0")


def execute(app: AppProcesses, statement: str) -> list[Any]:
    address = app.settings["DATABASE_URL"]
    connection: Any = (
        sqlite3.connect(address.removeprefix("sqlite:///"), 20) if "sqlite" in address else psycopg2.connect(address)
    )
    with connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        rows = list(cursor.fetchall()) if cursor.description else []
    connection.close()
    return rows


def tables(app: AppProcesses) -> list[str]:
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'table'"
    postgres = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return [row[0] for row in execute(app, sqlite if "sqlite" in app.settings["DATABASE_URL"] else postgres)]


def written(app: AppProcesses, web: Process, client: Client) -> dict[str, str]:
    """Everything by its place: logs, rows, files, pages, JSON, the admin, what commands print."""
    found = {f"log {process.log_path.name}": process.log for process in app.all}
    found |= {f"table {name}": str(execute(app, f'SELECT * FROM "{name}"')) for name in tables(app)}
    files = (path for path in app.folder.rglob("*") if path.is_file() and "sqlite3" not in path.name)
    found |= {f"file {path.name}": path.read_bytes().decode("latin-1") for path in files}
    found |= pages(client, [row[0] for row in execute(app, "SELECT id FROM images_job")])
    found |= admin_pages(app, web.url)
    return found | {f"manage {name}": app.manage(*name.split()) for name in ("jobs", "jobs --failed", "check")}


def pages(client: Client, ids: list[object]) -> dict[str, str]:
    names = [str(pk).replace("-", "") for pk in ids]
    keys = [f"{pk[:8]}-{pk[8:12]}-{pk[12:16]}-{pk[16:20]}-{pk[20:]}" for pk in names]
    places = ["/", "/gallery/", "/privacy/", "/login/", "/readyz", "/metrics", "/nowhere", "/jsi18n/"]
    places += [form.format(key) for key in keys for form in ("/images/{}/", "/status/{}/", "/?from={}")]
    answers = {place: client.get(place) for place in places}
    assert all(answer.status_code < 500 for place, answer in answers.items() if place != "/readyz")
    return {place: answer.text + str(answer.headers) for place, answer in answers.items()}


def admin_pages(app: AppProcesses, url: str) -> dict[str, str]:
    """The admin's pages as its links lead through them."""
    code = "from django.contrib.auth.models import User as U; U.objects.create_superuser('op', password='a long word')"
    app.manage("shell", "--no-imports", "-c", code)
    operator = Client(url)
    assert operator.post("/login/", {"username": "op", "password": "a long word"}, headers={}).status_code == 200
    found: dict[str, str] = {}
    left = ["/admin/", "/admin/control/", "/admin/images/job/?status=failed"]
    while left and len(found) < 150:
        place = left.pop(0)
        page = operator.get(place)
        assert page.status_code < 500, place
        found[place] = page.text
        links = (
            re.findall(r'href="((?:/admin)?/[^"#?]*|/admin/[^"#]*|\?[^"#]*)"', page.text)
            if "/admin/" in page.url
            else []
        )
        left += [link for link in dict.fromkeys(links) if link.startswith("/admin/") and link not in {*found, *left}]
    assert any("/job/" in place and "/change/" in place for place in found)
    return found


def test_no_planted_secret_is_in_anything_that_was_written(app: AppProcesses, stub: HuggingFaceStub) -> None:
    web = start(app)
    client = make_mistakes(app, web, stub)
    found = written(app, web, client)
    assert any("[secret]" in text for text in found.values()), "the service repeated the token, and nobody noticed"
    assert {call.headers["Authorization"] for call in stub.calls} == {f"Bearer {TOKEN}"}
    leaks = [(name, place) for place, text in found.items() for name, value in secrets().items() if value in text]
    assert not leaks
    assert len(found) > 100


def secrets() -> dict[str, str]:
    """A part of a secret is one, too."""
    return {name: value[-16:] for name, value in PLANTED.items()} | {"password": PASSWORD}


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    files = {}
    for name, value in PLANTED.items():
        (tmp_path / name).write_text(f"{value}\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    app = AppProcesses(tmp_path / "app", **dict.fromkeys(PLANTED, ""), **files)
    web = app.embedded().wait_ready()
    with_token = requests.get(f"{web.url}/metrics", headers={"Authorization": f"Bearer {PLANTED['METRICS_TOKEN']}"})
    assert with_token.status_code == 200
    assert not any(value in with_token.text + web.log for value in PLANTED.values())
    app.kill_all()

"""The commands of docs/backup.md, run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services import ROOT, AppProcesses, Client, PostgresServer, Process, RedisServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PAGE = (ROOT / "docs" / "backup.md").read_text()
Make = Callable[..., AppProcesses]


def commands(heading: str) -> list[str]:
    """The commands under one heading, a command of several lines as one."""
    block = re.search(rf"^## {heading}\n.*?```sh\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert block
    return block[1].replace("\\\n", "").strip().splitlines()


def shell(command: str, folder: Path, settings: dict[str, str]) -> None:
    """As somebody types it, with the app's Python and PostgreSQL's tools of the server's version on the PATH."""
    path = [str(Path(sys.executable).parent), *tools(), settings["PATH"]]
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=settings | {"PATH": ":".join(path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def tools() -> list[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return [str(path) for path in found]


def reopened(web: Process, client: Client) -> Client:
    """The same visitor at a new address."""
    again = Client(web.url)
    again.session.cookies.update(client.session.cookies)
    return again


def look(client: Client, job: dict[str, object]) -> bytes:
    return client.get(f"/images/{job['id']}/file").content


def test_a_dump_of_postgresql_brings_rows_and_pictures_back(
    app_processes: Make, redis_server: RedisServer, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    redis_server.flushall()
    url = postgres_server.create_database("backup")
    app = app_processes(REDIS_URL=redis_server.url, DATABASE_URL=url, IMAGE_STORAGE="database")
    app.manage("migrate")
    web, worker = app.web().wait_ready(), app.worker()
    client = Client(web.url)
    kept = client.picture("a red fox", size="512x512")
    picture = look(client, kept)
    dump, restore = commands("PostgreSQL")
    shell(dump, tmp_path, app.settings)
    later = client.picture("made after the backup", size="512x512")
    worker.terminate()
    web.terminate()
    shell(restore, tmp_path, app.settings)
    client = reopened(app.web().wait_ready(), client)
    assert look(client, kept) == picture
    assert client.get(f"/images/{later['id']}/").status_code == 404
    app.worker()
    assert client.picture("made after the restore", size="512x512")["status"] == "succeeded"


def test_a_backup_of_sqlite_is_whole_while_people_work_and_comes_back(app_processes: Make, tmp_path: Path) -> None:
    app = app_processes("var")
    site = app.embedded().wait_ready()
    client = Client(site.url)
    kept = client.picture("a red fox", size="512x512")
    client.submit("still waiting", count=4, size="512x512")
    backup, restore = commands("SQLite")
    shell(backup, tmp_path, app.settings)
    shell(commands("Pictures")[0].partition("#")[0], tmp_path, app.settings)
    site.terminate()
    shutil.rmtree(app.folder / "media")
    shell(restore.partition("#")[0], tmp_path, app.settings)
    shell("tar --extract --file=pictures.tar --directory=var", tmp_path, app.settings)
    client = reopened(app.embedded().wait_ready(), client)
    assert len(look(client, kept)) > 0
    assert client.picture("made after the restore", size="512x512")["status"] == "succeeded"


def test_the_move_from_sqlite_to_postgresql_keeps_everything(
    app_processes: Make, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    app = app_processes()
    site = app.embedded().wait_ready()
    client = Client(site.url)
    kept = client.picture("a red fox", size="512x512")
    picture = look(client, kept)
    app.manage("createsuperuser", "--noinput", "--username=boss", "--email=", DJANGO_SUPERUSER_PASSWORD="pass-1234")
    waiting = client.submit("waits for the move", count=4, size="512x512", style="")
    site.terminate()
    settings = app.settings | {"URL": postgres_server.create_database("moved")}
    shell(moving_commands(tmp_path), ROOT, settings)
    moved = app.embedded(DATABASE_URL=settings["URL"]).wait_ready()
    client = reopened(moved, client)
    assert look(client, kept) == picture
    assert {job["status"] for job in client.wait(waiting)} == {"succeeded"}
    assert kept["id"] in client.get("/gallery/").text
    assert client.picture("made after the move", size="512x512")["status"] == "succeeded"
    assert log_in(Client(moved.url), "boss", "pass-1234")


def moving_commands(folder: Path) -> str:
    """With our own address, and the file in our own folder."""
    lines = [line.partition("  #")[0] for line in commands("From SQLite to PostgreSQL")]
    named = [line.replace("images.json", str(folder / "images.json")) for line in lines]
    return "\n".join(re.sub(r"DATABASE_URL=\S+", "DATABASE_URL=$URL", line) for line in named)


def log_in(client: Client, name: str, password: str) -> bool:
    token = client.csrf_token()
    form = {"username": name, "password": password, "csrfmiddlewaretoken": token}
    headers = {"Referer": client.url + os.sep}
    client.session.post(f"{client.url}/login/", form, headers=headers, timeout=30)
    return client.get("/admin/", allow_redirects=False).status_code == 200

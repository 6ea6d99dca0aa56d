"""No Docker engine is needed here: the Dockerfile's steps and the compose file's commands run as plain processes, in a
clean folder, as a user who may write nowhere but in `var`."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services import (
    LOOPBACK,
    ROOT,
    Client,
    PostgresServer,
    Process,
    RedisServer,
    clean_environment,
    free_port,
    new_folder,
    require,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


class Image:
    """What `docker build` makes: /venv and /app, here in one folder."""

    user = pwd.getpwnam("nobody").pw_uid

    def __init__(self, interpreter: str) -> None:
        self.interpreter, self.folder = interpreter, new_folder("image")
        self.folder.chmod(0o755)
        self.app, self.var, self.bin = self.folder / "app", self.folder / "app" / "var", self.folder / "venv" / "bin"

    def build(self) -> None:
        self.copy_sources()
        self.step(self.interpreter, "-m", "venv", "--without-pip", str(self.folder / "venv"))
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "--quiet"]
        self.step(*pip, "--only-binary", ":all:", "-r", "requirements.txt")
        python = str(self.bin / "python")
        self.step(python, "manage.py", "collectstatic", "--noinput", "--verbosity", "0", SECRET_KEY="only-for-this")
        self.step(python, "-m", "compileall", "-q", "config", "images", "workers")
        self.var.mkdir()
        os.chown(self.var, self.user, -1)

    def copy_sources(self) -> None:
        """What .dockerignore lets through."""
        self.app.mkdir()
        for name in re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.app / name, ignore=shutil.ignore_patterns("__pycache__", ".env"))
            elif source.exists():
                shutil.copy(source, self.app / name)

    def step(self, *command: str, **settings: str) -> None:
        made = subprocess.run(
            command, cwd=self.app, env=self.environment(settings), capture_output=True, text=True, timeout=300
        )
        assert made.returncode == 0, f"{command}\n{made.stdout}\n{made.stderr}"

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        kept = clean_environment() | {"HOME": "/tmp", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return {**kept, **settings, "PATH": f"{self.bin}:{kept['PATH']}"}

    def run(self, service: str, settings: Mapping[str, str]) -> Process:
        env = self.environment({**compose_environment(service, self.var), **settings})
        log = self.folder / f"{service}.log"
        return Process(SERVICES[service]["command"], log, env, cwd=self.app, user=self.user).start()

    def check(self, command: list[str], settings: Mapping[str, str]) -> int:
        """The exit code of a health check."""
        env = self.environment({**compose_environment("worker", self.var), **settings})
        return subprocess.run(command, cwd=self.app, env=env, user=self.user, timeout=60).returncode

    def files(self) -> set[Path]:
        return {path for path in self.app.rglob("*") if not path.is_relative_to(self.var)}


def compose_environment(service: str, var: Path) -> dict[str, str]:
    """As Compose gives it without a .env: every variable has its default."""
    given = SERVICES[service]["environment"]
    plain = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in given.items()}
    return {name: value.replace("/app/var", str(var)) for name, value in plain.items()}


@pytest.fixture(scope="module")
def image() -> Image:
    require(os.geteuid() == 0 or None, "only root can start processes as another user")
    made = Image(require(python_for(Image.user), "the user nobody may run no Python 3.11 or newer here"))
    made.build()
    return made


def python_for(user: int) -> str | None:
    """A Python that this user may run; the one of the tests may be in somebody's home."""
    enough = "import sys, venv; sys.exit(sys.version_info < (3, 11))"
    for path in (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        with suppress(OSError):
            if subprocess.run([path, "-c", enough], user=user, cwd="/", capture_output=True).returncode == 0:
                return path
    return None


@pytest.fixture
def servers(redis_server: RedisServer, postgres_server: PostgresServer) -> dict[str, str]:
    redis_server.flushall()
    return {"REDIS_URL": redis_server.url, "DATABASE_URL": postgres_server.create_database("as_docker")}


def test_the_images_processes_draw_a_picture_without_rights(image: Image, servers: dict[str, str]) -> None:
    before, port = image.files(), str(free_port())
    local = {**servers, "HOST": LOOPBACK, "PORT": port, "HOSTNAME": socket.gethostname()}
    migrate = image.run("migrate", local)
    assert migrate.wait(60) == 0, migrate.log
    assert (image.var / "secret_key").stat().st_mode & 0o777 == 0o600
    web, worker = image.run("web", local), image.run("worker", local)
    web.url = f"http://{LOOPBACK}:{port}"
    web.wait_ready("/readyz", 60)
    client = Client(web.url)
    job = client.picture("a lighthouse", size="512x512")
    assert client.get(job["image"]["url"]).headers["Content-Type"].startswith("image/")
    assert client.get("/").text.count("/static/") > 0
    assert image.check(image_health_check(), local) == 0
    assert image.check(worker_health_check(), local) == 0
    assert worker.terminate(60) == 0, worker.log
    assert web.terminate(60) == 0, web.log
    assert image.check(image_health_check(), local) != 0
    assert image.files() == before


def test_nothing_of_the_image_can_be_changed_by_its_user(image: Image) -> None:
    command = ["sh", "-c", "for path in app app/config venv; do touch $path/x && exit 1; done; exit 0"]
    assert subprocess.run(command, cwd=image.folder, user=image.user, capture_output=True).returncode == 0


def test_the_image_holds_no_tests_no_secrets_and_no_leftovers(image: Image) -> None:
    names = {path.name for path in image.app.iterdir()}
    assert not names & {"tests", ".env", ".git", ".venv", "bench", "docs"}
    assert "staticfiles" in names


def image_health_check() -> list[str]:
    found = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])\nCMD", DOCKERFILE, re.DOTALL)
    assert found
    return list(json.loads(found[1].replace("\\\n", "")))


def worker_health_check() -> list[str]:
    kind, command = SERVICES["worker"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    return ["sh", "-c", command.replace("$$", "$")]

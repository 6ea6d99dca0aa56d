"""`make run`: web, worker and sweeper in one process."""

from __future__ import annotations

import errno
import logging
import os
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from waitress.server import create_server

from config import env, problems
from config.celery import app
from config.logs import redact
from config.wsgi import application
from images.health import are_tables_old
from images.models import Job
from workers import backends
from workers.leases import leases
from workers.steps import Keeper, start_threads

SERVER_OPTIONS: dict[str, Any] = {
    "threads": 12,
    "ident": "",
    "clear_untrusted_proxy_headers": False,  # TRUSTED_PROXIES says whom the app believes
    "max_request_body_size": 2_000_000,  # bytes: kept before the app sees them, which refuses far less
}
LAST_WORDS_SECONDS = 2.5
RESTART_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run everything in one process: the web pages, the worker that draws, and the sweeper."

    def handle(self, *args: Any, **options: Any) -> None:
        reach_database()
        migrate_if_needed()
        server = listen()
        self.greet(port_of(server))
        threading.Thread(target=self.tell_about_provider, daemon=True, name="check").start()
        start_threads()
        threading.Thread(target=run_worker, daemon=True, name="worker").start()
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
            signal.signal(number, signal.default_int_handler)
        try:
            server.run()
        finally:
            self.part()

    def greet(self, port: int) -> None:
        waiting = Job.objects.filter(status__in=("queued", "running")).count()
        host = env.text("HOST", "127.0.0.1").replace("*", "localhost")
        self.stdout.write(f"Open http://{host}:{port} in your browser.")
        self.stdout.write(who_draws())
        if waiting:
            self.stdout.write(f"{pictures(waiting)} from the last time will be drawn now.")
        self.stdout.write("Press Ctrl-C to stop.")
        self.stdout.flush()

    def tell_about_provider(self) -> None:
        """The short form of `check_provider`, while the pages are served already."""
        if backends.chosen() == "huggingface":
            for line in backends.check():
                self.stdout.write(f"{'ok' if line.ok else 'NO'}  {line.text}")
            self.stdout.flush()

    def part(self) -> None:
        leases.close()
        leases.wait_until_idle(LAST_WORDS_SECONDS)
        leases.release()
        left = Job.objects.queued().count()
        note = f"{pictures(left)} in the queue; drawing goes on at the next start." if left else "Nothing is waiting."
        self.stdout.write(f"\nStopped. {note}")
        self.stdout.flush()
        os._exit(0)  # the worker's threads have nothing left to lose


def pictures(number: int) -> str:
    return "1 picture" if number == 1 else f"{number} pictures"


def who_draws() -> str:
    name = backends.chosen()
    if settings.IMAGE_PROVIDER != "auto":
        return f"{name} draws, as IMAGE_PROVIDER says."
    if name == "demo":
        return "No token was found: the built-in demo draws. Set HF_TOKEN in .env for real pictures."
    return f"A token was found: {name} draws with {settings.HF_MODEL}."


def reach_database() -> None:
    try:
        connection.ensure_connection()
    except Error as error:
        reason = redact(str(error).partition("\n")[0])
        raise CommandError(f"The database cannot be reached: check DATABASE_URL ({reason}).") from None


def migrate_if_needed() -> None:
    if are_tables_old():
        call_command("migrate", verbosity=0)


def listen() -> Any:
    host, port = env.text("HOST", "127.0.0.1"), env.number("PORT", 8000, 0, 65535)
    problems.stop_if_any()
    try:
        return create_server(application, host=host, port=port, **SERVER_OPTIONS)
    except (OSError, ValueError) as error:
        raise CommandError(f"The address {host}:{port} cannot be used ({error}). {advice(error)}") from None


def advice(error: OSError | ValueError) -> str:
    """Waitress makes a ValueError of a host that cannot be found."""
    if isinstance(error, ValueError) or error.errno == errno.EADDRNOTAVAIL:
        return "Set HOST to a name or an address of this machine."
    return "Set PORT to another number."


def port_of(server: Any) -> int:
    """A name may have several addresses, and waitress then a server for each."""
    several = getattr(server, "effective_listen", None)
    return int(several[0][1] if several else server.effective_port)


def run_worker() -> None:
    """There is no supervisor here, so a worker that gave up (Celery may, when Redis dies) is started again."""
    app.steps["worker"].discard(Keeper)  # its threads belong to the whole process here
    while not leases.closed:
        try:
            app.WorkController(without_gossip=True, without_mingle=True, without_heartbeat=True).start()
        except Exception:
            logger.exception("the worker could not start")
        time.sleep(RESTART_SECONDS)

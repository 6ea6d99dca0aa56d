"""Other ways to do the same job, started as their own documents say, and the client that each of them needs."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests import services
from tests.bench.browser import Browser
from tests.bench.crowd import PROMPT
from tests.services import Process, RedisServer

THEIRS = services.ROOT / ".venv-bench" / "bin"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAUSE = 0.25
RQ_WORKERS = 16
GUNICORN = ["-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--bind"]


class Original:
    """The plan that this app began with: the view waits for the provider, and base64 is kept in the row."""

    name = "original plan (the view waits, base64 in the row)"

    @staticmethod
    def draw(browser: Browser) -> None:
        answer = browser.ask("POST", "/generate/", urlencode({"prompt": PROMPT}).encode(), FORM)
        assert answer.status == 200 and len(answer.json["image"]) > 1000

    @staticmethod
    @contextmanager
    def running(provider: str) -> Iterator[list[Process]]:
        more = {"PROVIDER_URL": provider, "FOLDER": str(services.new_folder("original"))}
        with web([sys.executable, *GUNICORN, "{}", "--preload", "tests.bench.original:application"], more) as server:
            yield [server]


class WithRq:
    """Django and django-rq; the page asks each 0.25 s."""

    name = f"Django + django-rq with {RQ_WORKERS} workers, polled each {PAUSE} s"

    @staticmethod
    def draw(browser: Browser) -> None:
        job = browser.ask("POST", "/generate/", urlencode({"prompt": PROMPT}).encode(), FORM).json["id"]
        while not (state := browser.get(f"/status/{job}/").json)["done"]:
            assert not state["failed"]
            time.sleep(PAUSE)
        assert len(browser.get(f"/file/{job}/").body) > 1000

    @staticmethod
    @contextmanager
    def running(provider: str) -> Iterator[list[Process]]:
        redis, folder = RedisServer().start(), services.new_folder("rq")
        more = {
            "DJANGO_SETTINGS_MODULE": "tests.bench.with_rq",
            "REDIS_URL": redis.url,
            "PYTHONPATH": str(services.ROOT),
        }
        more |= {"PROVIDER_URL": provider, "FOLDER": str(folder)}
        command = [str(THEIRS / "django-admin"), "rqworker-pool", "--num-workers", str(RQ_WORKERS)]
        workers = Process(command, folder / "log", services.clean_environment() | more).start()
        factory = "django.core.wsgi:get_wsgi_application()"
        try:
            with web([str(THEIRS / "python"), *GUNICORN, "{}", factory], more) as server:
                yield [server, workers]
        finally:
            workers.kill9()
            redis.kill()


class WithGradio:
    """A Gradio app; its queue answers on a connection that is held."""

    name = "Gradio's queue, 16 at once"

    @staticmethod
    def draw(browser: Browser) -> None:
        sent = json.dumps({"data": [PROMPT]}).encode()
        event = browser.ask("POST", "/gradio_api/call/draw", sent, {"Content-Type": "application/json"}).json[
            "event_id"
        ]
        said = browser.get(f"/gradio_api/call/draw/{event}").body.decode()
        assert "event: complete" in said, said
        file = json.loads(said.rpartition("data: ")[2])[0]
        assert len(browser.get(urlsplit(file["url"]).path).body) > 1000

    @staticmethod
    @contextmanager
    def running(provider: str) -> Iterator[list[Process]]:
        more = {
            "PROVIDER_URL": provider,
            "FOLDER": str(services.new_folder("gradio")),
            "GRADIO_ANALYTICS_ENABLED": "False",
        }
        with web([str(THEIRS / "python"), "-m", "tests.bench.with_gradio", "{port}"], more) as server:
            yield [server]


@contextmanager
def web(command: list[str], more: Mapping[str, str]) -> Iterator[Process]:
    """A server whose command has `{}` for its address, or `{port}`."""
    port, folder = services.free_port(), services.new_folder("other")
    filled = [part.replace("{port}", str(port)).replace("{}", f"127.0.0.1:{port}") for part in command]
    url = f"http://127.0.0.1:{port}"
    process = Process(filled, Path(folder) / "log", services.clean_environment() | more, url=url).start()
    try:
        process.wait_for(lambda: listens(port), 60, "the other way listens")
        yield process
    finally:
        process.kill9()


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex((services.LOOPBACK, port)) == 0

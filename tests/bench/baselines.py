"""The same pictures through the original plan: what we must be better than, measured in the same run."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from tests import services
from tests.bench import stage
from tests.bench.browser import Browser
from tests.bench.crowd import PROMPT
from tests.bench.poll import DELAY, one_user, overheads
from tests.bench.table import Row, median
from tests.services import Process

NAME = "original plan (the view waits, base64 in the row)"
PICTURES = 200


def draw(browser: Browser) -> float:
    """Seconds until the picture is in hand."""
    start = time.perf_counter()
    fields = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = browser.ask("POST", "/generate/", urlencode({"prompt": PROMPT}).encode(), fields)
    assert answer.status == 200 and len(answer.json["image"]) > 1000
    return time.perf_counter() - start


def started(provider_url: str) -> Process:
    folder, port = services.new_folder("original"), services.free_port()
    options = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "gunicorn", *options, "--preload", "tests.bench.original:application"]
    env = services.clean_environment() | {"PROVIDER_URL": provider_url, "FOLDER": str(folder)}
    process = Process(command, folder / "log", env, url=f"http://127.0.0.1:{port}").start()
    return process.wait_ready("/gallery/")


def crowd(url: str, users: int, jobs: int) -> float:
    """Pictures per second."""
    browsers = [Browser(url) for _ in range(users)]
    with ThreadPoolExecutor(users) as pool:
        start = time.perf_counter()
        list(pool.map(lambda browser: [draw(browser) for _ in range(jobs)], browsers))
        return users * jobs / (time.perf_counter() - start)


def original() -> list[Row]:
    with stage.provider(DELAY) as settings:
        process = started(str(settings["HF_ROUTER_URL"]))
        browser = Browser(process.url)
        over = [(draw(browser) - DELAY) * 1000 for _ in range(25)][5:]
        sixteen = median([crowd(process.url, 16, 4) for _ in range(3)]) / (16 / DELAY) * 100
        many = crowd(process.url, 64, 2) / (64 / DELAY) * 100
        crowd(process.url, 16, PICTURES // 16)
        page = Browser(process.url).get("/gallery/").body
        process.kill9()
    return [
        Row(f"{NAME}: overhead p50, one user", median(over), "ms", note="a closed tab loses the picture"),
        Row(f"{NAME}: 16 users x 4, share of users / latency", sixteen, "%"),
        Row(f"{NAME}: 64 users x 2, share of users / latency", many, "%", note="16 threads wait, 48 people too"),
        Row(f"{NAME}: gallery of {PICTURES}", len(page) / 1e6, "MB"),
    ]


def ours() -> list[Row]:
    """Beside it, so that one look compares them."""
    with stage.provider(DELAY) as settings, stage.embedded(**settings) as app:
        return [Row("this app, embedded: overhead p50, one user", median(overheads(one_user(app.url, 20))), "ms")]


def run() -> list[Row]:
    return [*original(), *ours()]

"""Bytes of the pages, and how long a start takes."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
from pathlib import Path

from tests import services
from tests.bench import stage
from tests.bench.browser import Browser
from tests.bench.crowd import Crowd
from tests.bench.table import Row, median

PICTURES = 48
KB, MB = 1000, 1_000_000
WEB = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; import config.wsgi"


def compressed(path: str, browser: Browser) -> int:
    return len(gzip.compress(browser.get(path).body, 6))


def static_bytes(browser: Browser, page: bytes) -> int:
    """What a first visit loads beside the page, compressed as the server sends it."""
    found = set(re.findall(rb'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page))
    return sum(len(browser.get(path.decode(), {"Accept-Encoding": "br, gzip"}).body) for path in found)


def bytes_of_pages() -> list[Row]:
    with stage.provider(0.0) as settings, stage.embedded(**settings) as app:
        crowd = Crowd(app, 4)
        shown = crowd.round(PICTURES // 4).shown
        crowd.close()
        browser = Browser(app.url)
        small = sum(len(browser.get(f"{one.job['image']['thumbnail_url']}?w=256").body) for one in shown)
        large = sum(len(browser.get(one.job["image"]["thumbnail_url"]).body) for one in shown)
        page = browser.get("/gallery/").body
        html, home = compressed("/gallery/", browser), compressed("/", browser)
        static = static_bytes(browser, page)
    return [
        Row(f"{PICTURES} thumbnails of 256 px", small / MB, "MB", "< 1", small < MB),
        Row(f"{PICTURES} larger thumbnails, for sharp screens", large / MB, "MB"),
        Row(f"gallery of {PICTURES}, its HTML compressed", html / KB, "kB", "< 60", html < 60 * KB),
        Row("home page, its HTML compressed", home / KB, "kB", "< 60", home < 60 * KB),
        Row("scripts and styles of the gallery, as sent", static / KB, "kB", note="once: immutable"),
    ]


def seconds_to_first_page(app: services.AppProcesses) -> float:
    start = time.perf_counter()
    process = app.embedded()
    process.wait_ready("/")
    took = time.perf_counter() - start
    process.terminate()
    return took


def import_seconds(folder: Path) -> float:
    env = services.clean_environment() | {"SECRET_KEY": "bench" * 12, "VAR_DIR": str(folder)}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", WEB], env=env, cwd=services.ROOT, check=True)
    return time.perf_counter() - start


def starts() -> list[Row]:
    app = services.AppProcesses(services.new_folder("start"))
    seconds_to_first_page(app)
    second = median([seconds_to_first_page(app) for _ in range(5)])
    imports = median([import_seconds(app.folder) for _ in range(5)])
    return [
        Row("second start to the first page", second, "s", "< 2", second < 2),
        Row("a Python that imports the web process", imports, "s"),
    ]


def run() -> list[Row]:
    return [*bytes_of_pages(), *starts()]

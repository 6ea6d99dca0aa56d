"""The same pictures in other ways, and in ours beside them, measured in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench import stage
from tests.bench.browser import Browser
from tests.bench.crowd import PROMPT
from tests.bench.other_ways import THEIRS, Original, WithGradio, WithRq
from tests.bench.poll import DELAY
from tests.bench.table import Row, median
from tests.services import Process

Draw = Callable[[Browser], object]
USERS, JOBS, ROUNDS = 16, 4, 5
PICTURES = 200


def visitor(url: str) -> Browser:
    """With cookies, where there are some."""
    browser = Browser(url)
    browser.ask("GET", "/")
    browser.token = browser.cookies.get("csrftoken", "")
    return browser


def took(draw: Draw, browser: Browser) -> float:
    """Seconds until the picture is in hand."""
    start = time.perf_counter()
    draw(browser)
    return time.perf_counter() - start


def crowd(draw: Draw, browsers: Sequence[Browser], jobs: int) -> float:
    """Pictures per second."""
    with ThreadPoolExecutor(len(browsers)) as pool:
        start = time.perf_counter()
        list(pool.map(lambda browser: [draw(browser) for _ in range(jobs)], browsers))
        return len(browsers) * jobs / (time.perf_counter() - start)


def measured(name: str, draw: Draw, url: str, processes: Sequence[Process], note: str = "") -> list[Row]:
    one = visitor(url)
    over = [(took(draw, one) - DELAY) * 1000 for _ in range(28)][8:]
    browsers = [visitor(url) for _ in range(USERS)]
    crowd(draw, browsers, 2)
    busy = sum(stage.cpu_of(process) for process in processes)
    speed = median([crowd(draw, browsers, JOBS) for _ in range(ROUNDS)])
    cpu = (sum(stage.cpu_of(process) for process in processes) - busy) / (USERS * JOBS * ROUNDS)
    return [
        Row(f"{name}: overhead p50, one user", median(over), "ms", note=note),
        Row(f"{name}: {USERS} users x {JOBS}, share of users / latency", speed / (USERS / DELAY) * 100, "%"),
        Row(f"{name}: CPU per job", cpu * 1000, "ms"),
    ]


def another(way: Any, settings: dict[str, Any], note: str = "") -> list[Row]:
    with way.running(str(settings["HF_ROUTER_URL"])) as processes:
        rows = measured(way.name, way.draw, processes[0].url, processes, note)
        if way is Original:
            crowd(way.draw, [Browser(processes[0].url) for _ in range(USERS)], PICTURES // USERS)
            page = Browser(processes[0].url).get("/gallery/").body
            rows.append(Row(f"{way.name}: gallery of {PICTURES}", len(page) / 1e6, "MB"))
    return rows


def ours(settings: dict[str, Any]) -> list[Row]:
    with stage.embedded(**settings) as app:
        return measured("this app, embedded", lambda one: one.picture(PROMPT), app.url, app.processes)


def run() -> list[Row]:
    with stage.provider(DELAY) as settings:
        found = [*ours(settings), *another(Original, settings, "a closed tab loses the picture; no thumbnails")]
        if (THEIRS / "gradio").exists():
            found += [
                *another(WithRq, settings),
                *another(WithGradio, settings, "no thumbnails; a restart loses the queue"),
            ]
    return found

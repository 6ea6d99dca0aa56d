"""One user: from the click to the picture's last byte, without the provider's time."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

from tests.bench import stage
from tests.bench.browser import Browser, Shown
from tests.bench.table import Row, median, quantile

DELAY = 0.5
WARM_UP, PICTURES = 8, 40


def overheads(shown: list[Shown]) -> list[float]:
    """Milliseconds."""
    return [(one.took - DELAY) * 1000 for one in shown]


def one_user(url: str, pictures: int = PICTURES, pause: float = 0.0) -> list[Shown]:
    browser = Browser(url)
    browser.open_home()
    for _ in range(WARM_UP):
        browser.picture("a lighthouse at dusk", pause)
    return [one for _ in range(pictures) for one in browser.picture("a lighthouse at dusk", pause)]


def rows(name: str, shown: list[Shown], p50: int, p95: int) -> list[Row]:
    over, polls = overheads(shown), mean(one.polls for one in shown)
    return [
        Row(f"{name}: overhead p50", median(over), "ms", f"≤ {p50}", median(over) <= p50),
        Row(f"{name}: overhead p95", quantile(over, 0.95), "ms", f"≤ {p95}", quantile(over, 0.95) <= p95),
        Row(f"{name}: polls per job", polls, "", "≤ 4", polls <= 4),
        Row(f"{name}: submit p50", median([one.submit * 1000 for one in shown]), "ms"),
    ]


def run() -> list[Row]:
    found: list[Row] = []
    with stage.provider(DELAY) as settings:
        with stage.embedded(**settings) as app:
            found += rows("one user, embedded", one_user(app.url), 35, 80)
        with stage.embedded(**settings) as app:
            late = rows("one user, embedded, polls each 0.25 s", one_user(app.url, 20, 0.25), 285, 300)[0]
            found.append(replace(late, note="its own pause, at most, beside the 35 ms"))
        with stage.apart(**settings) as app:
            found += rows("one user, apart", one_user(app.url), 50, 120)
    return found

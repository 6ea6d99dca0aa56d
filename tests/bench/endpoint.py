"""What a poll and a submit cost, beside a Django view that does nothing and one that inserts a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from tests.bench import stage
from tests.bench.browser import Browser
from tests.bench.crowd import Crowd
from tests.bench.hammer import per_second
from tests.bench.table import Row, median

ROUNDS = 5


def request(method: str, path: str, cookies: Mapping[str, str], fields: Mapping[str, str] | None = None) -> bytes:
    body = urlencode(fields or {}).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def side_by_side(url: str, requests: Mapping[str, Sequence[bytes]]) -> dict[str, float]:
    """Answers per second, the median of rounds in which each has its turn."""
    found: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(ROUNDS):
        for name, data in requests.items():
            found[name].append(per_second(url, data))
    return {name: median(values) for name, values in found.items()}


def requests_of(browser: Browser) -> dict[str, bytes]:
    """One visitor's."""
    browser.open_home()
    jobs = [job["id"] for _ in range(5) for job in browser.submit("a lighthouse at dusk", count=4)["jobs"]]
    many = f"/status/?{urlencode([('id', one) for one in jobs])}"
    fields = {"prompt": "a lighthouse at dusk", "csrfmiddlewaretoken": browser.token}
    return {
        "empty": request("GET", "/bench/empty/", browser.cookies),
        "one job": request("GET", f"/status/{jobs[0]}/", browser.cookies),
        "20 jobs": request("GET", many, browser.cookies),
        "insert": request("POST", "/bench/insert/", browser.cookies, fields),
        "submit": request("POST", "/generate/", browser.cookies, fields),
    }


def ratio(name: str, found: Mapping[str, float], least: int, of: str) -> Row:
    share = found[name] / found[of] * 100
    note = f"{found[name]:,.0f}/s beside {found[of]:,.0f}/s"
    return Row(f"{name} against the view “{of}”", share, "%", f"≥ {least}", share >= least, note)


def run() -> list[Row]:
    found: dict[str, float] = {}
    more = {"DJANGO_SETTINGS_MODULE": "tests.bench.settings", "WEB_CONCURRENCY": "1"}
    with stage.provider() as settings, stage.apart(**settings, **more) as app:
        app.worker.kill9()  # what is submitted waits, so each round meets the same rows
        visitors = [requests_of(Browser(app.url)) for _ in range(8)]
        for names in (("empty", "one job", "20 jobs"), ("insert", "submit")):
            found |= side_by_side(app.url, {name: [one[name] for one in visitors] for name in names})
    return [
        ratio("one job", found, 70, "empty"),
        ratio("20 jobs", found, 50, "empty"),
        ratio("submit", found, 60, "insert"),
        *burst(),
    ]


def burst() -> list[Row]:
    """Two processes of the web, as in production."""
    with stage.provider() as settings, stage.apart(**settings) as app:
        crowd = Crowd(app, 64)
        crowd.burst()
        took = median([crowd.burst() for _ in range(ROUNDS)])
        crowd.close()
    return [Row("a burst of 64 submits is accepted within", took * 1000, "ms", "≤ 300", took <= 0.3)]

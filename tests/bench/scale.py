"""Gallery, search, claim and sweep with a thousand, a hundred thousand and a million pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests import services
from tests.bench import chart
from tests.bench.table import Row

SIZES = (1_000, 100_000, 1_000_000)
SEARCHES = (
    "search, a common word",
    "search, a word of a hundredth",
    "search, a rare word",
    "search, a word without spaces",
    "search, no such word",
)
FLAT = ("claim", "sweep", "turn of a new job")
DRAWN = ("first page", "last page", *SEARCHES[:3], "claim")
NOISE_MS = 3.0  # below that a ratio says nothing
Times = dict[int, dict[str, float]]


@contextmanager
def postgres() -> Iterator[services.PostgresServer]:
    server = services.PostgresServer(options=("shared_buffers=256MB", "max_wal_size=4GB")).start()
    try:
        yield server
    finally:
        server.kill()


def measured(address: str, pictures: int) -> dict[str, float]:
    env = services.clean_environment() | {"VAR_DIR": str(services.new_folder("rows")), "SECRET_KEY": "bench" * 12}
    command = [sys.executable, "-m", "tests.bench.rows", address, str(pictures)]
    done = subprocess.run(command, env=env, cwd=services.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def in_sqlite() -> Times:
    folder = services.new_folder("sqlite")
    found = {}
    for size in SIZES:
        path = folder / f"{size}.sqlite3"
        found[size] = measured(f"sqlite:///{path}", size)
        path.unlink()
    return found


def in_postgres() -> Times:
    with postgres() as server:
        return {size: measured(server.create_database(f"rows_{size}"), size) for size in SIZES}


def grows(name: str, what: str, times: Times, most: float) -> Row:
    """The largest against the smallest table."""
    small, large = times[SIZES[0]][what], times[SIZES[-1]][what]
    ratio = large / small
    note = ", ".join(f"{size:,}: {times[size][what]:.1f} ms" for size in SIZES)
    return Row(
        f"{name}, {what}: million against thousand", ratio, "x", f"≤ {most:g}", ratio <= most or large <= NOISE_MS, note
    )


def rows(name: str, times: Times) -> list[Row]:
    large = times[SIZES[-1]]
    ratio = large["last page"] / large["first page"]
    found = [
        Row(f"{name}, last page against first, a million", ratio, "x", "≤ 1.5", ratio <= 1.5),
        *(grows(name, what, times, 2) for what in ("first page", "last page", "starred", "mine")),
    ]
    for what in SEARCHES:
        note = ", ".join(f"{size:,}: {times[size][what]:.1f} ms" for size in SIZES)
        found.append(Row(f"{name}, {what}, a million", large[what], "ms", "< 100", large[what] < 100, note))
    return found + [grows(name, what, times, 2) for what in FLAT]


def run() -> list[Row]:
    found: list[Row] = []
    for name, measure in (("PostgreSQL", in_postgres), ("SQLite", in_sqlite)):
        times = measure()
        found += rows(name, times)
        lines = {what: [(size, times[size][what]) for size in SIZES] for what in DRAWN}
        chart.write(f"performance-rows-{name.lower()}.svg", f"{name}: milliseconds", "pictures", lines)
    return found

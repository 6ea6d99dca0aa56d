"""`python -m tests.bench.rows DATABASE_URL PICTURES`: fill a database, then time the hot queries in it; prints JSON.

A process of its own, because Django is bound to one database. Times are medians, in milliseconds, with the ORM's part.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from tests.bench.table import median

ROUNDS = 7
QUEUED_SHARE = 10  # a tenth as many jobs wait
OWNER = "visitor:" + "c" * 32
OWN = 100  # pictures of that owner, whoever else there is
COMMON, SOME, RARE, SIGNS = "lighthouse", "motif 77", "number 500", "霧の中"


def fill_sql(vendor: str) -> list[str]:
    text = (Path(__file__).parent / f"fill_{vendor}.sql").read_text(encoding="utf-8")
    return [statement for statement in text.split(";\n") if statement.strip()]


def fill(pictures: int) -> None:
    from django.db import connection

    values = {"pictures": pictures, "queued": pictures // QUEUED_SHARE, "owner": OWNER, "every": pictures // OWN}
    with connection.cursor() as cursor:
        for statement in fill_sql(connection.vendor):
            cursor.execute(statement.format(**values))
        if connection.vendor == "postgresql":  # as autovacuum does; nobody does it for SQLite
            cursor.execute("VACUUM ANALYZE")


def timed(act: Callable[[], Any]) -> float:
    """Milliseconds; the first call is not counted."""
    act()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    return median(times)


def last_cursor() -> str:
    """The cursor before the last page."""
    from images.gallery import PAGE_SIZE, encode
    from images.models import GeneratedImage

    oldest = GeneratedImage.objects.filter(deleted_at=None).order_by("created_at", "job_id")
    return encode(oldest[PAGE_SIZE])


def gallery_times() -> dict[str, float]:
    from images.gallery import Viewer, page

    nobody, owner, last = Viewer("visitor:0"), Viewer(OWNER), last_cursor()
    asked: dict[str, Callable[[], Any]] = {
        "first page": lambda: page(nobody),
        "last page": lambda: page(nobody, cursor=last),
        "starred": lambda: page(nobody, starred=True),
        "mine": lambda: page(owner, mine=True),
        "search, a common word": lambda: page(nobody, query=COMMON),
        "search, a word of a hundredth": lambda: page(nobody, query=SOME),
        "search, a rare word": lambda: page(nobody, query=RARE),
        "search, a word without spaces": lambda: page(nobody, query=SIGNS),
        "search, no such word": lambda: page(nobody, query="zebra"),
    }
    return {name: timed(act) for name, act in asked.items()}


def queue_times() -> dict[str, float]:
    from images.models import Chore, Job
    from workers import sweeper

    sweeper.messages_waiting = lambda: 10**9  # type: ignore[assignment]  # no broker here, and no wake-ups

    def sweep() -> None:
        Chore.objects.update(done_at="2000-01-01T00:00Z")
        sweeper.sweep()

    return {
        "claim": timed(lambda: Job.objects.claim("bench:1:a")),
        "sweep": timed(sweep),
        "turn of a new job": timed(lambda: Job.objects.current_turn()),
    }


def main(database: str, pictures: int) -> None:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database, "LOG_LEVEL": "ERROR"}
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    fill(pictures)
    filled = time.perf_counter() - start
    print(json.dumps({"fill_seconds": filled, **gallery_times(), **queue_times()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""The hot queries use the index that was made for them, on PostgreSQL and on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from images import estimates, gallery
from images.models import GeneratedImage, Job
from tests.unit.factories import OWNER, claim, picture_job
from tests.unit.test_costs import SOMEBODY, queries
from workers import sweeper, thumbnails

pytestmark = pytest.mark.django_db


def plan_of(statement: str) -> str:
    """Small tables are read from end to end whatever there is; with that made dear, the index shows that fits."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on")
    return plan


def plan_in_sqlite(statement: str) -> str:
    with connection.cursor() as cursor:
        return "\n".join(row[-1] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())


def plans(act: Callable[[], Any]) -> str:
    act()
    explain = plan_of if connection.vendor == "postgresql" else plan_in_sqlite
    return "\n".join(explain(query) for query in queries(act) if query.startswith("SELECT"))


def some_page(**wanted: Any) -> Callable[[], Any]:
    def look() -> None:
        gallery.page(SOMEBODY, **wanted)

    return look


def later_page() -> None:
    image = GeneratedImage.objects.latest("created_at")
    gallery.page(SOMEBODY, cursor=gallery.encode(image))


def neighbours() -> None:
    gallery.neighbours(SOMEBODY, GeneratedImage.objects.latest("created_at"))


HOT: dict[str, tuple[Callable[[], Any], str]] = {
    "first page": (some_page(), "picture_newest"),
    "a later page": (later_page, "picture_newest"),
    "neighbours": (neighbours, "picture_newest"),
    "starred": (some_page(starred=True), "picture_starred"),
    "claim": (claim, "job_next"),
    "turn of a new job": (lambda: Job.objects.current_turn(), "job_next"),
    "waiting jobs of an owner": (lambda: Job.objects.waiting_of(OWNER), "job_waiting_of_owner"),
    "the oldest that wait": (sweeper.give_up_the_oldest, "job_waited"),
    "pictures without thumbnails": (thumbnails.add_missing, "picture_no_thumbnail"),
    "the next retry": (sweeper.seconds_to_next, "job_due"),
    "how long pictures take": (estimates.measured_paces, "attempt_stored"),
}


def fill_the_queue() -> None:
    """Enough for PostgreSQL to tell one index from the other."""
    fields = {"prompt": "a red fox", "model": "m", "provider": "demo", "seed": 1}
    Job.objects.bulk_create(Job(owner=f"visitor:{turn % 50}", turn=turn, **fields) for turn in range(500))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE images_job")


@pytest.mark.parametrize("name", HOT)
def test_a_hot_query_uses_its_index(name: str) -> None:
    act, index = HOT[name]
    for _ in range(3):
        picture_job()
    fill_the_queue()
    assert index in plans(act)


def test_a_later_page_searches_in_the_index_instead_of_reading_all_of_it() -> None:
    picture_job()
    wanted = {"postgresql": "ROW(created_at, job_id) <", "sqlite": "(created_at,job_id)<"}
    assert wanted[connection.vendor] in plans(later_page)

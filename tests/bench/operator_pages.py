"""How quick the operator's pages are with 1,000,000 jobs in PostgreSQL: `python -m tests.bench.operator_pages [rows]`.

Starts a PostgreSQL of its own, fills it, asks each page five times and prints the median in milliseconds.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.services import PostgresServer, collect_static, new_folder

JOBS = """
INSERT INTO images_job (id, batch, owner, prompt, negative_prompt, style, model, provider, width, height, seed, status,
    version, turn, attempts, max_attempts, losses, error_code, error_message, created_at, queued_at, next_attempt_at,
    started_at, finished_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8'
        || substr(h, 4, 15))::uuid,
    h::uuid, 'visitor:' || md5((i % 5000)::text), (ARRAY['a red fox', 'a lighthouse at dusk', 'a quiet harbour',
    'an old tree in fog'])[1 + i % 4] || ' number ' || i || ', soft light, fine detail', '', '', 'sdxl', 'huggingface',
    1024, 1024, i, state, 1, i, CASE WHEN state = 'queued' THEN 0 ELSE 1 END, 5, 0,
    CASE WHEN state = 'failed' THEN (ARRAY['token_refused', 'token_refused', 'timeout', 'bad_input'])[1 + i % 4]
        ELSE '' END,
    CASE WHEN state = 'failed' THEN 'The picture service has a problem.' ELSE '' END,
    at, at, at, CASE WHEN state = 'queued' THEN NULL ELSE at + interval '2 s' END,
    CASE WHEN state IN ('queued', 'running') THEN NULL ELSE at + interval '9 s' END
FROM (
    SELECT i, md5(i::text) AS h, now() - ({rows} - i) * interval '5 s' AS at,
        CASE WHEN i % 25 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'canceled' WHEN i > {rows} - 2000 THEN 'queued'
            WHEN i > {rows} - 2020 THEN 'running' ELSE 'succeeded' END AS state
    FROM generate_series(1, {rows}) AS i
) AS made
"""
ATTEMPTS = """
INSERT INTO images_attempt (job_id, number, lease_token, worker, provider, started_at, finished_at, outcome,
    http_status, error_code, message, request_id, billed)
SELECT id, 1, id, 'host:1:aa', 'fal-ai', started_at, finished_at,
    CASE status WHEN 'failed' THEN 'failed' WHEN 'canceled' THEN 'canceled' ELSE 'stored' END,
    CASE error_code WHEN 'token_refused' THEN 401 WHEN 'timeout' THEN 504 WHEN 'bad_input' THEN 400 ELSE 200 END,
    error_code, '', '', false
FROM images_job WHERE status <> 'queued' AND status <> 'running' ORDER BY id
"""
IMAGES = """
INSERT INTO images_generatedimage (job_id, file, thumbnail, thumbnail_small, placeholder, width, height, format, bytes,
    sha256, provider, created_at, starred, ignored)
SELECT id, 'pictures/x.png', 'pictures/x-512.webp', 'pictures/x-320.webp', repeat('x', 300), 1024, 1024, 'PNG',
    1500000, repeat('0', 64), 'fal-ai', finished_at, false, '[]'
FROM images_job WHERE status = 'succeeded'
"""

JOB_LIST = "/admin/images/job/"
PAGES = {
    "jobs": JOB_LIST,
    "jobs, page 200": f"{JOB_LIST}?p=200",
    "failed jobs, with their reasons": f"{JOB_LIST}?status=failed",
    "one reason, status and provider": f"{JOB_LIST}?status=failed&code=timeout&http=504&provider=huggingface",
    "a status that nobody got": f"{JOB_LIST}?http=418",
    "a reason that nobody got": f"{JOB_LIST}?code=nothing",
    "jobs of one owner": f"{JOB_LIST}?owner=visitor:c4ca4238a0b923820dcc509a6f75849b",
    "jobs of the last day": f"{JOB_LIST}?since=day",
    "search for words": f"{JOB_LIST}?q=red+fox",
    "search for what is not there": f"{JOB_LIST}?q=zebra",
    "pictures": "/admin/images/generatedimage/",
    "the question before “retry all”": f"{JOB_LIST}operate/?do=retry&status=failed&code=token_refused",
    "control": "/admin/control/",
    "/metrics": "/metrics",
}


def prepare(rows: int) -> None:
    """A database with so many jobs, and Django that uses it."""
    database = PostgresServer().start().create_database("operator")
    os.environ |= {"DATABASE_URL": database, "SECRET_KEY": "x" * 50, "METRICS_TOKEN": "token-of-the-bench"}
    os.environ |= {"VAR_DIR": str(new_folder("bench")), "REDIS_URL": "", "HF_TOKEN": ""}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    collect_static()
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for statement in (JOBS, ATTEMPTS, IMAGES):
            cursor.execute(statement.replace("{rows}", str(rows)))
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


def times() -> Iterator[tuple[str, float]]:
    """(what, seconds)."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(HTTP_HOST="localhost", HTTP_AUTHORIZATION="Bearer token-of-the-bench")
    client.force_login(User.objects.create_superuser("operator"))
    for name, url in PAGES.items():
        yield name, statistics.median(measured(partial(get, client, url)) for _ in range(5))
    from django.utils.timezone import now

    from workers.operations import run

    wanted = {"status": "failed", "code": "token_refused"}
    yield "retry 20,000 in batches of 500", measured(partial(run, "retry", wanted, now()))


def get(client: Any, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)


def measured(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    prepare(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    for name, seconds in times():
        print(f"{name:40} {seconds * 1000:10,.0f} ms", flush=True)


if __name__ == "__main__":
    main()

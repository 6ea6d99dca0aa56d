"""How many pictures a second a setup makes, and what each part spends: `python -m tests.scale.capacity --workers 1
--concurrency 16 --delay 2 --jobs 200`. Prints one row of each table in docs/scaling.md.

Starts Redis, PostgreSQL, a web, the workers and a stub of Hugging Face that takes `delay` seconds for a 1024 x 1024
picture, all on this machine, so the stub and the watcher take their share of it too.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from tests.scale.fleet import Fleet, StubProcess
from tests.services import AppProcesses, Client, PostgresServer, Process, RedisServer, descendants, new_folder

REQUESTS = 200
TICKS = os.sysconf("SC_CLK_TCK")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.scale.capacity")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--delay", type=float, default=2.0)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--storage", choices=("filesystem", "database"), default="filesystem")
    return parser.parse_args()


def processor_seconds(process: Process) -> float:
    """Spent by the process, the children that live and those that have ended."""
    return sum(spent(pid) for pid in (process.pid, *descendants(process.pid)))


def spent(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS


def memory(process: Process) -> int:
    """Megabytes that are its own."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    lines = [line.split() for line in text.splitlines() if line.startswith("Pss:")]
    return int(lines[0][1]) // 1024


def submit_all(fleet: Fleet, jobs: int) -> None:
    client = Client(fleet.webs[0].url)
    for number in range(0, jobs, 4):
        client.submit(f"a red fox {number}", count=min(4, jobs - number), size="1024x1024", seed=number)


def measure(fleet: Fleet, parts: dict[str, list[Process]], jobs: int) -> dict[str, float]:
    """Pictures per second between a tenth and nine tenths of the jobs, and processor seconds per picture."""
    first, last = jobs // 10, jobs * 9 // 10
    wait_for(fleet, first)
    before, started, done = totals(parts), time.monotonic(), fleet.count("succeeded")
    wait_for(fleet, last)
    made = fleet.count("succeeded") - done
    after, seconds = totals(parts), time.monotonic() - started
    fleet.until_succeeded(jobs, 600)
    return {"rate": made / seconds, **{name: (after[name] - before[name]) / made for name in parts}}


def wait_for(fleet: Fleet, number: int) -> None:
    while fleet.count("succeeded") < number:
        time.sleep(0.1)


def totals(parts: dict[str, list[Process]]) -> dict[str, float]:
    return {name: sum(processor_seconds(process) for process in processes) for name, processes in parts.items()}


def main() -> None:
    asked, folder = options(), new_folder("capacity")
    redis, postgres = RedisServer().start(), PostgresServer().start()
    database = postgres.create_database("capacity")
    AppProcesses(folder / "migrate", DATABASE_URL=database).manage("migrate")
    stub = StubProcess(folder / "stub", asked.delay)
    no_limits = {"RATE_LIMIT": "", "MAX_WAITING": 100_000, "MONTHLY_CHARACTER_BUDGET": 0, "WEB_CONCURRENCY": 1}
    shared = {"REDIS_URL": redis.url, "DATABASE_URL": database, "MEDIA_ROOT": str(folder / "media"), **no_limits}
    concurrency = {"WORKER_CONCURRENCY": asked.concurrency, "IMAGE_STORAGE": asked.storage}
    fleet = Fleet(folder, **shared, **concurrency, **stub.settings())
    fleet.start(webs=1, workers=0)
    submit_all(fleet, asked.jobs)
    for _ in range(asked.workers):
        fleet.add_worker()
    parts = {"worker": fleet.workers, "postgres": [postgres.own], "redis": [redis.own], "stub": [stub.process]}
    report(asked, measure(fleet, parts, asked.jobs), memory(fleet.workers[0]))
    report_web(fleet, [str(pk) for (pk,) in fleet.rows("SELECT job_id FROM images_generatedimage LIMIT 100")])
    fleet.kill_all()


def report_web(fleet: Fleet, ids: list[str]) -> None:
    """Processor milliseconds of the web for each kind of request, over 200 of each."""
    client = Client(fleet.webs[0].url)
    status = "/status/?" + "&".join(f"id={pk}" for pk in ids[:20])
    paths = {"status of 20 jobs": status, "gallery": "/gallery/", "thumbnail": f"/images/{ids[0]}/thumbnail"}
    for name, path in paths.items():
        before = processor_seconds(fleet.webs[0])
        for _ in range(REQUESTS):
            assert client.get(path).status_code == 200
        print(f"| {name} | {(processor_seconds(fleet.webs[0]) - before) / REQUESTS * 1000:.1f} ms |")


def report(asked: argparse.Namespace, found: dict[str, float], megabytes: int) -> None:
    bound = asked.workers * asked.concurrency / asked.delay
    setup = f"{asked.workers} x {asked.concurrency}, {asked.delay:g} s, {asked.storage}"
    spent = " | ".join(f"{found[name] * 1000:.0f} ms" for name in ("worker", "postgres", "redis", "stub"))
    print("| setup | by waiting alone | measured | worker | PostgreSQL | Redis | stub | worker's memory |")
    print(f"| {setup} | {bound:.1f}/s | {found['rate']:.1f}/s | {spent} | {megabytes} MB |")


if __name__ == "__main__":
    main()

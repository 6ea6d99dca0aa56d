"""How many pictures a crowd gets, what they cost, and how that grows with the crowd."""

from __future__ import annotations

from statistics import mean

from tests.bench import chart, stage
from tests.bench.crowd import Crowd, Round
from tests.bench.poll import DELAY
from tests.bench.table import Row, median, quantile

ROUNDS = 5
GROWTH = (1, 4, 16, 64, 256)


def rounds(app: stage.Stage, users: int, jobs: int, count: int = ROUNDS) -> list[Round]:
    """After one round that is not counted: it warms up connections and the app's knowledge of its times."""
    crowd = Crowd(app, users)
    crowd.round(2)
    found = [crowd.round(jobs) for _ in range(count)]
    crowd.close()
    return found


def rows(name: str, app: stage.Stage, found: list[Round], users: int, least: int, cpu: int | None) -> list[Row]:
    share = median([one.per_second for one in found]) / (users / DELAY) * 100
    cost = median([one.cpu_ms for one in found])
    polls = mean(one.polls for round in found for one in round.shown)
    return [
        Row(f"{name}: share of users / latency", share, "%", f"≥ {least}", share >= least),
        Row(f"{name}: CPU per job", cost, "ms", f"≤ {cpu}" if cpu else "", cost <= cpu if cpu else None),
        Row(f"{name}: polls per job", polls, "", "≤ 4", polls <= 4),
    ]


def memory(name: str, megabytes: float, most: int) -> Row:
    return Row(f"{name}: memory", megabytes, "MB", f"< {most}", megabytes < most)


def sixteen() -> list[Row]:
    found: list[Row] = []
    with stage.provider(DELAY) as settings:
        for name, place in (("embedded", stage.embedded), ("apart", stage.apart)):
            with place(**settings) as app:
                label = f"16 users x 4, {name}"
                found += rows(label, app, rounds(app, 16, 4), 16, 90, 25)
                if name == "embedded":
                    found.append(memory(label, stage.memory_mb(app.web), 130))
    return found


def sixty_four() -> list[Row]:
    label = "64 users x 4, 256 px, one worker of 64 threads"
    with stage.provider(DELAY, side=256) as settings, stage.apart(worker_threads=64, **settings) as app:
        found = rows(label, app, rounds(app, 64, 4), 64, 85, None)
        return [*found, memory(f"{label}, the worker", stage.memory_mb(app.worker), 200)]


def growth() -> list[Row]:
    """The chart's figures: one row for each size of the crowd."""
    found: list[Row] = []
    points: list[tuple[float, float, float]] = []
    with stage.provider(DELAY, side=256) as settings, stage.apart(worker_threads=64, **settings) as app:
        for users in GROWTH:
            each = rounds(app, users, max(2, 16 // users))
            speed = median([one.per_second for one in each])
            p95 = quantile([picture.took for one in each for picture in one.shown], 0.95)
            points.append((users, speed, p95))
            found.append(Row(f"growth: {users} users", speed, "jobs/s", note=f"p95 {p95:.2f} s to the picture"))
    chart.write_growth(points)
    return found


def run() -> list[Row]:
    return [*sixteen(), *sixty_four(), *growth()]

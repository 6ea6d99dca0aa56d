"""How long it will take, and when to ask again. Seconds, but milliseconds for the page.

A poll that comes just after the end shows the picture as early as a push would. So the page is told to ask when the
quickest of the model's last pictures would be done, and then in short steps that fit how much their times differ.
"""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Sum
from django.utils import timezone

from images.models import ALL_PROVIDERS, Attempt, Job, ProviderState, Status, Worker
from images.models.prepared import Prepared, rows
from images.models.seen import Seen
from images.pace import SURE_RUNS, Pace, pace_of

KNOWN_RUNS = 20
LAST_RUNS = 200  # looked at for all models together, so that a rare model costs no long search
LONGEST_LIST = 500
CACHE_SECONDS = 5.0
SOON_SECONDS = 0.25  # what is not sure yet is looked up again soon
NEWS_SECONDS = 0.05  # a job that is newer than the queue we know is put into it ourselves for so long

SLOWEST_POLL = 3.0
UNKNOWN_POLL = 5.0
STARTED = 0.5  # when a worker is free, a job of a slow model is looked at then, to be seen drawn and not waiting
SURELY_STARTED = 2.0  # who waits longer although there is room waits for a worker

UNKNOWN = Pace()
T = TypeVar("T")


@dataclass
class Outlook:
    """What the queue looks like now, for the jobs that were asked for. `now` is the database's clock."""

    places: dict[UUID, int] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    held: dict[str, ProviderState] = field(default_factory=dict)
    concurrency: int = 1
    running: int = 0
    now: datetime = field(default_factory=timezone.now)

    def position(self, job: Job | Seen) -> int | None:
        """How many jobs go first; None when not waiting for its turn."""
        return self.places.get(job.pk) if job.status == Status.QUEUED else None

    def eta(self, job: Job | Seen) -> float | None:
        """Seconds until the picture is expected; None when that cannot be known."""
        pace = self.pace(job)
        if job.status == Status.RUNNING and job.started_at:
            return max(0.0, pace.usual - self.since(job.started_at))
        wait = self.until_start(job, pace)
        return None if wait is None else wait + pace.usual

    def poll_after_ms(self, job: Job | Seen) -> int:
        """Soon when the picture is near, seldom when it is far."""
        pace = self.pace(job)
        if job.status == Status.RUNNING and job.started_at:
            seconds: float | None = pace.step(self.since(job.started_at))
        else:
            wait = self.until_start(job, pace)
            seconds = None if wait is None else wait + pace.early
            if wait == 0 and pace.early > 2 * STARTED and self.since(job.next_attempt_at) < SURELY_STARTED:
                seconds = STARTED
        return round(1000 * (UNKNOWN_POLL if seconds is None else min(seconds, SLOWEST_POLL)))

    def until_start(self, job: Job | Seen, pace: Pace) -> float | None:
        """Seconds until a worker takes it: at once while one is free, else when those before it are done."""
        if job.status != Status.QUEUED or job.provider in self.held:
            return None
        until_due = max(0.0, -self.since(job.next_attempt_at))
        before = self.places.get(job.pk, 0) + self.running + 1 - self.concurrency
        return until_due + pace.usual * max(0, before) / self.concurrency

    def pace(self, job: Job | Seen) -> Pace:
        return self.paces.get(job.model, UNKNOWN)

    def since(self, moment: datetime) -> float:
        return (self.now - moment).total_seconds()


def look_out(jobs: Sequence[Job | Seen], now: datetime | None) -> Outlook:
    """Empty without a query when nothing waits or runs."""
    if not jobs:
        return Outlook()
    waiting = [job for job in jobs if job.status == Status.QUEUED]
    now = now or timezone.now()
    due = [job for job in waiting if job.next_attempt_at <= now]
    known, queue = all_paces(), queue_now(due) if waiting else Queue()
    started = sorted((job.turn, job.pk) for job in jobs if job.status == Status.RUNNING and queue.lists(job))
    return Outlook(
        places={job.pk: queue.place(job) - bisect_left(started, (job.turn, job.pk)) for job in due},
        paces=known,
        held=held_providers(queue.blocked, {job.provider for job in waiting}),
        concurrency=concurrency(),
        running=queue.running + len(started),
        now=now,
    )


@lru_cache
def due_query() -> Prepared:
    return rows(Job.objects.due().order_by("turn", "id").values_list("turn", "pk")[:LONGEST_LIST])


@lru_cache
def running_query() -> Prepared:
    one_row = Job.objects.filter(status=Status.RUNNING).values("status").order_by().annotate(number=Count("pk"))
    return rows(one_row.values_list("number"))


@dataclass(frozen=True)
class Queue:
    """The first LONGEST_LIST waiting jobs in order, how many run, and which providers' jobs must wait."""

    turns: list[tuple[int, UUID]] = field(default_factory=list)
    running: int = 0
    blocked: frozenset[str] = frozenset()
    read_at: float = field(default_factory=time.monotonic)

    def place(self, job: Job | Seen) -> int:
        """From 0."""
        return bisect_left(self.turns, (job.turn, job.pk))

    def lists(self, job: Job | Seen) -> bool:
        place = self.place(job)
        return self.turns[place : place + 1] == [(job.turn, job.pk)]

    def knows(self, job: Job | Seen) -> bool:
        return self.place(job) >= LONGEST_LIST or self.lists(job)


def queue_now(due: Sequence[Job | Seen]) -> Queue:
    """It may be a moment old, unless one of these jobs is newer."""
    known: Queue | None = cached("queue")
    news = [job for job in due if known and not known.knows(job)]
    if not known or (news and time.monotonic() - known.read_at > NEWS_SECONDS):
        return keep("queue", read_queue(), SOON_SECONDS)
    for job in news:
        insort(known.turns, (job.turn, job.pk))
    return known


def read_queue() -> Queue:
    running = sum(number for (number,) in running_query().fetch())
    turns = [(turn, pk) for turn, pk in due_query().fetch()]
    return Queue(turns, running, frozenset(ProviderState.objects.blocked()))


def held_providers(blocked: frozenset[str], names: set[str]) -> dict[str, ProviderState]:
    wanted = blocked & {*names, ALL_PROVIDERS}
    rows = ProviderState.objects.in_bulk(wanted) if wanted else {}
    everything = rows.get(ALL_PROVIDERS)
    return dict.fromkeys(names, everything) if everything else rows


_cache: dict[str, tuple[float, object]] = {}


def cached(key: str) -> Any:
    until, value = _cache.get(key, (0.0, None))
    return value if until > time.monotonic() else None


def keep(key: str, value: T, seconds: float = CACHE_SECONDS) -> T:
    _cache[key] = (time.monotonic() + seconds, value)
    return value


def all_paces() -> dict[str, Pace]:
    """Of every model drawn lately. Few pictures are soon more, so what they say is kept for a moment only."""
    known: dict[str, Pace] | None = cached("paces")
    if known is not None:
        return known
    found = measured_paces()
    sure = bool(found) and all(pace.runs >= SURE_RUNS for pace in found.values())
    return keep("paces", found, CACHE_SECONDS if sure else SOON_SECONDS)


def measured_paces() -> dict[str, Pace]:
    """Of each model's last pictures, from the claim to the stored row."""
    last = Attempt.objects.filter(outcome="stored", finished_at__isnull=False).order_by("-finished_at")
    runs: dict[str, list[float]] = defaultdict(list)
    for model, began, ended in last.values_list("job__model", "started_at", "finished_at")[:LAST_RUNS]:
        if ended and len(runs[model]) < KNOWN_RUNS:
            runs[model].append((ended - began).total_seconds())
    return {model: pace_of(seconds) for model, seconds in runs.items()}


def concurrency() -> int:
    """How many pictures all workers together draw at once."""
    known: int | None = cached("concurrency")
    if known is None:
        seen = Worker.objects.alive().aggregate(total=Sum("concurrency"))["total"]
        known = keep("concurrency", int(seen or settings.WORKER_CONCURRENCY))
    return max(1, known)

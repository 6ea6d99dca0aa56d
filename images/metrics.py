"""Numbers for Prometheus, read from the database at each scrape: so they are right however many processes there are.

What has ended is counted over the last WINDOW. Totals since the beginning would shrink when jobs are purged, and
Prometheus takes a shrinking counter for a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import Now
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from images.health import OK, report
from images.matching import exact_counts, newest
from images.models import Attempt, Job, Outcome, ProviderState

WINDOW = timedelta(minutes=5)
RECENT = 50_000  # attempts that are looked at: more than the window holds at 160 a second
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
FACTS = {
    "oldest_queued_seconds": "How long the oldest waiting job has waited.",
    "last_sweep_seconds": "Seconds since a worker swept.",
    "storage_free_bytes": "Free bytes where pictures are kept.",
    "workers": "Worker processes seen in the last 45 seconds.",
    "worker_slots": "Pictures that they can draw at once.",
    "running_slots": "Pictures that they draw now.",
}


class FromDatabase(Collector):
    def collect(self) -> Iterator[Metric]:
        known = report()
        yield from of_health(known)
        if known["checks"]["database"] != OK:
            return
        yield gauge("jobs", "Jobs by state.", exact_counts().items(), "status")
        submitted = newest(Job.objects.all()).filter(created_at__gte=Now() - WINDOW)
        yield gauge("submitted", "Jobs submitted in the last 5 minutes.", [(submitted.count(),)])
        yield from of_attempts()
        yield gauge("provider_blocked", "Whether its jobs must wait, and why.", blocked(), "provider", "why")
        faults = ProviderState.objects.values_list("name", "failures")
        yield gauge("provider_failures", "Faults of this provider in a row.", faults, "provider")


def gauge(name: str, words: str, rows: Iterable[tuple[Any, ...]], *labels: str) -> Metric:
    """Each row holds a value for each label, and the number."""
    family = GaugeMetricFamily(f"images_{name}", words, labels=labels)
    for *values, number in rows:
        family.add_metric(values, float(number))
    return family


def of_health(known: dict[str, Any]) -> Iterator[Metric]:
    numbers = {**known, **of_workers(known["workers"])} if "workers" in known else known
    for name, words in FACTS.items():
        if numbers.get(name) is not None:
            yield gauge(name, words, [(numbers[name],)])
    checks = [(name, state == OK) for name, state in known["checks"].items()]
    yield gauge("check_ok", "Whether database, broker, sweeper and storage work.", checks, "check")


def of_workers(workers: list[dict[str, Any]]) -> dict[str, int]:
    slots, running = (sum(one[key] for one in workers) for key in ("concurrency", "running"))
    return {"workers": len(workers), "worker_slots": slots, "running_slots": running}


def of_attempts() -> Iterator[Metric]:
    """Out of the RECENT newest ones; their ids grow with time."""
    last = Attempt.objects.order_by("-id").values_list("id", flat=True).first() or 0
    recent = Attempt.objects.filter(id__gt=last - RECENT).order_by()
    ended = recent.filter(finished_at__gte=Now() - WINDOW)
    counted = ended.values_list("provider", "outcome", "error_code").annotate(number=Count("id"))
    yield gauge("attempts", "Attempts that ended in the last 5 minutes.", counted, "provider", "outcome", "code")
    first = recent.filter(number=1, started_at__gte=Now() - WINDOW).annotate(
        took=F("started_at") - F("job__created_at")
    )
    yield histogram("wait_seconds", "From submit to the first attempt, last 5 minutes.", first)
    stored = ended.filter(outcome=Outcome.STORED).annotate(took=F("finished_at") - F("started_at"))
    yield histogram("run_seconds", "Attempts that ended with a picture, last 5 minutes.", stored)


def histogram(name: str, words: str, rows: QuerySet[Any]) -> Metric:
    """Of how long each of the rows `took`."""
    within = {f"le{i}": Count("id", filter=Q(took__lte=timedelta(seconds=s))) for i, s in enumerate(BUCKETS)}
    found = rows.aggregate(mean=Avg("took"), all=Count("id"), **within)
    buckets = [(str(bound), found[f"le{i}"]) for i, bound in enumerate(BUCKETS)] + [("+Inf", found["all"])]
    total = found["mean"].total_seconds() * found["all"] if found["mean"] else 0.0
    return GaugeHistogramMetricFamily(f"images_{name}", words, buckets=buckets, gsum_value=total)


def blocked() -> Iterator[tuple[str, str, bool]]:
    """(provider, way in which it can be on hold, whether it is)."""
    for row in ProviderState.objects.annotate(now=Now()):
        yield row.name, "paused", bool(row.paused_at)
        yield row.name, "breaker", bool(row.open_until and row.open_until > row.now)
        yield row.name, "rate_limited", bool(row.hold_until and row.hold_until > row.now)

"""Numbers for Prometheus, read from the database at each scrape: so they are right however many processes there are.

What has ended is counted over the last WINDOW. Totals since the beginning would shrink when jobs are purged, and
Prometheus takes a shrinking counter for a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from images.health import report
from images.matching import newest
from images.models import Attempt, Job, Outcome, ProviderState, Status

WINDOW = timedelta(minutes=5)
RECENT = 50_000  # attempts that are looked at: more than the window holds at 160 a second
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)

FACTS = {
    "oldest_queued_seconds": "How long the oldest waiting job has waited.",
    "last_sweep_seconds": "Seconds since a worker swept.",
    "storage_free_bytes": "Free bytes where pictures are kept.",
}


def exposition() -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(FromDatabase())
    return generate_latest(registry)


class FromDatabase(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        recent = attempts()
        yield jobs_by_state()
        yield from from_facts()
        yield gauge("submitted", "Jobs submitted in the last 5 minutes.", submitted())
        yield outcomes(recent)
        first = recent.filter(number=1, started_at__gte=Now() - WINDOW)
        yield histogram("wait_seconds", "From submit to the first attempt, last 5 minutes.", first, "job__created_at")
        stored = recent.filter(outcome=Outcome.STORED, finished_at__gte=Now() - WINDOW)
        yield histogram("run_seconds", "Attempts that ended with a picture, last 5 minutes.", stored, "started_at")
        yield from providers()


def gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"images_{name}", words, value=value)


def labelled(name: str, words: str, labels: list[str], rows: Iterable[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"images_{name}", words, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def jobs_by_state() -> Metric:
    found = dict(Job.objects.order_by().values_list("status").annotate(number=Count("pk")))
    rows = [([status.value], float(found.get(status.value, 0))) for status in Status]
    return labelled("jobs", "Jobs by state.", ["status"], rows)


def from_facts() -> Iterator[Metric]:
    known = report()
    workers = known.get("workers", [])
    for name, words in FACTS.items():
        if known.get(name) is not None:
            yield gauge(name, words, known[name])
    checks = [([name], float(state == "ok")) for name, state in known["checks"].items()]
    yield labelled("check_ok", "Whether database, broker, sweeper and storage work.", ["check"], checks)
    yield gauge("workers", "Worker processes seen in the last 45 seconds.", len(workers))
    yield gauge("worker_slots", "Pictures that they can draw at once.", sum(one["concurrency"] for one in workers))
    yield gauge("running_slots", "Pictures that they draw now.", sum(one["running"] for one in workers))


def submitted() -> int:
    return newest(Job.objects.all()).filter(created_at__gte=Now() - WINDOW).count()


def attempts() -> QuerySet[Attempt]:
    """The RECENT newest ones; their ids grow with time."""
    last = Attempt.objects.order_by("-id").values_list("id", flat=True).first() or 0
    return Attempt.objects.filter(id__gt=last - RECENT).order_by()


def outcomes(recent: QuerySet[Attempt]) -> Metric:
    ended = recent.filter(finished_at__gte=Now() - WINDOW)
    rows = ended.values_list("provider", "outcome", "error_code").annotate(number=Count("id"))
    labels = ["provider", "outcome", "code"]
    words = "Attempts that ended in the last 5 minutes."
    return labelled("attempts", words, labels, [(list(key), float(number)) for *key, number in rows])


def histogram(name: str, words: str, rows: QuerySet[Attempt], start: str) -> Metric:
    """How long it took from `start` to the attempt's start (wait) or end (run)."""
    end = "finished_at" if start == "started_at" else "started_at"
    took = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    upto: dict[str, Any] = {
        f"le{i}": Count("id", filter=Q(took__lte=timedelta(seconds=b))) for i, b in enumerate(BUCKETS)
    }
    found = rows.annotate(took=took).aggregate(all=Count("id"), mean=Avg("took"), **upto)
    buckets = [(str(bound), found[f"le{i}"]) for i, bound in enumerate(BUCKETS)] + [("+Inf", found["all"])]
    total = found["mean"].total_seconds() * found["all"] if found["mean"] else 0.0
    return GaugeHistogramMetricFamily(f"images_{name}", words, buckets=buckets, gsum_value=total)


def providers() -> Iterator[Metric]:
    """1 or 0 for each way in which a provider can be on hold."""
    rows = ProviderState.objects.annotate(now=Now())
    states = [(row.name, row.paused_at, row.open_until, row.hold_until, row.now, row.failures) for row in rows]
    yield labelled(
        "provider_blocked",
        "Whether jobs of this provider must wait, and why.",
        ["provider", "why"],
        [
            ([name, why], float(blocked))
            for name, paused, opened, held, now, _ in states
            for why, blocked in (
                ("paused", bool(paused)),
                ("breaker", bool(opened and opened > now)),
                ("rate_limited", bool(held and held > now)),
            )
        ],
    )
    faults = [([name], float(failures)) for name, *_, failures in states]
    yield labelled("provider_failures", "Faults of this provider in a row.", ["provider"], faults)

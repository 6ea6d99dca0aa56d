"""Which jobs an operator means: one filter for the admin's list, for “all that match”, and for the commands.

A filter is a mapping of names out of FILTERS to texts, as it stands in the address.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from images.models import Attempt, Job, Status
from images.search import MOST_WORDS

CAP = 10_000  # nothing that a page shows is counted further than this
SEARCHED = 100_000  # a search for words looks through this many of the newest jobs
NO_ANSWER = "none"
SPANS = {name: timedelta(hours=hours) for name, hours in {"hour": 1, "day": 24, "week": 168, "month": 720}.items()}
LAST_HTTP = Subquery(Attempt.objects.filter(job=OuterRef("pk")).order_by("-id").values("http_status")[:1])
Jobs = QuerySet[Job]


def matching(wanted: Mapping[str, str], jobs: Jobs | None = None) -> Jobs:
    """The jobs that fit all parts of the filter; a value that makes no sense fits none."""
    jobs = Job.objects.all() if jobs is None else jobs
    for name, narrow in FILTERS.items():
        if wanted.get(name):
            jobs = narrow(jobs, wanted[name])
    return jobs


def wanted_in(data: Mapping[str, str]) -> dict[str, str]:
    """The filter that an address or a form holds."""
    return {name: data[name] for name in FILTERS if data.get(name)}


def by_status(jobs: Jobs, value: str) -> Jobs:
    """A failed job that a person has put away is no work for anybody; it stays among all jobs until it is purged."""
    jobs = jobs.filter(status=value)
    return jobs.filter(dismissed_at=None) if value == Status.FAILED else jobs


def by_http(jobs: Jobs, value: str) -> Jobs:
    """By what the last attempt was answered with; NO_ANSWER for none at all."""
    if value == NO_ANSWER:
        return jobs.alias(last_http=LAST_HTTP).filter(last_http=None)
    if not value.isdecimal() or len(value) > 4:
        return jobs.none()
    once = Attempt.objects.filter(http_status=int(value)).values("job")  # a short list where a status is rare
    return jobs.filter(pk__in=once).alias(last_http=LAST_HTTP).filter(last_http=int(value))


def since(jobs: Jobs, value: str) -> Jobs:
    return jobs.filter(created_at__gte=Now() - SPANS[value]) if value in SPANS else jobs.none()


def search(jobs: Jobs, text: str) -> Jobs:
    """An id, the end of one, an owner, or words of the prompt."""
    text = text.strip()
    if known := as_id(text):
        return jobs.filter(Q(pk=known) | Q(batch=known))
    if text.startswith(("user:", "visitor:")):
        return jobs.filter(owner=text)
    jobs = newest(jobs)
    if re.fullmatch("[0-9a-f]{8}", text):
        return jobs.filter(Q(pk__endswith=text) | Q(prompt__icontains=text))
    for word in text.split()[:MOST_WORDS]:
        jobs = jobs.filter(prompt__icontains=word)
    return jobs


def as_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def newest(jobs: Jobs, number: int = SEARCHED) -> Jobs:
    """Ids grow with time, so one of them cuts off what is older than the `number` newest jobs of all."""
    oldest = Job.objects.order_by("-pk").values_list("pk", flat=True)[number : number + 1].first()
    return jobs.filter(pk__gt=oldest) if oldest else jobs


FILTERS: dict[str, Callable[[Jobs, str], Jobs]] = {
    "status": by_status,
    "code": lambda jobs, value: jobs.filter(error_code=value),
    "http": by_http,
    "provider": lambda jobs, value: jobs.filter(provider=value),
    "model": lambda jobs, value: jobs.filter(model=value),
    "owner": lambda jobs, value: jobs.filter(owner=value),
    "since": since,
    "q": search,
}


def capped(rows: QuerySet[Any]) -> int:
    """The exact count up to CAP, CAP + 1 for more."""
    return rows.order_by()[: CAP + 1].count()


def in_groups(number: int) -> str:
    """“1,000”, or “1.000” in German."""
    return str(number_format(number, force_grouping=True))


def shown(count: int) -> str:
    return in_groups(min(count, CAP)) + ("+" if count > CAP else "")


def tabs() -> list[tuple[str | None, Any, str]]:
    """(state, its name, its capped count), and None for all jobs."""
    states = [(None, _("All")), *Status.choices]
    return [(status, label, shown(capped(matching({"status": status or ""})))) for status, label in states]


def exact_counts() -> dict[str, int]:
    """By state; this one reads an index from end to end."""
    found = dict(Job.objects.order_by().values_list("status").annotate(number=Count("pk")))
    put_away = Job.objects.filter(status=Status.FAILED, dismissed_at__isnull=False).count()
    return {**dict.fromkeys(Status.values, 0), **found, "failed": max(0, found.get("failed", 0) - put_away)}


@dataclass(frozen=True)
class Reason:
    """Why jobs failed, and what one of them says."""

    code: str
    http: int | None
    provider: str
    message: str
    count: int

    @property
    def filter(self) -> dict[str, str]:
        http = NO_ANSWER if self.http is None else str(self.http)
        return {"status": Status.FAILED.value, "code": self.code, "http": http, "provider": self.provider}


def reasons() -> list[Reason]:
    """The CAP newest failed jobs grouped by reason, the most frequent first; without those that a person put away."""
    failed = Job.objects.filter(status=Status.FAILED, dismissed_at=None)
    newest_failed = failed.order_by("-pk").values("pk")[:CAP]
    groups = Job.objects.filter(pk__in=newest_failed).values("provider", code=F("error_code"), http=LAST_HTTP)
    counted = groups.annotate(message=Max("error_message"), count=Count("pk")).order_by("-count")
    return [Reason(**group) for group in counted]

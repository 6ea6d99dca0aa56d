"""The filters beside the list of jobs. What each means stands in images.matching; here is what can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from images import matching
from images.admin.base import Choices, value_filter
from images.models import Attempt, Job, Status

RECENT = 1000
NAMES = {"status": _("state"), "code": _("reason"), "http": _("answer's status"), "provider": _("provider")}
NAMES |= {"model": _("model"), "owner": _("owner"), "since": _("time: the last"), "q": _("search")}
WORDS = {"hour": _("hour"), "day": _("day"), "week": _("week"), "month": _("month"), matching.NO_ANSWER: _("none")}


def in_words(wanted: Mapping[str, str]) -> str:
    """A filter as an operator reads it."""
    words = WORDS | dict(Status.choices)
    return ", ".join(f"{NAMES[name]} = {words.get(value, value)}" for name, value in wanted.items())


def recent(rows: QuerySet[Any], field: str) -> list[Any]:
    """The values in the newest rows."""
    return sorted(set(rows.order_by("-pk").values_list(field, flat=True)[:RECENT]) - {None, ""})


def job_filter(name: str, usual: Callable[[], Iterable[Any]]) -> type[admin.SimpleListFilter]:
    """Offers the usual values, and the one in the address."""

    def values(request: HttpRequest) -> Choices:
        known = dict.fromkeys([*map(str, usual()), request.GET.get(name, "")])
        return [(value, WORDS.get(value, value)) for value in known if value]

    return value_filter(name, NAMES[name], values, lambda rows, value: matching.matching({name: value}, rows))


# The state is chosen with the tabs above the list, an owner with a click; Django's list knows both by itself.
JOB_FILTERS = (
    job_filter("code", lambda: recent(Job.objects.filter(status=Status.FAILED), "error_code")),
    job_filter("http", lambda: [*recent(Attempt.objects.all(), "http_status"), matching.NO_ANSWER]),
    job_filter("provider", lambda: recent(Job.objects.all(), "provider")),
    job_filter("model", lambda: recent(Job.objects.all(), "model")),
    job_filter("since", lambda: matching.SPANS),
)

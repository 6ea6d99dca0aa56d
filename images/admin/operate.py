"""The page that asks “Retry 480 jobs?”, and does it: the chosen ones at once, all that match through a worker."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import format_lazy
from django.utils.translation import gettext as _

from images import matching
from images.admin import filters
from images.admin.base import note
from images.models import Job
from images.status import in_words
from workers.operations import OPERATIONS, Operation, start

MOST_CHOSEN = 100


def may(user: Any, operation: Operation) -> bool:
    return bool(user.has_perm("images.view_job") and user.has_perm(operation.permission))


def offers(user: Any, status: str = "") -> dict[str, Promise]:
    """Name → verb of what this person may do to jobs of this state, or of any."""
    return {name: one.verb for name, one in OPERATIONS.items() if may(user, one) and status in {"", *one.sources}}


def linked_reasons(most: int = 20) -> list[tuple[str, matching.Reason, str]]:
    """(address of the list of these jobs, reason, what people read)."""
    address = reverse("admin:images_job_changelist")
    found = matching.reasons()[:most]
    return [(f"{address}?{urlencode(one.filter)}", one, in_words(one.message)) for one in found]


@dataclass(frozen=True)
class Asked:
    """What is to be done, and to which jobs: `ids`, or all that fit `wanted`."""

    name: str
    ids: list[uuid.UUID]
    wanted: dict[str, str]

    @classmethod
    def read(cls, data: QueryDict) -> Asked:
        name, wanted = data.get("do", ""), matching.wanted_in(data)
        ids = [pk for value in data.getlist("id")[:MOST_CHOSEN] if (pk := matching.as_id(value))]
        if name not in OPERATIONS or not (ids or wanted):
            raise Http404
        return cls(name, ids, wanted)

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.name]

    @property
    def rows(self) -> matching.Jobs:
        """Those that it can be done to now."""
        if self.ids:
            return Job.objects.filter(pk__in=self.ids, status__in=self.operation.sources)
        return self.operation.matching(self.wanted)


def operate(request: HttpRequest) -> HttpResponse:
    """GET asks, with the exact count; POST does it."""
    asked = Asked.read(request.POST if request.method == "POST" else request.GET)
    if not may(request.user, asked.operation):
        raise PermissionDenied
    if request.method != "POST":
        return ask(request, asked)
    if asked.ids:
        act(request, asked)
    else:
        hand_over(request, asked)
    return HttpResponseRedirect(back(request))


def ask(request: HttpRequest, asked: Asked) -> HttpResponse:
    try:
        moment = asked.operation.moment(asked.wanted).isoformat()
        count: int | None = asked.rows.count()
    except OperationalError:  # the database gave up after its time limit
        moment, count = "", None
    context = {
        **admin.site.each_context(request),
        "title": _("%(do)s jobs") % {"do": asked.operation.verb},
        "asked": asked,
        "these": filters.in_words(asked.wanted),
        "count": count,
        "moment": moment,
        "left_out": len(asked.ids) - (count or 0) if asked.ids else 0,
        "back": back(request),
    }
    return TemplateResponse(request, "admin/images/job/operate.html", context)


def act(request: HttpRequest, asked: Asked) -> None:
    """Do it to the chosen jobs at once, and say what had changed meanwhile."""
    rows = list(asked.rows)
    done = asked.operation.act(asked.rows)
    if done:
        note(request, rows, format_lazy("{done} by the operator.", done=asked.operation.past))
    level = messages.SUCCESS if done == len(asked.ids) else messages.WARNING
    messages.add_message(request, level, asked.operation.summary(done, len(asked.ids)))


def hand_over(request: HttpRequest, asked: Asked) -> None:
    """Let a worker do it to all that match; the message links to its result."""
    count = request.POST.get("count", "")
    row = start(asked.name, asked.wanted, int(count) if count.isdecimal() else 0, moment_of(request))
    if row is None:
        messages.error(request, _("The broker does not answer, so nothing was begun. Try again in a minute."))
        return
    these = urlencode(asked.wanted)
    note(request, [row], format_lazy("{do} all jobs with {these}", do=asked.operation.verb, these=these))
    url = reverse("admin:django_celery_results_taskresult_change", args=[row.pk])
    begun, look = _("A worker does it now, 500 jobs at a time."), _("See how far it is.")
    messages.success(request, format_html("{} <a href='{}'>{}</a>", begun, url, look))


def moment_of(request: HttpRequest) -> datetime | None:
    """When the question was asked: the page may have been open for an hour."""
    with suppress(ValueError):
        return datetime.fromisoformat(request.POST.get("moment", ""))
    return None


def back(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours."""
    target = request.POST.get("back") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if safe else reverse("admin:images_job_changelist")

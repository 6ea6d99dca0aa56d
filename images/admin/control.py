"""The control page: what runs, what is on hold, and the switch to pause drawing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Avg, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from images import health, matching
from images.admin.base import note, seconds
from images.admin.operate import linked_reasons
from images.models import ALL_PROVIDERS, GeneratedImage, ProviderState
from images.usage import usage
from workers import backends
from workers.providers.check import Line, check_huggingface
from workers.providers.http import Limits

MOST_REASON = 500
QUICK = Limits(connect=5.0, read=10.0, total=15.0)


@admin.site.admin_view
def control(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("images.view_job"):
        raise PermissionDenied
    if request.method == "POST":
        return change(request)
    return show(request)


def show(request: HttpRequest, lines: list[Line] | None = None) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Control",
        "report": (report := health.report()),
        "oldest": seconds(report.get("oldest_queued_seconds")),
        "swept": seconds(report.get("last_sweep_seconds")),
        "counts": [(status, status.label, matching.shown(number)) for status, number in matching.counts().items()],
        "providers": providers(),
        "reasons": linked_reasons(5),
        "budget": usage(backends.chosen()),
        "storage": storage(),
        "lines": lines,
        "may_operate": request.user.has_perm("images.operate_job"),
        "log": LogEntry.objects.filter(content_type__model="providerstate").select_related("user")[:10],
    }
    return TemplateResponse(request, "admin/control.html", context)


def change(request: HttpRequest) -> HttpResponse:
    """One button each: pause, resume, check."""
    act = ACTS.get(request.POST.get("do", ""))
    if act is None or not request.user.has_perm("images.operate_job"):
        raise PermissionDenied
    return act(request) or redirect("control")


def pause(request: HttpRequest) -> None:
    """The reason is for operators; visitors read that drawing is paused."""
    name, reason = request.POST.get("name", "")[:40], request.POST.get("reason", "").strip()[:MOST_REASON]
    if name not in {state.name for state in providers()}:
        raise PermissionDenied
    if ProviderState.objects.pause(name, "", reason):
        noted(request, name, f"Paused {called(name)}. {reason}")
    else:
        messages.warning(request, f"It was paused already: {called(name)}.")


def resume(request: HttpRequest) -> None:
    name = request.POST.get("name", "")
    if not ProviderState.objects.filter(name=name).exists():
        raise PermissionDenied
    ProviderState.objects.resume(name)
    noted(request, name, f"Resumed {called(name)}.")


def noted(request: HttpRequest, name: str, message: str) -> None:
    note(request, ProviderState.objects.filter(name=name), message.strip())
    messages.success(request, message.strip())


def check(request: HttpRequest) -> HttpResponse:
    """Ask the provider two short questions; nothing is drawn."""
    if backends.chosen() != "huggingface":
        return show(request, [Line(True, f"{backends.chosen()} draws. There is nothing to ask it.")])
    config = dataclasses.replace(backends.huggingface_config(), limits=QUICK)
    with requests.Session() as session:
        return show(request, check_huggingface(config, session, settings.HF_MODEL))


def called(name: str) -> str:
    return "all providers" if name == ALL_PROVIDERS else name


def providers() -> list[ProviderState]:
    """All of them at once, the one that draws now, and those that were met before."""
    rows = {row.name: row for row in ProviderState.objects.all()}
    for name in (ALL_PROVIDERS, backends.chosen()):
        rows.setdefault(name, ProviderState(name=name))
    for row in rows.values():
        row.called, row.words = called(row.name), words(row)  # type: ignore[attr-defined]
    return sorted(rows.values(), key=lambda row: row.name)


def words(state: ProviderState) -> str:
    now = timezone.now()
    if state.paused_at:
        return f"paused since {state.paused_at:%Y-%m-%d %H:%M} UTC. {state.pause_reason}"
    if state.open_until and state.open_until > now:
        return f"on hold after {state.failures} faults: breaker open until {state.open_until:%H:%M:%S} UTC"
    if state.hold_until and state.hold_until > now:
        return f"asked us to wait until {state.hold_until:%H:%M:%S} UTC"
    return f"runs ({state.failures} faults in a row)" if state.failures else "runs"


def storage() -> dict[str, Any]:
    """Bytes of all pictures: exact while they are few, else the mean of the newest ones times their number."""
    rows = GeneratedImage.objects.all()
    if matching.capped(rows) <= matching.CAP:
        return {"exact": True, "bytes": rows.aggregate(sum=Sum("bytes"))["sum"] or 0}
    newest = rows.order_by("-pk").values("bytes")[:1000]
    mean = newest.aggregate(mean=Avg("bytes"))["mean"] or 0
    return {"exact": False, "bytes": int(mean * rows.count())}


ACTS: dict[str, Callable[[HttpRequest], HttpResponse | None]] = {"pause": pause, "resume": resume, "check": check}

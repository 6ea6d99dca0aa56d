"""The control page: what runs, what is on hold, and the switch to pause drawing."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Avg
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from images import health, matching
from images.admin.base import note, seconds
from images.admin.operate import linked_reasons
from images.models import ALL_PROVIDERS, GeneratedImage, ProviderState
from images.status import in_words
from images.usage import usage
from workers import backends
from workers.providers.check import Line

MOST_REASON = 500
TOLD = {"pause": gettext_lazy("Paused {name}. {reason}"), "resume": gettext_lazy("Resumed {name}.")}


@admin.site.admin_view
def control(request: HttpRequest) -> HttpResponse:
    """GET shows; POST pauses, resumes or checks."""
    if not request.user.has_perm("images.view_job"):
        raise PermissionDenied
    if request.method != "POST":
        return show(request)
    if not request.user.has_perm("images.operate_job"):
        raise PermissionDenied
    if request.POST.get("do") == "check":
        return show(request, backends.check())  # two short questions; nothing is drawn
    switch(request)
    return redirect("control")


def show(request: HttpRequest, lines: list[Line] | None = None) -> HttpResponse:
    report = health.report()
    context = {
        **admin.site.each_context(request),
        "title": _("Control"),
        "report": report,
        "oldest": seconds(report.get("oldest_queued_seconds") or None),
        "swept": seconds(report.get("last_sweep_seconds")),
        "tabs": matching.tabs(),
        "providers": [(called(name), in_words(one.pause_reason), one) for name, one in providers().items()],
        "now": timezone.now(),
        "reasons": linked_reasons(5),
        "budget": usage(backends.chosen()),
        "stored": stored_bytes(),
        "lines": [(line.ok, translated(line)) for line in lines or []],
        "may_operate": request.user.has_perm("images.operate_job"),
        "log": LogEntry.objects.filter(content_type__model="providerstate").select_related("user")[:10],
    }
    return TemplateResponse(request, "admin/control.html", context)


def switch(request: HttpRequest) -> None:
    """Pause or resume. The reason is for operators; visitors read that drawing is paused."""
    act, name = request.POST.get("do"), request.POST.get("name", "")
    state = providers().get(name)
    if state is None or act not in TOLD:
        raise PermissionDenied
    reason = request.POST.get("reason", "").strip()[:MOST_REASON]
    if act == "resume":
        ProviderState.objects.resume(name)
    elif not ProviderState.objects.pause(name, "", reason):
        messages.warning(request, _("It was paused already: %s.") % called(name))
        return
    message = format_lazy(TOLD[act], name=called(name), reason=reason)
    note(request, [state], message)
    messages.success(request, message)


def translated(line: Line) -> str:
    return _(line.words) % {name: in_words(value) for name, value in line.facts.items()}


def called(name: str) -> str | Promise:
    return gettext_lazy("all providers") if name == ALL_PROVIDERS else name


def providers() -> dict[str, ProviderState]:
    """All of them at once, the one that draws now, and those that were met before."""
    known = {row.name: row for row in ProviderState.objects.order_by("name")}
    return {name: ProviderState(name=name) for name in (ALL_PROVIDERS, backends.chosen())} | known


def stored_bytes() -> float:
    """Of all pictures: the mean of the newest ones times their number, which is exact while they are few."""
    newest = GeneratedImage.objects.order_by("-pk").values("bytes")[:1000]
    return (newest.aggregate(mean=Avg("bytes"))["mean"] or 0) * GeneratedImage.objects.count()

"""What an owner may do with a picture: cancel, try again, delete, restore, star."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from images import gallery, jobs
from images.identity import owner, viewer
from images.limits import submit_wait
from images.models import Job
from images.status import job_status
from images.views.errors import error_response, page_of_ours, too_fast, wants_json
from images.views.generate import refusal


def owned(request: HttpRequest, pk: uuid.UUID) -> QuerySet[Job]:
    """The job as a one-row query; a stranger learns no more than from an unknown id."""
    found = gallery.owned_jobs(viewer(request)).filter(pk=pk)
    if not found.exists():
        raise Http404
    return found


def answer(request: HttpRequest, body: dict[str, Any], message: str, target: str = "", undo: str = "") -> HttpResponse:
    """Without scripts: a message, with a button to the address that undoes it."""
    if wants_json(request):
        return JsonResponse(body)
    messages.info(request, message, extra_tags=undo)
    return HttpResponseRedirect(target or page_of_ours(request, request.POST.get("next", "")))


def too_late(request: HttpRequest, job: Job, message: str) -> HttpResponse:
    """With the job as it is now: the page that asked shows an older state."""
    if wants_json(request):
        return error_response(request, 409, "too_late", message, job=job_status(job))
    messages.info(request, message)
    return redirect(job)


def answer_job(request: HttpRequest, rows: QuerySet[Job], moved: bool, done: str, late: str) -> HttpResponse:
    job = get_object_or_404(rows.select_related("image"))  # somebody may have removed it for good meanwhile
    if not moved:
        return too_late(request, job, late)
    page = job.get_absolute_url()
    return answer(request, {"job": job_status(job), "page_url": page}, done, page)


@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    rows = owned(request, pk)
    moved = bool(jobs.cancel(rows))
    return answer_job(request, rows, moved, _("Canceled."), _("It had ended already."))


@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """It costs as much as a submit, so the same limits hold."""
    rows = owned(request, pk)
    if wait := submit_wait(request, owner(request)):
        return too_fast(request, wait)
    try:
        moved = jobs.retry_one(get_object_or_404(rows))
    except (jobs.TooManyWaiting, jobs.BudgetSpent) as reason:
        return refusal(request, reason)
    return answer_job(request, rows, moved, _("It waits for its turn again."), _("There is nothing to try again."))


@require_http_methods(["POST", "DELETE"])
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    rows = owned(request, pk)
    if not jobs.to_trash(rows) and not rows.filter(dismissed_at__isnull=False).exists():
        return too_late(request, get_object_or_404(rows), _("It is still being drawn. Cancel it first."))
    undo = reverse("restore", args=[pk])
    message = _("Moved to the trash. It stays there for 7 days.")
    return answer(request, {"status": "deleted", "restore_url": undo}, message, undo=undo)


@require_POST
def restore(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    rows = owned(request, pk)
    jobs.restore(rows)
    return answer_job(request, rows, True, _("It is back."), "")


@require_POST
def star(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    rows = owned(request, pk)
    starred = request.POST.get("starred", "1") == "1"
    jobs.star(rows, starred)
    message = _("Starred.") if starred else _("The star is gone.")
    return answer(request, {"starred": starred}, message)

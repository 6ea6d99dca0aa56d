"""Submit the form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from images.forms import GenerateForm
from images.identity import owner
from images.jobs import BudgetSpent, TooManyWaiting, submit
from images.limits import submit_wait
from images.models import Job
from images.models.seen import look_up
from images.usage import next_month
from images.views.errors import too_fast, too_many, wants_json
from images.views.pages import home_page
from images.views.status import status_body


@require_POST
def generate(request: HttpRequest) -> HttpResponse:
    form = GenerateForm(request.POST)
    if not form.is_valid():
        return refused(request, form)
    if wait := submit_wait(request, owner(request)):
        return too_fast(request, wait)
    try:
        jobs = submit(owner(request), form.cleaned_data)
    except (TooManyWaiting, BudgetSpent) as reason:
        return refusal(request, reason)
    return accepted(request, jobs)


def refused(request: HttpRequest, form: GenerateForm) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"errors": form.errors}, status=400)
    return home_page(request, form, status=400)


def accepted(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    if wants_json(request):
        return JsonResponse(status_body(look_up([job.pk for job in jobs]), with_url=True), status=202)
    response = redirect("home" if len(jobs) > 1 else jobs[0])
    response.status_code = 303
    return response


def refusal(request: HttpRequest, reason: TooManyWaiting | BudgetSpent) -> HttpResponse:
    if isinstance(reason, BudgetSpent):
        return budget_spent(request)
    message = _("You have many pictures waiting. Send more when some of them are done.")
    return too_many(request, message, 30, "too_many_waiting")


def budget_spent(request: HttpRequest) -> HttpResponse:
    today = timezone.now().date()
    resets_on = next_month(today)
    message = _("This month's budget is used up. Drawing goes on from %(day)s.") % {"day": date_format(resets_on)}
    return too_many(request, message, (resets_on - today).days * 24 * 3600, "budget_spent")

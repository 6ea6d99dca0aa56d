"""What machines ask: is it alive, can it work, and how much does it do?"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from images.health import report
from images.metrics import FromDatabase


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when everything works, 503 when something does not; the body says what."""
    body = report()
    return JsonResponse(body, status=200 if body["ready"] else 503)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who has the token; 404 while METRICS_TOKEN is not set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse("A token is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(FromDatabase()), content_type=CONTENT_TYPE_PLAIN_0_0_4)

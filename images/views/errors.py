"""Errors in plain words: JSON for JSON callers, a page for people."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from images.identity import owner
from images.limits import request_wait

TITLES = {
    400: gettext_lazy("This did not work"),
    403: gettext_lazy("You may not do this"),
    404: gettext_lazy("There is nothing here"),
    405: gettext_lazy("Nothing was sent"),
    413: gettext_lazy("That was too much text"),
    429: gettext_lazy("Too many at once"),
    500: gettext_lazy("A mistake of our own"),
    503: gettext_lazy("Not now"),
}
LONGEST_WAY_BACK = 1000  # characters; Django refuses to redirect to more than 2048 bytes
View = Callable[..., HttpResponseBase]


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def page_of_ours(request: HttpRequest, address: str) -> str:
    """This address if it is ours, else the home page. A longer one is no page that we link."""
    safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if safe and address.startswith("/") and len(address) <= LONGEST_WAY_BACK else reverse("home")


def error_response(
    request: HttpRequest, status: int, code: str, message: str, title: str = "", **more: Any
) -> HttpResponse:
    """A page, or JSON with `more` in it; what refuses a download of many is told on the page that asked for it."""
    if wants_json(request):
        return JsonResponse({"error": {"code": code, "message": message}, **more}, status=status)
    if status < 500 and (page := named_page(request)):
        messages.error(request, message)
        return HttpResponseRedirect(page_of_ours(request, page))
    template = "error.html" if status < 500 else "500.html"
    return render(request, template, {"title": title or TITLES[status], "message": message}, status=status)


def named_page(request: HttpRequest) -> str:
    """`?told_at=` of a download; "" for what was refused before anybody knew where it goes."""
    asked = request.resolver_match
    if not asked or asked.url_name != "zip" or request.method != "POST":
        return ""
    with suppress(SuspiciousOperation):  # an address that cannot be read
        return request.GET.get("told_at", "")
    return ""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 400, "bad_request", _("This request could not be read. Go back and try again."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 404, "not_found", _("There is nothing at this address."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 403, "forbidden", _("You may not do this."))


def server_error(request: HttpRequest) -> HttpResponse:
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return database_away(request)
    return error_response(
        request, 500, "server_error", _("Our own program made a mistake. Nothing of yours is lost; try again.")
    )


def database_away(request: HttpRequest) -> HttpResponse:
    message = _(
        "The site's database does not answer, and its owner can see why. Nothing of yours is lost; try again soon."
    )
    response = error_response(request, 503, "database_away", message)
    response.headers["Retry-After"] = "5"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = _("This page was open for too long. Load it again and press the button once more.")
    return error_response(request, 403, "csrf_failed", message, _("This page was open for too long"))


def not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Fill Django's empty answer, which a login on the way to a button leads to, too."""
    page = error_response(request, 405, "not_allowed", _("Nothing was sent. Go back and press the button once more."))
    response.content, response.headers["Content-Type"] = page.content, page.headers["Content-Type"]
    return response


def body_too_large(request: HttpRequest) -> HttpResponse:
    return error_response(request, 413, "too_large", _("That was too much text. Make it shorter and try again."))


def too_many(request: HttpRequest, message: str, retry_after: int, code: str = "too_many") -> HttpResponse:
    response = error_response(request, 429, code, message)
    response.headers["Retry-After"] = str(retry_after)
    return response


def too_fast(request: HttpRequest, wait: int) -> HttpResponse:
    message = ngettext(
        "That was quick. Wait %(seconds)d second, then send it again.",
        "That was quick. Wait %(seconds)d seconds, then send it again.",
        wait,
    )
    return too_many(request, message % {"seconds": wait}, wait, "too_fast")


def too_busy(request: HttpRequest) -> HttpResponse:
    return too_many(request, _("Many people ask for this now. Try again in a moment."), 5, "too_busy")


def limited(kind: str, parameter: str = "") -> Callable[[View], View]:
    """A view that is asked at most as often as limits.RULES says; with a parameter, only where it is given."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            asked = not parameter or request.GET.get(parameter)
            wait = request_wait(kind, request, owner(request)) if asked else 0
            return too_fast(request, wait) if wait else view(request, *args, **kwargs)

        return counted

    return decorate

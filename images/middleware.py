"""What holds for every address: what may be sent, who asks, what a browser may do."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db import DataError
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from images.answers import answers
from images.identity import remember
from images.views.errors import bad_request, body_too_large, error_response, not_allowed, page_of_ours, wants_json

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
BODILESS = {"GET", "HEAD", "OPTIONS", "TRACE"}

logger = logging.getLogger(__name__)


class TextGZipMiddleware(GZipMiddleware):
    """Pages and JSON are sent compressed; pictures and zips are so already, static files have their own way."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or not (kind.startswith("text/") or kind == "application/json"):
            return response
        return super().process_response(request, response)


class VisitorMiddleware(MiddlewareMixin):
    """What an answer brings its visitor: words, news and a name."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if isinstance(response, HttpResponseNotAllowed):  # Django has no words for it: the page would be blank
            response = not_allowed(request, response)
        if request.method not in BODILESS:  # whoever changes something sees it in the next poll
            answers.forget()
        remember(request, response)
        return response


class ReadableMiddleware(MiddlewareMixin):
    """What is too large, or no text that a database takes, is refused before anything reads it."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if body_length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return body_too_large(request)
        return bad_request(request) if holds_nul(request) or not speaks_utf8(request) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The database refused a value that came with the request: a NUL, a number that is too large."""
        if not isinstance(exception, DataError) and "NUL (0x00)" not in str(exception):
            return None
        logger.warning("the database refused a value", extra={"path": request.path, "reason": str(exception)[:200]})
        return bad_request(request)


def body_length(request: HttpRequest) -> int:
    """As Django reads it: what is no number counts as nothing, and then nothing is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def holds_nul(request: HttpRequest) -> bool:
    """PostgreSQL takes no NUL. In a cookie it hides as an escape: "\\000"."""
    texts = (request.path_info, request.META.get("QUERY_STRING", "").replace("%00", "\0"), *request.COOKIES.values())
    return any("\0" in text for text in texts)


def speaks_utf8(request: HttpRequest) -> bool:
    """A browser's form comes in UTF-8. Python knows charsets that no text is written in, and fails over them."""
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.encoding:  # to set it makes Django read the address twice; our own handler leaves it open
        request.encoding = "utf-8"
    return charset in {"utf-8", "utf8"} or request.method in BODILESS


class DefencesMiddleware(MiddlewareMixin):
    """A page takes from this site only, needs no camera and no place, and is not kept by a cache that others use."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers["Permissions-Policy"] = PERMISSIONS
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class MembersOnlyMiddleware(LoginRequiredMiddleware):
    """With LOGIN_REQUIRED, everything but login and health asks who you are."""

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponseBase | None:
        return super().process_view(request, *args) if settings.LOGIN_REQUIRED else None

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if wants_json(request):
            return error_response(request, 401, "login_required", _("Log in first."))
        if request.method not in BODILESS:  # the login leads back with a GET, which this address does not take
            return redirect_to_login(page_of_ours(request, request.POST.get("next", "")))
        return super().handle_no_permission(request, view_func)

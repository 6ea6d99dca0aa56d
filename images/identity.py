"""Who asks: an account, or a signed cookie for people without one."""

from __future__ import annotations

import re
import secrets
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from images.gallery import Viewer

COOKIE = "visitor"
SALT = "images.visitor"
KEY = re.compile("[0-9a-f]{32}")
LONGEST = 200  # characters: ours have 83, and what a stranger sends is kept in memory
YEAR_SECONDS = 365 * 24 * 3600
RENEW_AFTER_SECONDS = 30 * 24 * 3600


def visitor(request: HttpRequest) -> str:
    """The visitor's key: 32 hex digits from the cookie, or new ones that the answer will carry.

    An old cookie is given anew, so that who keeps coming keeps their pictures.
    """
    if not hasattr(request, "_visitor"):
        fresh = known_visitor(request, RENEW_AFTER_SECONDS)
        request._visitor = fresh or known_visitor(request) or secrets.token_hex(16)  # type: ignore[attr-defined]
        request._gets_cookie = not fresh  # type: ignore[attr-defined]
    return str(request._visitor)  # type: ignore[attr-defined]


def known_visitor(request: HttpRequest, max_age: int | None = None) -> str | None:
    """The key in the cookie, if we signed it, and not longer ago than `max_age` seconds."""
    cookie = request.COOKIES.get(COOKIE, "")
    return signed_key(cookie, settings.SECRET_KEY, max_age, date.today()) if 0 < len(cookie) <= LONGEST else None


@lru_cache(maxsize=4096)
def signed_key(cookie: str, _secret: str, max_age: int | None, _today: date) -> str | None:
    """Kept for the day: to check a signature is a tenth of a poll."""
    request = HttpRequest()
    request.COOKIES = {COOKIE: cookie}
    key = request.get_signed_cookie(COOKIE, default=None, salt=SALT, max_age=max_age)
    return key if key and KEY.fullmatch(key) else None


def owner(request: HttpRequest) -> str:
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"visitor:{visitor(request)}"


def viewer(request: HttpRequest) -> Viewer:
    return Viewer(owner(request), bool(request.user.is_staff))


def part_from(request: HttpRequest) -> None:
    """The answer takes the cookie away; the next visit is somebody new."""
    request._parted = True  # type: ignore[attr-defined]


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give a new visitor the cookie that names them."""
    if "public" in response.get("Cache-Control", ""):
        return  # a cache in front would hand the cookie to everybody
    if getattr(request, "_parted", False):
        response.delete_cookie(COOKIE, samesite="Lax")
    elif getattr(request, "_gets_cookie", False):
        kept = {"max_age": YEAR_SECONDS, "httponly": True, "samesite": "Lax", "secure": settings.HTTPS}
        response.set_signed_cookie(COOKIE, visitor(request), salt=SALT, **kept)

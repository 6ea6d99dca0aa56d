"""Who asks: an account, or a signed cookie for people without one."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponseBase

from images.gallery import Viewer

COOKIE = "visitor"
SALT = "images.visitor"
KEY = re.compile("[0-9a-f]{32}")
YEAR_SECONDS = 365 * 24 * 3600
RENEW_AFTER_SECONDS = 30 * 24 * 3600


def visitor(request: HttpRequest) -> str:
    """The visitor's key: 32 hex digits from the cookie, or new ones that the answer will carry."""
    known: str | None = getattr(request, "_visitor", None)
    if known is None:
        known = known_visitor(request)
        if known is None or _is_old(request):
            known = known or secrets.token_hex(16)
            request._new_visitor = known  # type: ignore[attr-defined]
        request._visitor = known  # type: ignore[attr-defined]
    return known


def known_visitor(request: HttpRequest) -> str | None:
    """The key in the cookie, if we signed it."""
    return _from_cookie(request, None)


def _from_cookie(request: HttpRequest, max_age: int | None) -> str | None:
    try:
        key = request.get_signed_cookie(COOKIE, default=None, salt=SALT, max_age=max_age)
    except BadSignature:
        return None
    return key if key and KEY.fullmatch(key) else None


def _is_old(request: HttpRequest) -> bool:
    """Then it is given anew, so that who keeps coming keeps their pictures."""
    return _from_cookie(request, RENEW_AFTER_SECONDS) is None


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
    new: str | None = getattr(request, "_new_visitor", None)
    if "public" in response.get("Cache-Control", ""):
        return  # a cache in front would hand the cookie to everybody
    if getattr(request, "_parted", False):
        response.delete_cookie(COOKIE, samesite="Lax")
    elif new:
        response.set_signed_cookie(
            COOKIE, new, salt=SALT, max_age=YEAR_SECONDS, httponly=True, samesite="Lax", secure=settings.HTTPS
        )

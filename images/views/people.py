"""Who comes in, and what they may have removed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.auth.views import LoginView
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from images import jobs
from images.identity import known_visitor, owner, part_from
from images.limits import login_wait
from images.views.errors import too_many, wants_json


class Login(LoginView):
    """Also the admin's. Too many tries from one address, or for one account, must wait."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wait = login_wait(request, request.POST.get("username", ""))
        if wait:
            message = ngettext(
                "Too many tries. Wait %(seconds)d second, then log in again.",
                "Too many tries. Wait %(seconds)d seconds, then log in again.",
                wait,
            )
            return too_many(request, message % {"seconds": wait}, wait)
        return super().post(request, *args, **kwargs)


@receiver(user_logged_in)
def bring_along(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """The visitor's own pictures become the account's, and the cookie that named the visitor goes."""
    if guest := known_visitor(request):
        jobs.hand_over(f"visitor:{guest}", f"user:{user.pk}")
        part_from(request)


@receiver(user_logged_out)
def leave(request: HttpRequest, **kwargs: Any) -> None:
    """Who comes after them at this browser is somebody else."""
    part_from(request)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "images/privacy.html", {"shared": settings.GALLERY == "shared"})


@require_POST
def forget_me(request: HttpRequest) -> HttpResponseBase:
    """Remove everything that this person asked for, pictures and prompts alike, at once and for good."""
    removed = jobs.forget(owner(request))
    part_from(request)
    if wants_json(request):
        return JsonResponse({"removed": removed})
    messages.info(request, _("Everything of yours is gone."))
    return redirect("privacy")

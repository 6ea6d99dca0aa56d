"""The pages: home with the form, the gallery, one picture."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from images import gallery, presets
from images.forms import GenerateForm, offered_models
from images.identity import viewer
from images.matching import as_id
from images.models import GeneratedImage, Job
from images.status import job_statuses
from images.usage import usage
from images.views.errors import limited
from images.words import state_words, why_words
from workers import backends

LONGEST_SEARCH = 200  # characters
COPIED = ("prompt", "negative_prompt", "style", "model", "steps", "guidance_scale", "seed")
LABELS = {"negative_prompt": _("what should not be in it"), "steps": _("steps"), "guidance_scale": _("how closely")}
LABELS |= {"seed": _("seed"), "width": _("width"), "height": _("height")}
MODEL_FACTS = ("steps", "max_steps", "max_side", "guidance_scale", "negative_prompt", "steps_adjustable", "guidance")


def cards(jobs: list[Job], who: gallery.Viewer) -> list[dict[str, Any]]:
    """What the card partial shows, for each job."""
    return [
        {
            "status": status,
            "words": state_words(status),
            "why": why_words(status),
            "width": job.width,
            "height": job.height,
            "owned": who.owns(job),
            "starred": bool(status["image"]) and job.image.starred,
        }
        for job, status in zip(jobs, job_statuses(jobs), strict=True)
    ]


def jobs_of(images: list[GeneratedImage]) -> list[Job]:
    """The jobs of these pictures, each knowing its picture without another query."""
    for image in images:
        image.job.image = image
    return [image.job for image in images]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return home_page(request, GenerateForm(initial=initial(request)))


def home_page(request: HttpRequest, form: GenerateForm, status: int = 200) -> HttpResponse:
    who = viewer(request)
    newest = gallery.page(who, size=gallery.RECENT)
    shown = gallery.unfinished_jobs(who) + jobs_of(newest.images)
    context = {
        "form": form,
        "cards": cards(shown, who),
        "next_url": reverse("gallery") if newest.next_cursor else None,
        "demo": backends.chosen() == "demo",
        "token_helps": settings.IMAGE_PROVIDER == "auto",
        "usage": usage(backends.chosen()),
        "samples": [] if shown else presets.SAMPLES,
        "model_info_json": {info.id: {name: getattr(info, name) for name in MODEL_FACTS} for info in offered_models()},
        "usual_settings": usual_settings(),
    }
    return render(request, "images/home.html", context, status=status)


def usual_settings() -> dict[str, str]:
    """Of a form that nobody has touched, as the browser writes them."""
    chosen = {"size": presets.DEFAULT_SIZE, "count": "1", "model": settings.HF_MODEL}
    return dict.fromkeys(COPIED[1:], "") | chosen | {"negative_prompt": presets.DEFAULT_NEGATIVE_PROMPT}


def initial(request: HttpRequest) -> dict[str, Any]:
    """A new form, or one filled from an earlier picture (`?from=<id>`). `given` names what goes before the draft."""
    values: dict[str, Any] = {
        **usual_settings(),
        "idempotency_key": uuid.uuid4().hex,
        "prompt": request.GET.get("prompt", ""),
        "given": "prompt" if request.GET.get("prompt") else "",
    }
    pk = as_id(request.GET.get("from", ""))
    source = gallery.visible_jobs(viewer(request)).filter(pk=pk).first() if pk else None
    return values | copied(source, request.GET) if source else values


def copied(source: Job, asked: QueryDict) -> dict[str, Any]:
    """All settings of a picture; with `&only=prompt` or `&only=seed` just that, with `&seed=0` all but its seed."""
    values = {name: getattr(source, name) for name in COPIED} | {"size": f"{source.width}x{source.height}"}
    only = asked.get("only", "")
    if only in {"prompt", "seed"}:
        return {only: values[only], "given": only}
    if asked.get("seed") == "0":
        values["seed"] = None
    return values | {"given": "all"}


def asked_list(request: HttpRequest) -> dict[str, str]:
    """Which pictures the address names, as it names them: a picture's neighbours are those of its list."""
    return {name: request.GET[name][:LONGEST_SEARCH] for name in ("q", "starred", "mine") if request.GET.get(name)}


def wanted(asked: dict[str, str]) -> gallery.Wanted:
    return {"query": asked.get("q", ""), "starred": asked.get("starred") == "1", "mine": asked.get("mine") == "1"}


def query_of(asked: dict[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""


@require_safe
@limited("search", "q")
def gallery_page(request: HttpRequest) -> HttpResponse:
    who, asked = viewer(request), asked_list(request)
    chosen = wanted(asked)
    try:
        found = gallery.page(who, cursor=request.GET.get("cursor", ""), **chosen)
    except gallery.BadCursor as error:
        raise Http404 from error
    context = {
        "cards": cards(jobs_of(found.images), who),
        "list_query": query_of(asked),
        "next_url": found.next_cursor and reverse("gallery") + query_of(asked | {"cursor": found.next_cursor}),
        **chosen,
        "narrowed": any(chosen.values()),
    }
    partial = request.headers.get("X-Requested-With") == "fetch"
    return render(request, "images/_cards.html" if partial else "images/gallery.html", context)


@require_safe
@limited("search", "q")
def picture(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    who, asked = viewer(request), asked_list(request)
    job = get_object_or_404(gallery.visible_jobs(who), pk=pk)
    image = getattr(job, "image", None)
    newer, older = gallery.neighbours(who, image, **wanted(asked)) if image else (None, None)
    context = {
        "card": cards([job], who)[0],
        "job": job,
        "attempts": job.attempt_rows.all(),
        "image": image,
        "style": presets.STYLES.get(job.style),
        "took_seconds": job.started_at and job.finished_at and (job.finished_at - job.started_at).total_seconds(),
        "unused": [LABELS[name] for name in image.ignored.split(",") if name in LABELS] if image else [],
        "list_query": query_of(asked),
        "previous_url": newer and reverse("picture", args=[newer.pk]) + query_of(asked),
        "next_url": older and reverse("picture", args=[older.pk]) + query_of(asked),
        "settings_url": f"{reverse('home')}?from={job.pk}",
        "remix_url": f"{reverse('home')}?from={job.pk}&seed=0",
    }
    return render(request, "images/picture.html", context)

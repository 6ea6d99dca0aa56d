"""What a poll reads."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from images import gallery
from images.answers import Answer, answers
from images.identity import viewer
from images.models import Job
from images.models.seen import Seen, look_up
from images.status import JobStatus, job_statuses, poll_after_ms
from images.views.errors import limited

MOST_IDS = 100


def status_body(jobs: Iterable[Job | Seen], *, with_url: bool = False) -> dict[str, Any]:
    statuses = job_statuses(jobs)
    body: dict[str, Any] = {"jobs": statuses, "poll_after_ms": poll_after_ms(statuses)}
    if with_url:
        body["status_url"] = f"{reverse('status_many')}?{urlencode([('id', one['id']) for one in statuses])}"
    return body


@require_safe
@limited("poll")
def status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return answered(request, lambda: dict(job_statuses(find(request, [pk]))[0]))


@require_safe
@limited("poll")
def status_many(request: HttpRequest) -> HttpResponse:
    """Unknown ids are left out of the answer; ids that are none, or none known, are a 404."""
    return answered(request, lambda: status_body(find(request, ids_of(request.GET.getlist("id")[:MOST_IDS]))))


def ids_of(values: list[str]) -> list[uuid.UUID]:
    """Each once. Raises Http404 for what is no id."""
    try:
        return list(dict.fromkeys(map(uuid.UUID, values)))
    except ValueError as error:
        raise Http404 from error


def find(request: HttpRequest, ids: Sequence[uuid.UUID]) -> list[Seen]:
    """Raises Http404 where none of them is known."""
    jobs = gallery.visible_of(viewer(request), look_up(ids))
    if not jobs:
        raise Http404
    return jobs


def answered(request: HttpRequest, read: Callable[[], dict[str, Any]]) -> HttpResponse:
    """304 when only the estimate has moved: the page counts that down by itself."""
    key = (request.path, request.META.get("QUERY_STRING"), viewer(request), get_language())
    answer = answers.get(key)
    if not answer:
        answer = answer_of(time.monotonic_ns(), read())
        answers.keep(key, answer)
    headers = {"ETag": answer.etag, "Cache-Control": "private, no-cache"}
    response = HttpResponse(answer.body, content_type="application/json", headers=headers)
    return get_conditional_response(request, etag=answer.etag, response=response) or response


def answer_of(asked_at: int, body: dict[str, Any]) -> Answer:
    """`body` is a JobStatus, or holds some of them."""
    statuses: list[JobStatus] = body.get("jobs", [body])
    seen = [[one["id"], one["version"], one["queue_position"], one["error"], one["poll_after_ms"]] for one in statuses]
    etag = f'W/"{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:20]}"'
    return Answer(asked_at, body["poll_after_ms"], JsonResponse(body).content, etag)

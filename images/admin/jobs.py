"""Jobs: the list, and the page of one."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import truncatechars
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from images import matching
from images.admin import operate
from images.admin.base import ReadOnlyAdmin, columns, seconds, short_owner
from images.admin.filters import JOB_FILTERS
from images.admin.history import timeline
from images.models import Job, Status


def state(job: Job) -> SafeString:
    return format_html('<span class="state {}">{}</span>', job.status, job.get_status_display())


def owner(job: Job) -> SafeString:
    return format_html('<a href="?{}">{}</a>', urlencode({"owner": job.owner}), short_owner(job.owner))


def next_try(job: Job) -> str:
    wait = (job.next_attempt_at - timezone.now()).total_seconds()
    if job.status != Status.QUEUED:
        return ""
    return f"in {seconds(wait)}" if wait > 0 else "when it is its turn"


COLUMNS = columns(
    {
        "job": lambda job: str(job.pk)[-8:],  # ids begin with the time, so the end tells them apart
        "state": state,
        "prompt": lambda job: truncatechars(job.prompt, 60),
        "owner": owner,
        "provider": lambda job: job.provider,
        "error": lambda job: job.error_message,
        "attempt": lambda job: f"{job.attempts} of {job.max_attempts}",
        "next try": next_try,
        "age": lambda job: timesince(job.created_at, depth=1),
    }
)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = tuple(COLUMNS.values())
    list_display_links = (COLUMNS["job"], COLUMNS["prompt"])
    list_filter = JOB_FILTERS
    search_fields = ("prompt",)
    search_help_text = "Words of the prompt (in the newest 100,000 jobs), an id or its end, or an owner."
    fields = (
        *("id", "batch", "status", "owner", "prompt", "negative_prompt", "style", "model", "provider", "width"),
        *("height", "steps", "guidance_scale", "seed", "error_code", "error_message"),
        *(COLUMNS["attempt"], COLUMNS["next try"]),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operate.operate)
        return [path("operate/", view, name="images_job_operate"), *super().get_urls()]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return matching.matching({"q": search_term}, queryset), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What this person may do to the selected jobs: (function, name, words)."""
        return {
            f"{name}_chosen": (partial(ask, name), f"{name}_chosen", f"{verb} the selected jobs")
            for name, verb in operate.offers(request.user).items()
        }

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With tabs for the states, the reasons of failures, and what can be done to all that match a filter."""
        wanted = matching.wanted_in(request.GET)
        status = wanted.get("status", "")
        context = {
            "tabs": matching.tabs(),
            "reasons": operate.linked_reasons() if status == Status.FAILED else [],
            "operations": operate.offers(request.user, status) if wanted else {},
            "wanted": urlencode(wanted),
        }
        return super().changelist_view(request, context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        job = options["obj"]
        context |= {"timeline": timeline(job), "operations": operate.offers(request.user, job.status)}
        return super().render_change_form(request, context, *args, **options)


def ask(name: str, model_admin: JobAdmin, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse:
    ids = [("id", str(pk)) for pk in rows.values_list("pk", flat=True)[: operate.MOST_CHOSEN]]
    return HttpResponseRedirect(f"{reverse('admin:images_job_operate')}?{urlencode([('do', name), *ids])}")

"""Jobs: the list, and the page of one."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import truncatechars
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from images import matching
from images.admin import operate
from images.admin.base import SEARCH_HELP, ReadOnlyAdmin, columns, seconds, short_owner
from images.admin.filters import JOB_FILTERS
from images.admin.history import timeline
from images.models import Job, Status
from images.status import in_words


def state(job: Job) -> SafeString:
    return format_html('<span class="state {}">{}</span>', job.status, job.get_status_display())


def owner(job: Job) -> SafeString:
    return format_html('<a href="?{}">{}</a>', urlencode({"owner": job.owner}), short_owner(job.owner))


def next_try(job: Job) -> str:
    wait = (job.next_attempt_at - timezone.now()).total_seconds()
    if job.status != Status.QUEUED:
        return ""
    return _("in %s") % seconds(wait) if wait > 0 else _("when it is its turn")


def attempts(job: Job) -> str:
    return _("%(done)s of %(most)s") % {"done": job.attempts, "most": job.max_attempts}


COLUMNS = columns(
    {
        gettext_noop("job"): lambda job: str(job.pk)[-8:],  # ids begin with the time, so the end tells them apart
        gettext_noop("state"): state,
        gettext_noop("prompt"): lambda job: truncatechars(job.prompt, 60),
        gettext_noop("owner"): owner,
        gettext_noop("provider"): lambda job: job.provider,
        gettext_noop("error"): lambda job: in_words(job.error_message),
        gettext_noop("attempt"): attempts,
        gettext_noop("next try"): next_try,
        gettext_noop("age"): lambda job: timesince(job.created_at, depth=1),
    }
)
FACTS = columns(
    {
        "id": lambda job: job.pk,
        "batch": lambda job: job.batch,
        gettext_noop("state"): state,
        gettext_noop("owner"): lambda job: job.owner,
        gettext_noop("prompt"): lambda job: job.prompt,
        gettext_noop("not in it"): lambda job: job.negative_prompt,
        gettext_noop("style"): lambda job: job.style,
        gettext_noop("model"): lambda job: job.model,
        gettext_noop("provider"): lambda job: job.provider,
        gettext_noop("size"): lambda job: f"{job.width} × {job.height}",
        gettext_noop("steps"): lambda job: job.steps,
        gettext_noop("guidance"): lambda job: job.guidance_scale,
        gettext_noop("seed"): lambda job: job.seed,
        gettext_noop("reason"): lambda job: job.error_code,
        gettext_noop("error"): lambda job: in_words(job.error_message),
    }
)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = tuple(COLUMNS.values())
    list_display_links = (COLUMNS["job"], COLUMNS["prompt"])
    list_filter = JOB_FILTERS
    search_fields = ("prompt",)
    search_help_text = SEARCH_HELP
    fields = (*FACTS.values(), COLUMNS["attempt"], COLUMNS["next try"])

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operate.operate)
        return [path("operate/", view, name="images_job_operate"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Under a tab there is what it counts."""
        return matching.matching({"status": request.GET.get("status", "")}, super().get_queryset(request))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return matching.matching({"q": search_term}, queryset), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What this person may do to the selected jobs: (function, name, words)."""
        return {
            f"{name}_chosen": (partial(ask, name), f"{name}_chosen", _("%(do)s the selected jobs") % {"do": verb})
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
    chosen = list(rows.values_list("pk", flat=True)[: operate.MOST_CHOSEN + 1])
    if len(chosen) > operate.MOST_CHOSEN:
        text = _("These are only the first %s. For more, choose a filter and press the button above the list.")
        messages.warning(request, text % operate.MOST_CHOSEN)
    ids = [("id", str(pk)) for pk in chosen[: operate.MOST_CHOSEN]]
    return HttpResponseRedirect(f"{reverse('admin:images_job_operate')}?{urlencode([('do', name), *ids])}")

"""Jobs: the list, and the page of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from images import matching
from images.admin import operate
from images.admin.base import ReadOnlyAdmin, age, head, seconds, short_id, short_owner
from images.admin.filters import JOB_FILTERS
from images.admin.history import attempts_of, timeline
from images.models import Job, Status


@dataclass(frozen=True)
class Tab:
    label: str
    count: str
    url: str
    chosen: bool


class JobList(ChangeList):
    """Django's list with tabs for the states, the reasons of failures, and what can be done to all that match."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.user = request.user
        super().__init__(request, *args, **kwargs)

    @property
    def filter(self) -> dict[str, str]:
        return {name: str(self.params[name]) for name in matching.FILTERS if self.params.get(name)}

    @cached_property
    def tabs(self) -> list[Tab]:
        counts: dict[str, int] = {"": matching.capped(Job.objects.all())}
        counts |= {status.value: count for status, count in matching.counts().items()}
        chosen = self.filter.get("status", "")
        return [
            Tab(
                str(Status(status).label) if status else "All",
                matching.shown(count),
                self.get_query_string({"status": status or None}),
                status == chosen,
            )
            for status, count in counts.items()
        ]

    @cached_property
    def reasons(self) -> list[tuple[str, matching.Reason]]:
        """Shown where failures are looked at."""
        return operate.linked_reasons() if self.filter.get("status") == Status.FAILED else []

    @cached_property
    def operations(self) -> list[tuple[str, str]]:
        """(address, words) of what this person may do to all that match; nothing without a filter."""
        if not self.filter:
            return []
        return operate.offers(self.user, self.filter)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("number", "state", "what", "who", "provider", "error", "attempt", "next_try", "age")
    list_display_links = ("number", "what")
    list_filter = (*JOB_FILTERS,)
    search_fields = ("prompt",)
    search_help_text = "Words of the prompt (in the newest 100,000 jobs), an id or its end, or an owner."
    actions = ("retry_chosen", "cancel_chosen", "delete_chosen")
    fields = (
        *("id", "batch", "status", "owner", "prompt", "negative_prompt", "style", "model", "provider", "size"),
        *("steps", "guidance_scale", "seed", "error_code", "error_message", "attempt", "next_try"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JobList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return matching.matching({"q": search_term}, queryset), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(operate.operate)
        return [path("operate/", view, name="images_job_operate"), *super().get_urls()]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return operate.may(request.user, "retry")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return operate.may(request.user, "delete")

    @admin.action(description="Retry the selected jobs", permissions=["operate"])
    def retry_chosen(self, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse:
        return self.ask("retry", rows)

    @admin.action(description="Cancel the selected jobs", permissions=["operate"])
    def cancel_chosen(self, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse:
        return self.ask("cancel", rows)

    @admin.action(description="Delete the selected jobs with their pictures", permissions=["remove"])
    def delete_chosen(self, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse:
        return self.ask("delete", rows)

    def ask(self, name: str, rows: QuerySet[Job]) -> HttpResponse:
        ids = [("id", str(pk)) for pk in rows.values_list("pk", flat=True)[: operate.MOST_CHOSEN]]
        return HttpResponseRedirect(f"{reverse('admin:images_job_operate')}?{urlencode([('do', name), *ids])}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        pk = matching.as_id(object_id)
        job = Job.objects.select_related("image").filter(pk=pk).first() if pk else None
        context: dict[str, Any] = {}
        if job:
            attempts = attempts_of(job)
            context = {"timeline": timeline(job, attempts), "attempts": attempts}
            context |= {"operations": operate.offers_for(request.user, job), "here": request.path}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @admin.display(description="job")
    def number(self, job: Job) -> str:
        return short_id(job.pk)

    @admin.display(description="state")
    def state(self, job: Job) -> SafeString:
        return format_html('<span class="state {}">{}</span>', job.status, job.get_status_display())

    @admin.display(description="prompt")
    def what(self, job: Job) -> str:
        return head(job.prompt)

    @admin.display(description="owner")
    def who(self, job: Job) -> SafeString:
        return format_html('<a href="?{}">{}</a>', urlencode({"owner": job.owner}), short_owner(job.owner))

    @admin.display(description="error")
    def error(self, job: Job) -> str:
        return job.error_message

    @admin.display(description="attempt")
    def attempt(self, job: Job) -> str:
        return f"{job.attempts} of {job.max_attempts}"

    @admin.display(description="next try")
    def next_try(self, job: Job) -> str:
        if job.status != Status.QUEUED:
            return ""
        wait = (job.next_attempt_at - timezone.now()).total_seconds()
        return f"in {seconds(wait)}" if wait > 0 else "when it is its turn"

    @admin.display(description="age")
    def age(self, job: Job) -> str:
        return age(job.created_at)

    @admin.display(description="size")
    def size(self, job: Job) -> str:
        return f"{job.width} × {job.height}"

"""The filters beside the list of jobs. What each means stands in images.matching; here is what can be chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from images import matching
from images.models import Attempt, Job, ProviderState, Status
from workers import backends

Choices = list[tuple[str, str]]


class JobFilter(admin.SimpleListFilter):
    """Offers the usual values, and the one in the address."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        usual = dict(self.usual())
        asked = request.GET.get(str(self.parameter_name), "")
        return list(usual.items()) + ([(asked, asked)] if asked and asked not in usual else [])

    def usual(self) -> Iterable[tuple[str, str]]:
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return matching.matching({str(self.parameter_name): self.value() or ""}, queryset)


class StatusFilter(JobFilter):
    """Chosen with the tabs above the list."""

    title, parameter_name, template = "state", "status", "admin/images/job/no_filter.html"

    def usual(self) -> Choices:
        return [(status.value, str(status.label)) for status in Status]


class CodeFilter(JobFilter):
    title, parameter_name = "reason", "code"

    def usual(self) -> Iterable[tuple[str, str]]:
        recent = Job.objects.filter(status=Status.FAILED).order_by("-pk").values_list("error_code", flat=True)
        return ((code, code) for code in sorted(set(recent[:1000])))


class HttpFilter(JobFilter):
    title, parameter_name = "answer's status", "http"

    def usual(self) -> Iterable[tuple[str, str]]:
        recent = Attempt.objects.order_by("-id").values_list("http_status", flat=True)[:1000]
        return ((str(code), str(code)) for code in sorted({code for code in recent if code}))

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [*super().lookups(request, model_admin), (matching.NO_ANSWER, "no answer")]


class ProviderFilter(JobFilter):
    title, parameter_name = "provider", "provider"

    def usual(self) -> Iterable[tuple[str, str]]:
        names = {backends.chosen(), *ProviderState.objects.values_list("name", flat=True)} - {"*"}
        return ((name, name) for name in sorted(names))


class ModelFilter(JobFilter):
    title, parameter_name = "model", "model"

    def usual(self) -> Iterable[tuple[str, str]]:
        recent = Job.objects.order_by("-pk").values_list("model", flat=True)[:1000]
        return ((name, name) for name in sorted({settings.HF_MODEL, *settings.HF_MODELS, *recent}))


class OwnerFilter(JobFilter):
    """Only the one in the address: a click on an owner in the list."""

    title, parameter_name = "owner", "owner"


class SinceFilter(JobFilter):
    title, parameter_name = "date", "since"

    def usual(self) -> Choices:
        return [(name, f"last {name}") for name in matching.SPANS]


JOB_FILTERS = [
    StatusFilter,
    CodeFilter,
    HttpFilter,
    ProviderFilter,
    ModelFilter,
    OwnerFilter,
    SinceFilter,
]


class TrashFilter(admin.SimpleListFilter):
    title, parameter_name = "place", "trash"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("no", "in the gallery"), ("yes", "in the trash")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(deleted_at__isnull=self.value() == "no") if self.value() else queryset

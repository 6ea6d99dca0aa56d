"""Pictures: to the trash and back, and away for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat, truncatechars
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from images import jobs, matching
from images.admin.base import ReadOnlyAdmin, column, columns, note, short_owner
from images.models import GeneratedImage, Job

Pictures = QuerySet[GeneratedImage]


def preview(image: GeneratedImage, kind: str, width: str) -> SafeString:
    """What is in the trash has no address any more: its tiny placeholder stands in."""
    source = image.placeholder if image.deleted_at else reverse("thumbnail", args=[image.pk]) + width
    tag = '<img class="{}" src="{}" alt="" width="{}" height="{}" loading="lazy">'
    return format_html(tag, kind, source, image.width, image.height)


def place(image: GeneratedImage) -> str:
    return f"in the trash for {timesince(image.deleted_at, depth=1)}" if image.deleted_at else "gallery"


SMALL = column("picture", lambda image: preview(image, "thumbnail-small", "?w=256"))
LARGE = column("picture", lambda image: preview(image, "thumbnail-large", ""))
FACTS = columns(
    {
        "prompt": lambda image: truncatechars(image.job.prompt, 80),
        "owner": lambda image: short_owner(image.job.owner),
        "size": lambda image: f"{image.width} × {image.height}",
        "file": lambda image: filesizeformat(image.bytes),
        "provider": lambda image: image.provider,
        "age": lambda image: timesince(image.created_at, depth=1),
        "place": place,
    }
)


class TrashFilter(admin.SimpleListFilter):
    title, parameter_name = "place", "trash"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "in the gallery"), ("yes", "in the trash")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(deleted_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(GeneratedImage)
class PictureAdmin(ReadOnlyAdmin):
    list_display = (SMALL, *FACTS.values())
    list_display_links = (FACTS["prompt"],)
    list_select_related = ("job",)
    list_filter = (TrashFilter,)
    search_fields = ("job__prompt",)
    search_help_text = "Words of the prompt (in the newest 100,000 jobs), an id or its end, or an owner."
    actions = ("to_trash", "restore", "purge")
    fields = (LARGE, *FACTS.values(), "format", "sha256", "created_at", "job")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        if search_term:
            queryset = queryset.filter(job__in=matching.search(Job.objects.all(), search_term))
        return queryset, False

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("images.delete_generatedimage")

    @admin.action(description="Move to the trash", permissions=["remove"])
    def to_trash(self, request: HttpRequest, rows: Pictures) -> None:
        self.change(request, rows, jobs.to_trash, "Moved to the trash.")

    @admin.action(description="Take back from the trash", permissions=["remove"])
    def restore(self, request: HttpRequest, rows: Pictures) -> None:
        self.change(request, rows, jobs.restore, "Taken back from the trash.")

    def change(self, request: HttpRequest, rows: Pictures, act: Callable[[QuerySet[Job]], int], message: str) -> None:
        chosen = list(rows)
        done = act(Job.objects.filter(image__in=chosen))
        note(request, chosen, message)
        self.message_user(request, f"{message} Pictures: {done}.", messages.SUCCESS)

    @admin.action(description="Purge now: remove for good", permissions=["remove"])
    def purge(self, request: HttpRequest, rows: Pictures) -> HttpResponse | None:
        """The first time it asks."""
        chosen = list(rows.select_related("job"))
        if "sure" not in request.POST:
            context = {**self.admin_site.each_context(request), "title": "Purge pictures", "rows": chosen}
            return TemplateResponse(request, "admin/images/generatedimage/purge.html", context)
        note(request, chosen, "Purged.")
        for image in chosen:
            image.purge()
        self.message_user(request, f"Removed for good. Pictures: {len(chosen)}.", messages.SUCCESS)
        return None

"""Pictures: to the trash and back, and away for good."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from images import jobs, matching
from images.admin.base import ReadOnlyAdmin, age, head, note, short_owner
from images.admin.filters import TrashFilter
from images.models import GeneratedImage, Job


@admin.register(GeneratedImage)
class PictureAdmin(ReadOnlyAdmin):
    list_display = ("small", "prompt", "owner", "size", "weight", "provider", "made", "place")
    list_display_links = ("small", "prompt")
    list_select_related = ("job",)
    list_filter = (TrashFilter,)
    search_fields = ("job__prompt",)
    search_help_text = "Words of the prompt (in the newest 100,000 jobs), an id or its end, or an owner."
    actions = ("to_trash", "restore", "purge")
    fields = ("large", "prompt", "owner", "size", "weight", "format", "sha256", "provider", "created_at", "place", "of")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if search_term:
            queryset = queryset.filter(job__in=matching.search(Job.objects.all(), search_term))
        return queryset, False

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("images.delete_generatedimage")

    @admin.action(description="Move to the trash", permissions=["remove"])
    def to_trash(self, request: HttpRequest, rows: QuerySet[GeneratedImage]) -> None:
        self.change(request, rows, "Moved to the trash.", jobs.to_trash(jobs_of(rows)))

    @admin.action(description="Take back from the trash", permissions=["remove"])
    def restore(self, request: HttpRequest, rows: QuerySet[GeneratedImage]) -> None:
        self.change(request, rows, "Taken back from the trash.", jobs.restore(jobs_of(rows)))

    def change(self, request: HttpRequest, rows: QuerySet[GeneratedImage], message: str, done: int) -> None:
        note(request, rows, message)
        self.message_user(request, f"{message} Pictures: {done}.", messages.SUCCESS)

    @admin.action(description="Purge now: remove for good", permissions=["remove"])
    def purge(self, request: HttpRequest, rows: QuerySet[GeneratedImage]) -> HttpResponse | None:
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

    @admin.display(description="picture")
    def small(self, image: GeneratedImage) -> SafeString:
        return preview(image, "thumbnail-small")

    @admin.display(description="picture")
    def large(self, image: GeneratedImage) -> SafeString:
        return preview(image, "thumbnail-large")

    @admin.display(description="prompt")
    def prompt(self, image: GeneratedImage) -> str:
        return head(image.job.prompt, 80)

    @admin.display(description="owner")
    def owner(self, image: GeneratedImage) -> str:
        return short_owner(image.job.owner)

    @admin.display(description="size")
    def size(self, image: GeneratedImage) -> str:
        return f"{image.width} × {image.height}"

    @admin.display(description="file")
    def weight(self, image: GeneratedImage) -> str:
        return filesizeformat(image.bytes)

    @admin.display(description="age")
    def made(self, image: GeneratedImage) -> str:
        return age(image.created_at)

    @admin.display(description="place")
    def place(self, image: GeneratedImage) -> str:
        return f"in the trash for {age(image.deleted_at)}" if image.deleted_at else "gallery"

    @admin.display(description="job")
    def of(self, image: GeneratedImage) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:images_job_change", args=[image.pk]), image.pk)


def jobs_of(rows: QuerySet[GeneratedImage]) -> QuerySet[Job]:
    return Job.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))


def preview(image: GeneratedImage, kind: str) -> SafeString:
    """What is in the trash has no address any more: its tiny placeholder stands in."""
    width = "" if kind == "thumbnail-large" else "?w=320"
    source = image.placeholder if image.deleted_at else reverse("thumbnail", args=[image.pk]) + width
    tag = '<img class="{}" src="{}" alt="" width="{}" height="{}" loading="lazy">'
    return format_html(tag, kind, source, image.width, image.height)

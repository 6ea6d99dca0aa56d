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
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from images import jobs, matching
from images.admin.base import SEARCH_HELP, ReadOnlyAdmin, column, columns, note, short_owner, value_filter
from images.matching import Jobs
from images.models import GeneratedImage, Job

Pictures = QuerySet[GeneratedImage]
MOST_PURGED = 500  # their ids go through a form


def preview(image: GeneratedImage, kind: str, width: str) -> SafeString:
    """What is in the trash has no address any more: its tiny placeholder stands in."""
    source = image.placeholder if image.deleted_at else reverse("thumbnail", args=[image.pk]) + width
    tag = '<img class="{}" src="{}" alt="" width="{}" height="{}" loading="lazy">'
    return format_html(tag, kind, source, image.width, image.height)


def place(image: GeneratedImage) -> str:
    return _("in the trash for %s") % timesince(image.deleted_at, depth=1) if image.deleted_at else _("gallery")


def job_page(image: GeneratedImage) -> str:
    return reverse("admin:images_job_change", args=[image.pk])


SMALL = column(gettext_noop("picture"), lambda image: preview(image, "thumbnail-small", "?w=256"))
LARGE = column("picture", lambda image: preview(image, "thumbnail-large", ""))
FACTS = columns(
    {
        gettext_noop("prompt"): lambda image: truncatechars(image.job.prompt, 80),
        gettext_noop("owner"): lambda image: short_owner(image.job.owner),
        gettext_noop("size"): lambda image: f"{image.width} × {image.height}",
        gettext_noop("file"): lambda image: filesizeformat(image.bytes),
        gettext_noop("provider"): lambda image: image.provider,
        gettext_noop("age"): lambda image: timesince(image.created_at, depth=1),
        gettext_noop("place"): place,
    }
)
MORE = columns(
    {
        gettext_noop("format"): lambda image: image.format,
        "sha256": lambda image: image.sha256,
        gettext_noop("created"): lambda image: image.created_at,
        gettext_noop("job"): lambda image: format_html('<a href="{}">{}</a>', job_page(image), image.pk),
    }
)
TRASH_FILTER = value_filter(
    "trash",
    gettext_lazy("place"),
    lambda request: [("no", _("in the gallery")), ("yes", _("in the trash"))],
    lambda rows, value: rows.filter(deleted_at__isnull=value == "no"),
)


@admin.register(GeneratedImage)
class PictureAdmin(ReadOnlyAdmin):
    list_display = (SMALL, *FACTS.values())
    list_display_links = (FACTS["prompt"],)
    list_select_related = ("job",)
    list_filter = (TRASH_FILTER,)
    search_fields = ("job__prompt",)
    search_help_text = SEARCH_HELP
    actions = ("to_trash", "restore", "purge")
    fields = (LARGE, *FACTS.values(), *MORE.values())

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        if search_term:
            queryset = queryset.filter(job__in=matching.search(Job.objects.all(), search_term))
        return queryset, False

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("images.delete_generatedimage")

    @admin.action(description=gettext_lazy("Move to the trash"), permissions=["remove"])
    def to_trash(self, request: HttpRequest, rows: Pictures) -> None:
        self.change(request, rows, jobs.to_trash, gettext_lazy("Moved to the trash."))

    @admin.action(description=gettext_lazy("Take back from the trash"), permissions=["remove"])
    def restore(self, request: HttpRequest, rows: Pictures) -> None:
        self.change(request, rows, jobs.restore, gettext_lazy("Taken back from the trash."))

    def change(self, request: HttpRequest, rows: Pictures, act: Callable[[Jobs], int], message: Promise) -> None:
        chosen = list(rows[: matching.CAP])  # “Select all 10,000” means no more than it says
        done = act(Job.objects.filter(image__in=chosen))
        note(request, chosen, message)
        said = _("%(message)s Pictures: %(count)s.") % {"message": message, "count": done}
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Purge now: remove for good"), permissions=["remove"])
    def purge(self, request: HttpRequest, rows: Pictures) -> HttpResponse | None:
        """The first time it asks."""
        chosen = list(rows.select_related("job")[: MOST_PURGED + 1])
        if len(chosen) > MOST_PURGED:
            text = _("Choose at most %s pictures. The command “purge --trash-now” removes all that lie in the trash.")
            self.message_user(request, text % MOST_PURGED, messages.ERROR)
            return None
        if "sure" not in request.POST:
            context = {**self.admin_site.each_context(request), "title": _("Purge pictures"), "rows": chosen}
            return TemplateResponse(request, "admin/images/generatedimage/purge.html", context)
        note(request, chosen, "Purged.")
        for image in chosen:
            image.purge()
        self.message_user(request, _("Removed for good. Pictures: %s.") % len(chosen), messages.SUCCESS)
        return None

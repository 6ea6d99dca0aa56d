"""What may be done with many pictures at once."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.core.exceptions import BadRequest
from django.core.files.base import ContentFile, File
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from zipstream import ZIP_STORED, ZipStream

from images import gallery, jobs
from images.identity import viewer
from images.metadata import VERSION
from images.models import GeneratedImage, Job
from images.views.errors import error_response, limited, too_busy
from images.views.files import SANDBOX, readable_name, settings_of
from images.views.status import ids_of

MOST = 500
CHUNK_BYTES = 256 * 1024
HEADERS = {
    "Content-Disposition": 'attachment; filename="pictures.zip"',
    "Content-Security-Policy": SANDBOX,
}
_packers = threading.BoundedSemaphore(4)  # of the process: a slow reader holds one of its threads


ACTIONS: dict[str, Callable[[QuerySet[Job]], int]] = {
    "star": jobs.star,
    "unstar": partial(jobs.star, starred=False),
    "delete": jobs.to_trash,
    "restore": jobs.restore,
}


def asked_ids(values: list[str]) -> list[uuid.UUID]:
    """Raises Http404 for what is no id, BadRequest for too many of them: none is left out silently."""
    if len(values) > MOST:
        raise BadRequest
    return ids_of(values)


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to all chosen pictures that are one's own; says how many those were."""
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        return error_response(request, 400, "bad_request", _("Choose what to do with the pictures."))
    ids = asked_ids(request.POST.getlist("id"))
    return JsonResponse({"done": action(gallery.owned_jobs(viewer(request)).filter(pk__in=ids))})


@require_http_methods(["GET", "HEAD", "POST"])
@limited("zip")
def zip_file(request: HttpRequest) -> HttpResponseBase:
    """The chosen pictures with readable names and a list of their settings, streamed as they are read.

    An address has room for two hundred of them, a form for all. With `ask` one only learns whether they can come.
    """
    values = (request.POST if request.method == "POST" else request.GET).getlist("id")
    if len(values) > MOST:
        words = _("One download has room for %(most)s pictures. Choose fewer.") % {"most": MOST}
        return error_response(request, 400, "too_many", words)
    images = list(gallery.visible_images(viewer(request)).filter(pk__in=asked_ids(values)).order_by("created_at"))
    if not images:
        words = _("These pictures are gone.") if values else _("Choose at least one picture.")
        return error_response(request, 404, "nothing_to_pack", words)
    if request.method == "HEAD":  # a server would read all of it, to send nothing
        return HttpResponse(content_type="application/zip", headers=HEADERS)
    if not _packers.acquire(blocking=False):
        return too_busy(request)
    if "ask" in request.POST:
        _packers.release()
        return JsonResponse({"pictures": len(images)})
    return StreamingHttpResponse(Packed(images), content_type="application/zip", headers=HEADERS)


class Packed(ZipStream):  # type: ignore[misc]
    """A zip that holds one of the places until it has been sent, or the reader has gone."""

    def __init__(self, images: list[GeneratedImage]) -> None:
        super().__init__(compress_type=ZIP_STORED)
        self.images, self.gone = images, _("This picture is gone. If you did not remove it, tell the site's owner.")

    def __iter__(self) -> Iterator[bytes]:
        names, listed = names_in(self.images), list[dict[str, Any]]()
        for image in self.images:
            yield from self.picture(image, names[image.pk], listed)
        self.add(json.dumps(listed, indent=2, ensure_ascii=False), "settings.json")
        yield from self.finalize()

    def picture(self, image: GeneratedImage, name: str, listed: list[dict[str, Any]]) -> Iterator[bytes]:
        """One at a time is in memory."""
        source, ending = self.opened(image)
        facts = {"file": name + ending, "created_at": image.created_at.isoformat(), "version": VERSION}
        listed.append(facts | vars(settings_of(image)))
        with source as file:
            self.add(file.chunks(CHUNK_BYTES), name + ending)
            yield from self.file()

    def opened(self, image: GeneratedImage) -> tuple[File[bytes], str]:
        """And what to add to its name. What was removed for good meanwhile takes the other pictures nothing."""
        try:
            return image.file.storage.open(str(image.file.name)), ""  # `image.file` would keep what it opened
        except FileNotFoundError:
            return ContentFile(self.gone.encode()), ".txt"

    def close(self) -> None:
        """Django calls it once."""
        _packers.release()


def names_in(images: list[GeneratedImage]) -> dict[uuid.UUID, str]:
    """Readable names, each of them once."""
    found: dict[str, uuid.UUID] = {}
    for image in images:
        name = readable_name(image, image.format)
        found[f"{image.pk}-{name}" if name in found else name] = image.pk
    return {pk: name for name, pk in found.items()}

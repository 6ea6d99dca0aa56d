"""The bytes of a picture: to look at, small, and to keep."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from images import gallery, presets
from images.files import WIDTHS, content_type, extension
from images.identity import viewer
from images.metadata import convert
from images.models import GeneratedImage
from images.models.queries import picture_query
from images.views.errors import limited, too_busy
from workers import thumbnails
from workers.providers.base import GenerationRequest

FORMATS = ("PNG", "JPEG", "WEBP")
SANDBOX = "default-src 'none'; sandbox"
PATIENCE_SECONDS = 5.0
_encoders = threading.BoundedSemaphore(2)  # of the process: each may need 200 MB


def is_public() -> bool:
    return settings.GALLERY == "shared" and not settings.LOGIN_REQUIRED


def find_image(request: HttpRequest, pk: uuid.UUID) -> GeneratedImage:
    """A public picture is the same for everybody, so nobody's name is asked for, and a cache in front may keep it."""
    asks = gallery.Viewer("") if is_public() else viewer(request)
    return get_object_or_404(gallery.visible_images(asks), pk=pk)


def find_files(request: HttpRequest, pk: uuid.UUID) -> GeneratedImage:
    """The same without its job, and for public pictures by a statement that is written once: a page asks 48 times."""
    if not is_public():
        return find_image(request, pk)
    for image in picture_query().objects(GeneratedImage, job=pk):
        return image
    raise Http404


@require_safe
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    image = find_files(request, pk)
    return stored(request, image.file, content_type(image.format), image.sha256[:32])


@require_safe
def thumbnail(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """512 pixels wide, or 256 with `?w=256`; the picture itself where no thumbnail can be made now."""
    image = find_files(request, pk)
    if not image.thumbnail:
        thumbnails.add(image)  # who draws a picture makes them in the next moment: too late for this request
        image = find_files(request, pk)
    if not image.thumbnail:
        return picture_response(open_or_404(image.file), content_type(image.format), {"Cache-Control": "no-store"})
    small = request.GET.get("w") == str(WIDTHS[1])
    chosen = image.thumbnail_small if small else image.thumbnail
    return stored(request, chosen, "image/webp", f"{image.sha256[:32]}-{WIDTHS[small]}")


def stored(request: HttpRequest, source: File[bytes], kind: str, mark: str) -> HttpResponseBase:
    """A picture under its address never changes, so a browser may keep it for good."""
    etag = f'"{mark}"'
    scope = "public" if is_public() else "private"
    headers = {"ETag": etag, "Cache-Control": f"{scope}, max-age=31536000, immutable"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    return picture_response(open_or_404(source), kind, headers)


def open_or_404(source: File[bytes]) -> File[bytes]:
    try:
        return source.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error


def picture_response(source: Any, kind: str, headers: dict[str, str], name: str = "") -> HttpResponseBase:
    """With a name it is to be kept, without one it is to be looked at."""
    headers = {"Content-Security-Policy": SANDBOX, **headers}
    return FileResponse(source, content_type=kind, headers=headers, as_attachment=bool(name), filename=name)


@require_safe
@limited("download")
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The picture with its settings written inside; `?format=png|jpeg|webp`, `?settings=0` leaves them out."""
    image = find_image(request, pk)
    to_format = request.GET.get("format", "").upper() or image.format
    if to_format not in FORMATS:
        raise Http404
    settings = None if request.GET.get("settings") == "0" else settings_of(image)
    data = converted(image, to_format, settings)
    if data is None:
        return too_busy(request)
    name = readable_name(image, to_format)
    return picture_response(BytesIO(data), content_type(to_format), {}, name)


def converted(image: GeneratedImage, to_format: str, settings: GenerationRequest | None) -> bytes | None:
    """None when too many are being encoded anew, which takes a processor for seconds."""
    again = to_format != image.format
    if again and not _encoders.acquire(timeout=PATIENCE_SECONDS):
        return None
    try:
        with open_or_404(image.file) as source:
            return convert(source.read(), to_format, settings)
    finally:
        if again:
            _encoders.release()


def settings_of(image: GeneratedImage) -> GenerationRequest:
    return replace(presets.request_for(image.job), width=image.width, height=image.height)


def readable_name(image: GeneratedImage, to_format: str) -> str:
    """The first words of the prompt and the end of the id: `a-red-fox-1a2b3c4d.png`."""
    words = slugify(image.job.prompt[:200], allow_unicode=True)[:60].strip("-_")
    return f"{words or 'picture'}-{image.pk.hex[-8:]}.{extension(to_format)}"

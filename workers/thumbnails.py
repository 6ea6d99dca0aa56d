"""Small pictures for the gallery, made when their picture can be seen already; the sweep makes what was cut off."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from images.files import Picture, read_picture
from images.models import GeneratedImage
from images.models.queries import picture_query, thumbnails_query
from images.storage import remove, save_thumbnails
from workers.database import database_turn, release_server_connection
from workers.order import AT_ONCE, wait_for_gap

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=30)
BATCH = 20
MOST_HELD = 64  # in memory, 1 MB each if square: who brings more waits, and draws nothing meanwhile
BURST = 16  # when more are held, no gap is waited for

_held: set[UUID] = set()
_pool = ThreadPoolExecutor(AT_ONCE, "thumbnails")
_places = threading.BoundedSemaphore(MOST_HELD)


def add_later(image: GeneratedImage, picture: Picture) -> None:
    """Beside the next jobs of this process. What is cut off is made by the next sweep."""
    _places.acquire()
    _held.add(image.pk)
    _pool.submit(_add_and_let_go, image, replace(picture, data=b""))


def _add_and_let_go(image: GeneratedImage, picture: Picture) -> None:
    try:
        if not wait_for_gap(lambda: len(_held) > BURST) or is_bare(image):
            add(image, picture)
    finally:
        release_server_connection()
        _held.discard(image.pk)
        _places.release()


def is_bare(image: GeneratedImage) -> bool:
    """Who looked at it meanwhile had them made."""
    with database_turn():
        return any(not row.thumbnail for row in picture_query().objects(GeneratedImage, job=image.pk))


def add(image: GeneratedImage, picture: Picture | None = None) -> None:
    """Never fails: until it has its thumbnails, a picture is shown itself, and the next sweep tries again."""
    try:
        store(image, save_thumbnails(picture or read_again(image), str(image.file.name)))
    except Exception as error:  # storages and databases have their own errors
        logger.warning("no thumbnails yet", extra={"job": image.pk, "reason": str(error).strip()})


def read_again(image: GeneratedImage) -> Picture:
    with image.file.open("rb") as file:
        return read_picture(file.read(), refuse_black=False)


def store(image: GeneratedImage, names: list[str]) -> None:
    """Only the first ones are kept, and none for a picture that is gone."""
    made = {"thumbnail": names[0], "thumbnail_small": names[1]}
    with database_turn():
        kept = thumbnails_query().run(job=image.pk, file=image.file.name, **made)
    if not kept:
        remove(names)


def add_missing() -> int:
    """For pictures whose worker ended too early. Returns how many were tried."""
    bare = GeneratedImage.objects.filter(thumbnail="", created_at__lt=Now() - GRACE)
    images = list(bare.order_by("-created_at")[:BATCH])
    for image in images:
        add(image)
    return len(images)

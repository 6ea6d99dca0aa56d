"""What may be seen: pictures newest first in keyset pages, and the neighbours of one."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet, Value

from images.models import GeneratedImage, Job, Status
from images.models.prepared import Beyond, Unordered
from images.models.seen import Seen
from images.search import FEW, Position, matching

PAGE_SIZE = 48
RECENT = 24

WITHOUT_PICTURE = (Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELED)
POSITION = ("created_at", "job_id")


@dataclass(frozen=True)
class Viewer:
    """Who looks: the owner key of their pictures, and whether they are staff."""

    owner: str
    is_staff: bool = False

    def owns(self, job: Job | Seen) -> bool:
        return self.is_staff or job.owner == self.owner


@dataclass(frozen=True)
class Page:
    images: list[GeneratedImage]
    next_cursor: str | None


class BadCursor(ValueError):
    """The cursor in the address is not one that we made."""


def visible_jobs(viewer: Viewer) -> QuerySet[Job]:
    """What lies in the trash is seen by its owner and staff only, its prompt and status too."""
    jobs = Job.objects.select_related("image")
    if viewer.is_staff:
        return jobs
    own = Q(owner=viewer.owner)
    return jobs.filter(own | Q(dismissed_at=None) if settings.GALLERY == "shared" else own)


def visible_of(viewer: Viewer, jobs: Iterable[Seen]) -> list[Seen]:
    """The same for rows that were read already."""
    shared = settings.GALLERY == "shared"
    return [job for job in jobs if viewer.owns(job) or (shared and not job.dismissed_at)]


def visible_images(viewer: Viewer) -> QuerySet[GeneratedImage]:
    images = GeneratedImage.objects.filter(deleted_at=None).select_related("job")
    return images if sees_all(viewer) else images.filter(job__owner=viewer.owner)


def sees_all(viewer: Viewer) -> bool:
    return settings.GALLERY == "shared" or viewer.is_staff


def only_of(images: QuerySet[GeneratedImage], owner: str) -> tuple[QuerySet[GeneratedImage], bool]:
    """This owner's, and whether they are few and taken by their ids."""
    own = Job.objects.filter(owner=owner).values("pk")
    few = not own[FEW : FEW + 1].exists()
    return images.filter(pk__in=own[:FEW]) if few else images.filter(job__owner=owner), few


def owned_jobs(viewer: Viewer) -> QuerySet[Job]:
    return Job.objects.all() if viewer.is_staff else Job.objects.filter(owner=viewer.owner)


class Wanted(TypedDict, total=False):
    """All pictures, or those that a search finds, the starred ones, the viewer's own."""

    query: str
    starred: bool
    mine: bool


def page(viewer: Viewer, *, cursor: str = "", size: int = 0, **wanted: Unpack[Wanted]) -> Page:
    """One page of pictures, newest first (`size` 0: PAGE_SIZE of them). Raises BadCursor."""
    size = size or PAGE_SIZE
    rows = beside(viewer, decode(cursor) if cursor else None, "<", size + 1, **wanted)
    return Page(rows[:size], encode(rows[size - 1]) if len(rows) > size else None)


def neighbours(
    viewer: Viewer, image: GeneratedImage, **wanted: Unpack[Wanted]
) -> tuple[GeneratedImage | None, GeneratedImage | None]:
    """The next newer and the next older picture of those that are wanted."""
    here = (image.created_at, image.job_id)
    newer, older = (beside(viewer, here, sign, 1, **wanted) for sign in "><")
    return next(iter(newer), None), next(iter(older), None)


def beside(
    viewer: Viewer,
    here: Position | None,
    sign: str,
    size: int,
    *,
    query: str = "",
    starred: bool = False,
    mine: bool = False,
) -> list[GeneratedImage]:
    """The next older ("<") or newer (">") pictures from here on; None is the newest end."""
    images, few = GeneratedImage.objects.filter(deleted_at=None).select_related("job"), False
    if mine or not sees_all(viewer):
        images, few = only_of(images, viewer.owner)
    if starred:
        images = images.filter(starred=True)
    if query:
        owners = [viewer.owner] if mine or not sees_all(viewer) else []
        images, found_few = matching(images, query, max(size, PAGE_SIZE), sign, here, owners=owners, starred=starred)
        few = few or found_few
    if here:
        images = images.filter(Beyond(*POSITION, *map(Value, here), sign=sign))
    when, name = Unordered("created_at") if few else F("created_at"), F("job_id")
    order = (when.desc(), name.desc()) if sign == "<" else (when.asc(), name.asc())
    return list(images.order_by(*order)[:size])


def unfinished_jobs(viewer: Viewer) -> list[Job]:
    """The viewer's own jobs that wait, run or ended without a picture, newest first."""
    own = Job.objects.filter(owner=viewer.owner, dismissed_at=None, status__in=WITHOUT_PICTURE)
    return list(own.order_by("-created_at", "-id")[:100])


def encode(image: GeneratedImage) -> str:
    return base64.urlsafe_b64encode(f"{image.created_at.isoformat()}|{image.job_id.hex}".encode()).decode()


def decode(cursor: str) -> Position:
    try:
        when, _, pk = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        created_at = datetime.fromisoformat(when)
        if created_at.tzinfo is None:
            raise BadCursor(cursor)
        return created_at.astimezone(UTC), UUID(hex=pk)
    except (ValueError, OverflowError) as error:
        raise BadCursor(cursor) from error

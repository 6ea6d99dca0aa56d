"""What a poll reads: one narrow row for each job, by a query whose SQL is written once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.db.models.functions import Now

from images.models.job import Job
from images.models.prepared import Prepared
from images.models.status import TERMINAL


class SeenImage(NamedTuple):
    width: int
    height: int
    placeholder: str
    deleted_at: datetime | None


class Seen(NamedTuple):
    """A job, under Job's own names, and its picture. `now` is the database's clock."""

    pk: uuid.UUID
    owner: str
    status: str
    version: int
    attempts: int
    max_attempts: int
    prompt: str
    model: str
    provider: str
    error_code: str
    error_message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    dismissed_at: datetime | None
    next_attempt_at: datetime
    now: datetime
    image: SeenImage | None

    @property
    def is_done(self) -> bool:
        return self.status in TERMINAL


COLUMNS = [name for name in Seen._fields if name not in {"now", "image"}]
IMAGE_COLUMNS = [f"image__{name}" for name in SeenImage._fields]


@cache
def seen_query(count: int) -> Prepared:
    places = [uuid.UUID(int=number) for number in range(count)]
    rows = Job.objects.filter(pk__in=places).annotate(now=Now()).values_list(*COLUMNS, "now", *IMAGE_COLUMNS)
    return Prepared(rows, places, Job._meta.pk)


def look_up(ids: Sequence[uuid.UUID]) -> list[Seen]:
    """The jobs with these ids, in their order; one query."""
    wanted = list(dict.fromkeys(ids))
    found: dict[uuid.UUID, Seen] = {}
    for row in seen_query(len(wanted)).fetch(wanted) if wanted else []:
        split = len(COLUMNS) + 1
        image = SeenImage(*row[split:]) if row[split] is not None else None
        found[row[0]] = Seen._make((*row[:split], image))
    return [found[pk] for pk in wanted if pk in found]

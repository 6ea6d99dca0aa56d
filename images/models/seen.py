"""What a poll reads: one narrow row for each job, by a query whose SQL is written once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models.functions import Now

from images.models.job import Job
from images.models.prepared import Place, Prepared, rows
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
    turn: int
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
    places: list[Any] = [Place(f"pk{number}", Job._meta.pk) for number in range(count)]
    return rows(Job.objects.filter(pk__in=places).annotate(now=Now()).values_list(*COLUMNS, "now", *IMAGE_COLUMNS))


def look_up(ids: Sequence[uuid.UUID]) -> list[Seen]:
    """The jobs with these ids, each of which stands there once, in their order; one query."""
    found: dict[uuid.UUID, Seen] = {}
    places = {f"pk{number}": pk for number, pk in enumerate(ids)}
    for row in seen_query(len(ids)).fetch(**places) if ids else []:
        split = len(COLUMNS) + 1
        image = SeenImage(*row[split:]) if row[split] is not None else None
        found[row[0]] = Seen._make((*row[:split], image))
    return [found[pk] for pk in ids if pk in found]

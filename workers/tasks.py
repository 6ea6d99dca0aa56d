"""One wake-up draws one picture: claim → call → store → finish, or requeue or fail as the policy says."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop as _

from config.celery import app
from images import presets
from images.files import Picture, read_picture
from images.models import GeneratedImage, Job, ProviderState
from images.storage import remove, save_picture
from workers import backends, thumbnails
from workers.database import AWAY, database_turn, until_database_answers
from workers.failures import give_back
from workers.leases import leases
from workers.order import finishing
from workers.providers.base import Deadline, Generation, InvalidResponse

logger = logging.getLogger(__name__)

STORAGE_RETRY_SECONDS = 15.0


@app.task(name="generate_image")
def generate_image(job_id: str = "", **later_fields: Any) -> None:
    """Draw the next picture in turn. `job_id` says who asked for a wake-up; fairness may pick another job."""
    try:
        with leases.next_job() as held:
            if held:
                attempt(held.job, held.deadline)
    except AWAY as error:  # nothing was claimed, or the lease will end; the sweeper wakes the job again
        logger.warning("the database is away", extra={"reason": str(error).strip()})


def attempt(job: Job, deadline: Deadline) -> None:
    logger.info("drawing", extra={"job": job.id, "attempt": job.attempts, "provider": job.provider})
    try:
        draw(job, deadline)
    except Exception as error:
        give_back(job, error)


def draw(job: Job, deadline: Deadline) -> None:
    """Call the provider and store what it made."""
    generation = backends.provider(job.provider).generate(presets.request_for(job), deadline)
    with finishing():
        picture = read_picture(generation.data, refuse_black=settings.REFUSE_BLACK_PICTURES)
        image = store(job, generation, picture)
    if image:
        thumbnails.add_later(image, picture)


def store(job: Job, generation: Generation, picture: Picture) -> GeneratedImage | None:
    """The file first, then one short transaction; whoever comes too late takes the file away again."""
    image = image_row(job, picture, save(job, picture), generation)
    facts: dict[str, Any] = {
        "provider": generation.provider,
        "http_status": generation.http_status,
        "request_id": generation.request_id[:200],
    }
    if not until_database_answers(lambda: finish(job, image, facts)):
        logger.info("came too late", extra={"job": job.id})
        until_database_answers(lambda: discard_unless_stored(image))
        return None
    logger.info("stored", extra={"job": job.id, "provider": generation.provider, **facts})
    return image


def finish(job: Job, image: GeneratedImage, facts: dict[str, Any]) -> bool:
    """False when it came too late."""
    with database_turn():
        stored = Job.objects.succeed(job, image, **facts)
        if stored:
            ProviderState.objects.record_success(job.provider)
        return stored


def save(job: Job, picture: Picture) -> str:
    assert job.lease_token is not None
    try:
        stem = f"{job.id.hex}-{job.lease_token.hex[:8]}"
        return until_database_answers(lambda: save_picture(picture, stem))  # with IMAGE_STORAGE=database
    except Exception as error:  # each storage has its own errors
        leases.doubt_storage()
        message = _("The picture could not be saved: the storage is full or away.")
        raise InvalidResponse("storage_failed", message, repr(error), STORAGE_RETRY_SECONDS, billed=True) from error


def image_row(job: Job, picture: Picture, name: str, generation: Generation) -> GeneratedImage:
    return GeneratedImage(
        job=job,
        file=name,
        placeholder=picture.placeholder,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        bytes=len(picture.data),
        sha256=picture.sha256,
        provider=generation.provider,
        ignored=",".join(generation.ignored),
    )


def discard_unless_stored(image: GeneratedImage) -> None:
    """A commit whose answer was lost may have stored the row after all."""
    if not GeneratedImage.objects.filter(pk=image.pk, file=image.file.name).exists():
        remove([str(image.file.name)])

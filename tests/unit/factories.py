"""Rows for tests."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db.models.functions import Now
from PIL import Image

from images.files import read_picture
from images.models import GeneratedImage, Job
from images.storage import save_picture, save_thumbnails

OWNER = "visitor:" + "a" * 32


def png(width: int = 64, height: int = 64, colour: str = "orange") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def make_job(**fields: Any) -> Job:
    defaults: dict[str, Any] = {"owner": OWNER, "prompt": "a red fox", "model": "m", "provider": "demo", "seed": 1}
    job = Job.objects.create(**defaults | fields)
    job.refresh_from_db()
    return job


def claim(worker: str = "host:1:aa") -> Job:
    job = Job.objects.claim(worker)
    assert job is not None
    return job


def running_job(**fields: Any) -> Job:
    make_job(**fields)
    return claim()


def image_for(job: Job, data: bytes | None = None) -> GeneratedImage:
    """An unsaved row with real files behind it."""
    picture = read_picture(data or png())
    name = save_picture(picture, f"{job.pk.hex}-00000000")
    thumbnail, thumbnail_small = save_thumbnails(picture, name)
    return GeneratedImage(
        job=job,
        file=name,
        thumbnail=thumbnail,
        thumbnail_small=thumbnail_small,
        placeholder=picture.placeholder,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        bytes=len(picture.data),
        sha256=picture.sha256,
        provider="demo",
    )


def picture_job(**fields: Any) -> Job:
    """A succeeded job with its picture."""
    job = running_job(**fields)
    assert Job.objects.succeed(job, image_for(job))
    return Job.objects.select_related("image").get(pk=job.pk)


def failed_job(code: str = "provider_error", message: str = "It did not work.", **fields: Any) -> Job:
    job = running_job(**fields)
    assert Job.objects.fail(job, code, message)
    job.refresh_from_db()
    return job


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))

"""A picture is shown before its thumbnails exist, and gets them whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from images.files import read_picture
from images.models import GeneratedImage, Job
from images.storage import save_thumbnails
from tests.unit.factories import make_job, picture_job, png
from workers import tasks, thumbnails

pytestmark = pytest.mark.django_db


def bare_picture(**age: int) -> GeneratedImage:
    """One whose worker ended before it made the thumbnails."""
    image = picture_job().image  # type: ignore[attr-defined]
    for name in image.names[1:]:
        image.file.storage.delete(name)
    GeneratedImage.objects.update(thumbnail="", thumbnail_small="", created_at=timezone.now() - timedelta(**age))
    return GeneratedImage.objects.get()


def files_in(folder: str) -> int:
    return sum(path.is_file() for path in Path(folder).rglob("*"))


def content(field: Any) -> bytes:
    with field.open("rb") as file:
        return bytes(file.read())


def fails(*args: Any) -> list[str]:
    raise OSError(28, "No space left on device")


def test_a_drawn_picture_gets_both_thumbnails(settings: Any) -> None:
    tasks.generate_image(str(make_job(width=1024, height=512).pk))
    image = GeneratedImage.objects.get()
    small, large = (Image.open(BytesIO(content(field))) for field in (image.thumbnail_small, image.thumbnail))
    assert [large.size, small.size] == [(512, 256), (256, 128)]
    assert files_in(settings.MEDIA_ROOT) == 3


def test_a_picture_is_kept_although_its_thumbnails_cannot_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "save_thumbnails", fails)
    job = make_job()
    tasks.generate_image(str(job.pk))
    assert Job.objects.get(pk=job.pk).status == "succeeded"
    assert GeneratedImage.objects.get().thumbnail.name == ""


@pytest.mark.parametrize("width", ["", "?w=256"])
def test_who_asks_before_there_is_a_thumbnail_gets_one_all_the_same(owner: Client, width: str) -> None:
    image = bare_picture()
    answer: Any = owner.get(f"/images/{image.pk}/thumbnail{width}")
    assert Image.open(BytesIO(answer.body)).format == "WEBP"
    assert (answer["Content-Type"], "immutable" in answer["Cache-Control"]) == ("image/webp", True)


def test_where_none_can_be_stored_the_picture_itself_is_shown_and_not_kept_by_the_browser(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = bare_picture()
    monkeypatch.setattr(thumbnails, "save_thumbnails", fails)
    answer: Any = owner.get(f"/images/{image.pk}/thumbnail")
    assert answer.body == content(image.file)
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "no-store")


def test_thumbnails_that_somebody_asked_for_meanwhile_are_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    monkeypatch.setattr(thumbnails, "wait_for_gap", lambda enough: True)
    monkeypatch.setattr(thumbnails, "add", lambda image, picture: made.append(True))
    for image in (bare_picture(), picture_job().image):  # type: ignore[attr-defined]
        thumbnails._places.acquire()
        thumbnails._add_and_let_go(image, read_picture(png()))
    assert len(made) == 1


def test_the_sweep_makes_the_missing_ones() -> None:
    image = bare_picture(minutes=1)
    assert thumbnails.add_missing() == 1
    image.refresh_from_db()
    assert Image.open(BytesIO(content(image.thumbnail))).format == "WEBP"
    assert thumbnails.add_missing() == 0


def test_the_sweep_leaves_alone_what_is_just_being_made() -> None:
    bare_picture(seconds=5)
    assert thumbnails.add_missing() == 0


def test_a_picture_whose_file_is_gone_stops_nobody() -> None:
    image = bare_picture(minutes=2)
    image.file.storage.delete(image.file.name)
    assert thumbnails.add_missing() == 1


def purged(image: GeneratedImage) -> None:
    image.purge()


def made_by_another(image: GeneratedImage) -> None:
    thumbnails.store(image, save_thumbnails(read_picture(png()), str(image.file.name)))


@pytest.mark.parametrize(("meanwhile", "left"), [(purged, 0), (made_by_another, 3)])
def test_thumbnails_that_come_too_late_leave_no_files(
    settings: Any, meanwhile: Callable[[GeneratedImage], None], left: int
) -> None:
    image = bare_picture()
    names = save_thumbnails(read_picture(png()), str(image.file.name))
    meanwhile(GeneratedImage.objects.get())
    thumbnails.store(image, names)
    assert files_in(settings.MEDIA_ROOT) == left

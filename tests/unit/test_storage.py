"""The same for all three: a folder, a bucket (on a real S3 server) and the database."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image

from images import storage
from images.files import Picture, read_picture
from images.models import GeneratedImage
from tests.s3_server import S3Server
from tests.unit.factories import picture_job
from workers import janitor

STEM = "0123456789abcdef0123456789abcdef-89abcdef"
THUMBNAIL = re.compile(rf"pictures/ef/{STEM}-[0-9a-f]{{6}}-(512|256)\.webp")
KINDS = ("filesystem", "s3", "database")

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    server = S3Server().start()
    yield server
    server.stop()


@pytest.fixture(params=KINDS, autouse=True)
def kind(request: pytest.FixtureRequest, settings: Any) -> str:
    chosen = dict(settings.PICTURE_STORAGES[request.param])
    if request.param == "s3":
        chosen["OPTIONS"] = request.getfixturevalue("s3_server").options()
    settings.STORAGES = {**settings.STORAGES, "default": chosen}
    return str(request.param)


@pytest.fixture(scope="module")
def picture() -> Picture:
    out = BytesIO()
    Image.new("RGB", (700, 500), "orange").save(out, "PNG")
    return read_picture(out.getvalue())


class Breaks(ContentFile):  # type: ignore[type-arg]
    """Content that cannot be read to its end."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"first half"
        raise OSError(errno.ENOSPC, "No space left on device")

    def read(self, *args: Any) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")


def kept(shard: str) -> set[str]:
    return {name for name, _time in storage.list_shard(shard)}


def content(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def test_a_picture_and_its_thumbnails_lie_in_one_shard(picture: Picture) -> None:
    name = storage.save_picture(picture, STEM)
    thumbnails = storage.save_thumbnails(picture, name)
    assert name == f"pictures/ef/{STEM}.png"
    assert [match[1] for match in map(THUMBNAIL.fullmatch, thumbnails) if match] == ["512", "256"]
    assert kept("ef") == {name, *thumbnails}
    assert [content(one) for one in (name, *thumbnails)] == [picture.data, *picture.thumbnails()]


def test_the_size_and_the_time_of_a_file_are_known(picture: Picture) -> None:
    name = storage.save_picture(picture, STEM)
    assert default_storage.size(name) == len(picture.data)
    assert timezone.now() - default_storage.get_modified_time(name) < timedelta(minutes=1)
    assert all(timezone.now() - time < timedelta(minutes=1) for _name, time in storage.list_shard("ef"))


def test_a_failed_save_does_not_harm_the_file_that_has_the_name() -> None:
    default_storage.save("pictures/ab/b.txt", ContentFile(b"old"))
    with pytest.raises(OSError, match=r"No space left|did not answer"):  # the connection broke
        default_storage.save("pictures/ab/b.txt", Breaks(b""))
    assert content("pictures/ab/b.txt") == b"old"


@pytest.mark.parametrize("failing", [1, 2])
def test_both_thumbnails_are_stored_or_none(failing: int, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    name, calls, save = storage.save_picture(picture, STEM), [0], Storage.save

    def full(*args: Any) -> str:
        calls[0] += 1
        if calls[0] == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(*args)

    monkeypatch.setattr(Storage, "save", full)
    with pytest.raises(OSError, match="No space left"):
        storage.save_thumbnails(picture, name)
    assert kept("ef") == {name}


def test_two_pictures_never_share_a_name(picture: Picture) -> None:
    assert storage.save_picture(picture, STEM) != storage.save_picture(picture, STEM)


def test_two_that_make_the_same_thumbnails_never_share_a_name(picture: Picture) -> None:
    name = storage.save_picture(picture, STEM)
    assert not {*storage.save_thumbnails(picture, name)} & {*storage.save_thumbnails(picture, name)}


def test_removing_what_is_not_there_is_fine(picture: Picture) -> None:
    name = storage.save_picture(picture, STEM)
    large, small = storage.save_thumbnails(picture, name)
    storage.remove([name, "pictures/ef/never.png", large])
    assert kept("ef") == {small}


def test_what_is_not_there_cannot_be_opened_measured_or_dated() -> None:
    for ask in (default_storage.open, default_storage.size, default_storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("pictures/ef/never.png")
    assert not default_storage.exists("pictures/ef/never.png")


def test_an_unused_shard_is_empty(picture: Picture) -> None:
    storage.save_picture(picture, STEM)
    assert storage.list_shard("00") == storage.list_shard("e") == []


def test_free_space_is_known_for_a_disk_only(kind: str) -> None:
    assert bool(storage.free_bytes()) == (kind == "filesystem")


def test_a_storage_that_works_is_found_writable() -> None:
    storage.check_writable()


@pytest.mark.parametrize("kind", ["filesystem", "s3"], indirect=True)  # the database's transaction is one thread's
def test_threads_store_and_read_at_the_same_time(picture: Picture) -> None:
    stems = [f"{number:030x}ef-00000000" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        saved = list(pool.map(lambda stem: storage.save_picture(picture, stem), stems))
        assert {data == picture.data for data in pool.map(content, saved)} == {True}
    assert len(kept("ef")) == 12


def test_a_picture_is_shown_downloaded_and_packed(owner: Client) -> None:
    job = picture_job()
    sent = owner.get(f"/images/{job.pk}/file")
    assert (sent.status_code, sent.body) == (200, content(job.image.names[0]))  # type: ignore[attr-defined]
    assert int(sent["Content-Length"]) == job.image.bytes
    for address in (f"/images/{job.pk}/thumbnail?w=256", f"/download/{job.pk}/", f"/zip/?id={job.pk}"):
        assert owner.get(address).status_code == 200


def test_a_file_that_is_gone_is_not_found(owner: Client) -> None:
    job = picture_job()
    storage.remove(job.image.names)
    for address in (f"/images/{job.pk}/file", f"/images/{job.pk}/thumbnail", f"/download/{job.pk}/"):
        assert owner.get(address).status_code == 404


def test_a_picture_that_was_taken_back_meanwhile_is_not_purged() -> None:
    job = picture_job()
    job.image.purge(GeneratedImage.objects.exclude(deleted_at=None))
    assert kept(job.pk.hex[-2:]) == set(GeneratedImage.objects.get().names)


def test_a_purged_picture_leaves_no_file() -> None:
    job = picture_job()
    shard = job.pk.hex[-2:]
    assert kept(shard) == set(job.image.names)
    job.image.purge()
    assert kept(shard) == set()


def test_the_janitor_finds_the_files_that_no_row_names(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    job = picture_job()
    lost = storage.save_picture(picture, f"{job.pk.hex}-ffffffff")
    monkeypatch.setattr(janitor, "SHARDS", (job.pk.hex[-2:],))
    assert janitor.remove_orphans() == 0  # too young
    monkeypatch.setattr(janitor, "ORPHAN_AGE", -timedelta(minutes=1))
    assert janitor.remove_orphans() == 1
    assert kept(job.pk.hex[-2:]) == set(GeneratedImage.objects.get(pk=job.pk).names)
    assert not default_storage.exists(lost)


def test_the_setting_chooses_the_storage(kind: str, settings: Any) -> None:
    assert settings.PICTURE_STORAGES[kind]["BACKEND"] == settings.STORAGES["default"]["BACKEND"]
    assert set(settings.PICTURE_STORAGES) == set(KINDS)


def test_a_public_picture_may_be_kept_by_a_cache_in_front_and_names_no_visitor(client: Client) -> None:
    sent = client.get(f"/images/{picture_job().pk}/file")
    assert sent["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in sent["Vary"]
    assert not sent.cookies

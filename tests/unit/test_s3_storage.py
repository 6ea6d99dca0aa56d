"""What only a bucket does: it may be away, refuse, or be named wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config import problems
from images import s3_storage, storage
from tests.s3_server import S3Server
from tests.services import free_port


@pytest.fixture
def server() -> Iterator[S3Server]:
    running = S3Server().start()
    yield running
    running.stop()


@pytest.fixture
def use(settings: Any, server: S3Server) -> Any:
    """Choose the bucket; keyword arguments are options that differ."""

    def choose(**options: Any) -> dict[str, Any]:
        chosen = server.options() | options
        made = settings.PICTURE_STORAGES["s3"] | {"OPTIONS": chosen}
        settings.STORAGES = {**settings.STORAGES, "default": made}
        return chosen

    return choose


def test_a_bucket_that_is_not_there_is_noticed_before_a_job_is_taken(use: Any) -> None:
    use(bucket_name="wrong")
    with pytest.raises(OSError, match="NoSuchBucket"):
        storage.check_writable()


def test_a_bucket_that_does_not_answer_is_an_os_error(use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    use(endpoint_url=f"http://127.0.0.1:{free_port()}")
    for ask in (default_storage.open, default_storage.exists, default_storage.delete):
        with pytest.raises(OSError, match="did not answer"):
            ask("pictures/ef/a.png")
    with pytest.raises(OSError, match="did not answer"):
        storage.list_shard("ef")
    with pytest.raises(OSError, match="did not answer"):
        storage.check_writable()


def test_the_check_writes_each_time_it_is_asked(use: Any, server: S3Server) -> None:
    bucket = use()["bucket_name"]
    for _ in range(2):
        storage.check_writable()
        assert server.keys(bucket) == {s3_storage.CHECK}
        default_storage.delete(s3_storage.CHECK)


def test_a_shard_of_many_files_is_listed_whole(use: Any) -> None:
    use()
    for number in range(3):
        default_storage.save(f"pictures/ef/{number}.png", ContentFile(b"x"))
    client = default_storage.client  # type: ignore[attr-defined]
    paginate = client.get_paginator("list_objects_v2").paginate(
        Bucket=default_storage.bucket_name,  # type: ignore[attr-defined]
        Prefix="pictures/ef/",
        PaginationConfig={"PageSize": 1},
    )
    assert len(list(paginate)) == 3
    assert len(storage.list_shard("ef")) == 3


def test_pictures_get_their_content_type(use: Any) -> None:
    use()
    default_storage.save("pictures/ef/a.webp", ContentFile(b"x"))
    client = default_storage.client  # type: ignore[attr-defined]
    head = client.head_object(Bucket=default_storage.bucket_name, Key="pictures/ef/a.webp")  # type: ignore[attr-defined]
    assert head["ContentType"] == "image/webp"


def test_a_bucket_without_a_name_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.settings.IMAGE_STORAGE", "s3")
    assert "IMAGE_STORAGE is s3 but S3_BUCKET is empty: set it to the name of the bucket." in problems.find()

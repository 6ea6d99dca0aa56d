"""Where pictures are kept: pictures/<2 hex>/<stem>.<ext>, each file whole or not there at all.

A stem is "<32 hex of the job's id>-<8 hex of the attempt>"; the folder is named after the last two of the 32.
IMAGE_STORAGE chooses the storage: images.disk_storage, images.s3_storage or images.database_storage.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol, cast

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from images.files import WIDTHS, Picture, extension

SHARDS = tuple(f"{number:02x}" for number in range(256))


class PictureStorage(Protocol):
    """What each of our storages can do beside Django's `save`, `open`, `delete` and so on."""

    def list_times(self, folder: str) -> Iterable[tuple[str, datetime]]:
        """Names and times of change; nothing for a folder that is not there."""

    def free_bytes(self) -> int | None:
        """None where the storage is no disk of ours."""

    def check_writable(self) -> None:
        """Raise if a picture could not be stored now."""


_storage = cast("PictureStorage", default_storage)


def folder_of(stem: str) -> str:
    return f"pictures/{stem[30:32]}"


def save_picture(picture: Picture, stem: str) -> str:
    """Its name within the storage. Raises OSError (or what else the storage raises)."""
    return _save(f"{folder_of(stem)}/{stem}.{extension(picture.format)}", picture.data)


def save_thumbnails(picture: Picture, name: str) -> list[str]:
    """Names of the larger and the smaller one, beside the picture of this name; both or none. Raises as above."""
    base = f"{name.rpartition('.')[0]}-{secrets.token_hex(3)}"  # two may make them at once
    saved: list[str] = []
    try:
        for width, data in zip(WIDTHS, picture.thumbnails(), strict=True):
            saved.append(_save(f"{base}-{width}.webp", data))
    except BaseException:
        with suppress(Exception):  # what went wrong first is what counts; the janitor finds the rest
            remove(saved)
        raise
    return saved


def _save(name: str, data: bytes) -> str:
    return str(default_storage.save(name, ContentFile(data)))


def remove(names: Iterable[str]) -> None:
    """A file that is not there is fine."""
    for name in names:
        default_storage.delete(name)


def list_shard(shard: str) -> list[tuple[str, datetime]]:
    """Names and times of change of all files of one of SHARDS, unfinished ones included."""
    return list(_storage.list_times(f"pictures/{shard}"))


def free_bytes() -> int | None:
    return _storage.free_bytes()


def check_writable() -> None:
    """Raise OSError (or what else the storage raises) if a picture could not be stored now."""
    _storage.check_writable()

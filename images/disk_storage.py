"""Pictures as files in a folder that web and worker share: IMAGE_STORAGE=filesystem."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

TEMPORARY = ".tmp-"  # how the names of unfinished files begin
PICTURES = "pictures"  # the folder in which images.storage makes its shards
LEAST_FREE_BYTES = 50 * 1024 * 1024  # below that a disk counts as full


def _sync(folder: str) -> None:
    """Make the names in a folder survive a power cut, as fsync does for a file's bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _temporary(folder: str) -> Iterator[tuple[str, IO[bytes]]]:
    """A new file that is gone afterwards, unless it was renamed."""
    path = os.path.join(folder, TEMPORARY + secrets.token_hex(8))
    try:
        with open(path, "xb") as file:
            yield path, file
    finally:
        with suppress(FileNotFoundError):
            os.remove(path)


class DurableFileSystemStorage(FileSystemStorage):
    """A file appears under its name only when all of it is on the disk. Raises OSError and leaves nothing behind."""

    def _save(self, name: str, content: File[Any]) -> str:
        path = self.path(name)
        folder = os.path.dirname(path)
        self._make(folder)
        with _temporary(folder) as (temporary, file):
            for chunk in content.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            if self.file_permissions_mode is not None:
                os.chmod(temporary, self.file_permissions_mode)
            os.replace(temporary, path)
        _sync(folder)
        return name

    def _make(self, folder: str) -> None:
        """A new folder's own name is kept in its parent."""
        if not os.path.isdir(folder):
            self._make(os.path.dirname(folder))
            os.makedirs(folder, self.directory_permissions_mode or 0o777, exist_ok=True)
            _sync(os.path.dirname(folder))

    def list_times(self, folder: str) -> Iterator[tuple[str, datetime]]:
        with suppress(FileNotFoundError):
            for file in self.listdir(folder)[1]:
                name = f"{folder}/{file}"
                with suppress(FileNotFoundError):
                    yield name, self.get_modified_time(name)

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self._pictures()).free

    def check_writable(self) -> None:
        folder = self._pictures()
        if (free := shutil.disk_usage(folder).free) < LEAST_FREE_BYTES:
            raise OSError(errno.ENOSPC, f"the disk is full: {free // 1024**2} MB left")
        with _temporary(folder) as (_, file):
            file.write(b"ok")

    def _pictures(self) -> str:
        """Not the root, which may be another disk or belong to somebody else."""
        folder = self.path(PICTURES)
        self._make(folder)
        return folder

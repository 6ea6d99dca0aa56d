"""Pictures as rows, for hosts where web and worker share no disk (Heroku, Replit): IMAGE_STORAGE=database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db.models.functions import Length

from images.models import StoredFile


class DatabaseStorage(Storage):
    """A file is whole in memory while it is written or read: at most images.files.MAX_BYTES."""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return ContentFile(bytes(self._value(name, "data")), name)

    def _save(self, name: str, content: File[Any]) -> str:
        StoredFile.objects.create(name=name, data=content.read())
        return name

    def delete(self, name: str) -> None:
        StoredFile.objects.filter(pk=name).delete()

    def exists(self, name: str) -> bool:
        return StoredFile.objects.filter(pk=name).exists()

    def size(self, name: str) -> int:
        return int(self._value(name, Length("data")))

    def get_modified_time(self, name: str) -> datetime:
        found: datetime = self._value(name, "modified_at")
        return found

    def _value(self, name: str, column: Any) -> Any:
        found = StoredFile.objects.filter(pk=name).values_list(column, flat=True).first()
        if found is None:
            raise FileNotFoundError(f"no such file in the database: {name}")
        return found

    def list_times(self, folder: str) -> Iterator[tuple[str, datetime]]:
        rows = StoredFile.objects.filter(name__startswith=f"{folder}/")
        yield from rows.values_list("name", "modified_at").iterator()

    def free_bytes(self) -> int | None:
        return None

    def check_writable(self) -> None:
        """Only whether it answers: taking a job is a write to the same database, and comes next."""
        self.exists("")

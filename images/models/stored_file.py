"""Files kept in the database, where there is no better place: IMAGE_STORAGE=database."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class StoredFile(models.Model):
    """One file of images.database_storage. The bytes stand last: SQLite reads over them to what stands behind."""

    name = models.CharField(max_length=200, primary_key=True)
    modified_at = models.DateTimeField(db_default=Now())
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.name

"""The picture that a job ended with, and files where the database keeps them: IMAGE_STORAGE=database."""

from __future__ import annotations

import base64

from django.db import models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from images.models.job import Job


class GeneratedImage(models.Model):
    """One per succeeded job, under the job's own id. The bytes are files; sizes are in pixels."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="image")
    file = models.FileField(max_length=200)
    thumbnail = models.FileField(max_length=200)  # both come later than the row, which then has "" for them
    thumbnail_small = models.FileField(max_length=200)
    placeholder = models.CharField(max_length=400)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    format = models.CharField(max_length=8)
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    provider = models.CharField(max_length=40)
    # Settings that the provider could not use.
    ignored = models.CharField(max_length=100, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now)  # SQLite's clock writes 3 digits, keyset pages need 6
    starred = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("picture"), _("pictures")
        indexes = [
            models.Index(
                fields=["-created_at", "-job"], condition=models.Q(deleted_at__isnull=True), name="picture_newest"
            ),
            models.Index(
                fields=["-created_at", "-job"],
                condition=models.Q(deleted_at__isnull=True, starred=True),
                name="picture_starred",
            ),
            models.Index(fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="picture_trash"),
            models.Index(fields=["created_at"], condition=models.Q(thumbnail=""), name="picture_no_thumbnail"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.width} × {self.height}"

    @property
    def image_url(self) -> str:
        return reverse("file", args=[self.job_id])

    @property
    def names(self) -> list[str]:
        """The files that belong to this row."""
        return [name for name in (self.file.name, self.thumbnail.name, self.thumbnail_small.name) if name]

    def data_url(self) -> str:
        """The whole picture as a base64 data URL, for whoever wants it in one text."""
        with self.file.open("rb") as file:
            return f"data:image/{self.format.lower()};base64,{base64.b64encode(file.read()).decode()}"

    def purge(self, still: QuerySet[GeneratedImage] | None = None) -> None:
        """Remove the job with this row, then the files; files left behind by a crash are found by the janitor.

        With `still`, only if it is one of those even now: somebody may have taken it back.
        """
        with transaction.atomic():
            if still is not None and not still.select_for_update().filter(pk=self.pk).exists():
                return
            self.job.delete()
        for name in self.names:
            self.file.storage.delete(name)


class StoredFile(models.Model):
    """One file of images.database_storage. The bytes stand last: SQLite reads over them to what stands behind."""

    name = models.CharField(max_length=200, primary_key=True)
    modified_at = models.DateTimeField(db_default=Now())
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.name

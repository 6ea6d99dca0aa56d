"""Pictures in a bucket of Amazon S3 or of a server that speaks its language: IMAGE_STORAGE=s3."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

CHECK = "check"  # the object that is written to see whether writing works
CHECK_SECONDS = 10.0


def client_config(endpoint: str | None) -> Config:
    return Config(
        connect_timeout=5,
        read_timeout=30,  # seconds of silence; a picture is at most 25 MB
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=max(10, settings.WORKER_CONCURRENCY),  # one for each thread
        s3={"addressing_style": "path" if endpoint else "auto"},  # servers of one's own seldom have a name per bucket
        request_checksum_calculation="when_required",  # not every such server knows the newer checksums
        response_checksum_validation="when_required",
    )


@contextmanager
def plain_errors(name: str) -> Iterator[None]:
    """What goes wrong is an OSError here too; what is not there is a FileNotFoundError."""
    try:
        yield
    except ClientError as error:
        missing = error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        kind = FileNotFoundError if missing else OSError
        raise kind(f"the bucket said about {name}: {error}") from error
    except BotoCoreError as error:
        raise OSError(f"the bucket did not answer about {name}: {error}") from error


class BucketStorage(S3Storage):  # type: ignore[misc]
    """One client for all threads: making one takes a tenth of a second and megabytes, and it may be shared."""

    def __init__(self, **options: Any) -> None:
        self._making = threading.Lock()
        self._made: Any = None
        self._checked = -CHECK_SECONDS
        ours = {
            "client_config": client_config(options.get("endpoint_url")),
            "transfer_config": TransferConfig(use_threads=False),  # a picture is one small request
            "file_overwrite": False,
        }
        super().__init__(**ours, **options)

    @property
    def connection(self) -> Any:
        with self._making:
            if self._made is None:
                made = self._create_session().resource(
                    "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
                )
                self._made = made
            return self._made

    @property
    def client(self) -> Any:
        return self.connection.meta.client

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """One request; the file is whole in memory then: at most images.files.MAX_BYTES."""
        with plain_errors(name):
            answer = self.client.get_object(Bucket=self.bucket_name, Key=self._normalize_name(name))
            return ContentFile(answer["Body"].read(), name)

    def _save(self, name: str, content: File[Any]) -> str:
        with plain_errors(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with plain_errors(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with plain_errors(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with plain_errors(name):
            return int(super().size(name))

    def get_modified_time(self, name: str) -> datetime:
        with plain_errors(name):
            found: datetime = super().get_modified_time(name)
            return found

    def list_times(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """One request for each 1,000 files."""
        with plain_errors(folder):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=self._normalize_name(folder) + "/"):
                for entry in page.get("Contents", ()):
                    yield entry["Key"], entry["LastModified"]

    def free_bytes(self) -> int | None:
        """A bucket has no end."""
        return None

    def check_writable(self) -> None:
        """Write a small object, at most once in CHECK_SECONDS: a bucket that can be read may still refuse."""
        if time.monotonic() - self._checked < CHECK_SECONDS:
            return
        with plain_errors(CHECK):
            self.client.put_object(Bucket=self.bucket_name, Key=CHECK, Body=b"ok")
        self._checked = time.monotonic()

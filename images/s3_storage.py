"""Pictures in a bucket of Amazon S3 or of a server that speaks its language: IMAGE_STORAGE=s3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

CHECK = "check"  # the object that is written to see whether writing works


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
def plain_errors() -> Iterator[None]:
    """What goes wrong is an OSError here too; what is not there is a FileNotFoundError."""
    try:
        yield
    except ClientError as error:
        missing = error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        raise (FileNotFoundError if missing else OSError)(f"the bucket said: {error}") from error
    except (BotoCoreError, ValueError) as error:  # botocore's word for an endpoint that is no address
        raise OSError(f"the bucket did not answer: {error}") from error


class BucketStorage(S3Storage):  # type: ignore[misc]
    """One client for all threads: making one takes a tenth of a second and megabytes, and it may be shared."""

    _save = plain_errors()(S3Storage._save)
    delete = plain_errors()(S3Storage.delete)
    exists = plain_errors()(S3Storage.exists)
    size = plain_errors()(S3Storage.size)
    get_modified_time = plain_errors()(S3Storage.get_modified_time)

    def __init__(self, **options: Any) -> None:
        ours = {
            "client_config": client_config(options.get("endpoint_url")),
            "transfer_config": TransferConfig(use_threads=False),  # a picture is one small request
            "file_overwrite": False,
        }
        super().__init__(**ours, **options)

    @cached_property
    def connection(self) -> Any:
        return self._create_session().resource(
            "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
        )

    @property
    def client(self) -> Any:
        return self.connection.meta.client

    @plain_errors()
    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """One request; the file is whole in memory then: at most images.files.MAX_BYTES."""
        answer = self.client.get_object(Bucket=self.bucket_name, Key=self._normalize_name(name))
        return ContentFile(answer["Body"].read(), name)

    def list_times(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """One request for each 1,000 files."""
        with plain_errors():
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=self._normalize_name(folder) + "/"):
                for entry in page.get("Contents", ()):
                    yield entry["Key"], entry["LastModified"]

    def free_bytes(self) -> int | None:
        return None

    def check_writable(self) -> None:
        """Write a small object: a bucket that can be read may still refuse."""
        with plain_errors():
            self.client.put_object(Bucket=self.bucket_name, Key=CHECK, Body=b"ok")

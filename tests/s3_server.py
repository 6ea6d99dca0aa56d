"""A real S3 server (moto's) on loopback, for tests: `server = S3Server().start()`, then `server.options()` or
`server.environment()` lead the app to a new, empty bucket."""

from __future__ import annotations

import secrets
from typing import Any, Self

import boto3
from moto.server import ThreadedMotoServer

KEY_ID, KEY = "test-key-id", "test-secret-key"
REGION = "us-east-1"


class S3Server:
    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.url = ""

    def start(self) -> Self:
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        return self

    def stop(self) -> None:
        self._server.stop()

    def options(self) -> dict[str, Any]:
        """For STORAGES, as config.settings makes them from the environment."""
        asked = self.environment()
        return {
            "bucket_name": asked["S3_BUCKET"],
            "endpoint_url": self.url,
            "region_name": REGION,
            "access_key": KEY_ID,
            "secret_key": KEY,
        }

    def environment(self) -> dict[str, str]:
        return {
            "IMAGE_STORAGE": "s3",
            "S3_BUCKET": self._new_bucket(),
            "S3_ENDPOINT_URL": self.url,
            "S3_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY,
        }

    def keys(self, bucket: str) -> set[str]:
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def _new_bucket(self) -> str:
        name = f"pictures-{secrets.token_hex(4)}"
        self._client().create_bucket(Bucket=name)
        return name

    def _client(self) -> Any:
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": KEY}
        return boto3.client("s3", endpoint_url=self.url, region_name=REGION, **keys)

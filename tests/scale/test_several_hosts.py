"""Web and workers on machines that share no disk; two of the machines go down on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.s3_server import S3Server
from tests.scale.conftest import MakeFleet
from tests.scale.fleet import Fleet, submit_many
from tests.services import Client, wait_until

JOBS = 500
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def storage_settings(kind: str, server: S3Server) -> dict[str, str]:
    return server.environment() if kind == "s3" else {"IMAGE_STORAGE": kind}


def stored_files(fleet: Fleet, server: S3Server) -> set[str]:
    if fleet.settings["IMAGE_STORAGE"] == "s3":
        return {key for key in server.keys(str(fleet.settings["S3_BUCKET"])) if key.startswith("pictures/")}
    return {str(name) for (name,) in fleet.rows("SELECT name FROM images_storedfile")}


@pytest.mark.parametrize("kind", ["database", "s3"])
def test_two_of_four_workers_are_killed_and_every_job_gets_one_picture(
    kind: str, make_fleet: MakeFleet, s3_server: S3Server, tmp_path: Path
) -> None:
    fleet = make_fleet(delay=0.3, WORKER_CONCURRENCY=4, **storage_settings(kind, s3_server))
    fleet.start(webs=2, workers=4)
    ids = submit_many([web.url for web in fleet.webs], JOBS)
    wait_until(lambda: fleet.count("succeeded") >= JOBS // 5, 120, "a fifth is drawn", lambda: fleet.logs)
    for worker in fleet.workers[:2]:
        worker.kill9()
    assert fleet.count("queued", "running") > 0
    fleet.until_succeeded(JOBS, 150)
    fleet.check_one_picture_each(JOBS)
    assert fleet.named_files() <= stored_files(fleet, s3_server)
    assert not [path for path in tmp_path.rglob("media/**/*") if path.is_file()]
    check_bytes(fleet, ids[::25])


def check_bytes(fleet: Fleet, ids: list[str]) -> None:
    """Both webs show the same whole picture, wherever it was asked for and drawn."""
    known = {str(pk): sha256 for pk, sha256 in fleet.rows("SELECT job_id, sha256 FROM images_generatedimage")}
    for web in fleet.webs:
        client = Client(web.url)
        for pk in ids:
            shown = client.get(f"/images/{pk}/file")
            assert hashlib.sha256(shown.content).hexdigest() == known[pk]
            assert client.get(f"/images/{pk}/thumbnail").headers["Content-Type"] == "image/webp"

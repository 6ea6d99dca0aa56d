"""The disk is full; a crash leaves files behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.harness import Seen, Site, fault
from tests.services import PostgresServer, require

Start = Callable[..., Site]
MEGABYTES = 64


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes (tmpfs; only root may make one)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    made = shutil.which("mount") and subprocess.run(["mount", *options], capture_output=True).returncode == 0
    require(made or None, "no small disk could be mounted: that needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@fault(
    "the disk is full",
    "no job is taken and none paid for; readiness red; goes on by itself when there is room",
    slow=True,
)
def test_a_full_disk_holds_the_jobs_until_there_is_room(start: Start, seen: Seen, small_disk: Path) -> None:
    site = start(MEDIA_ROOT=small_disk)
    site.media = small_disk
    first = site.submit()[0]
    site.until_status(first, "succeeded")
    filler = small_disk / "filler"
    fill(filler)
    ids = site.submit(number=3)
    status, body, _seconds = site.ready()
    assert status == 503 and "full" in body["checks"]["storage"]
    site.workers[0].wait_log("no picture can be stored", 10)
    assert {site.job(pk)["status"] for pk in ids} == {"queued"} and len(site.stub.calls) == 1
    filler.unlink()
    seen.begin()
    site.assert_all_succeeded(4, 30)
    assert site.ready()[0] == 200
    seen.end("held without a call, 503, then drawn in attempt 1")
    assert {site.job(pk)["attempts"] for pk in ids} == {1}


@fault("the disk fills up during a call", "no partial file; tried again when there is room", slow=True)
def test_a_disk_that_fills_up_during_a_call_keeps_no_partial_file(start: Start, seen: Seen, small_disk: Path) -> None:
    site = start(MEDIA_ROOT=small_disk)
    site.media = small_disk
    site.stub.delay = 2
    (pk,) = site.submit()
    site.until_calls(1)
    filler = small_disk / "filler"
    fill(filler)
    site.until(lambda: site.job(pk)["error_code"] == "storage_failed", 15, "it could not be stored")
    assert site.files() == {"filler"}
    filler.unlink()
    seen.begin()
    site.assert_all_succeeded(1, 40)
    seen.end("nothing partial, drawn in attempt 2")


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@fault(
    "a crash after the files are written, before the commit",
    "drawn again, one picture; the janitor removes the old files",
    slow=True,
)
def test_files_of_a_crash_before_the_commit_are_removed(
    start: Start, seen: Seen, postgres_to_kill: PostgresServer
) -> None:
    site = start(postgres=postgres_to_kill)
    site.stub.delay = 2
    (pk,) = site.submit()
    site.until_calls(1)
    postgres_to_kill.kill()
    site.until(lambda: len(site.files()) == 3, 15, "the picture's three files")
    site.workers[0].kill9()
    postgres_to_kill.start()
    site.stub.delay = 0
    seen.begin()
    site.start_worker()
    site.until_all_ended(60)
    seen.end("attempt 2 stored; the files of attempt 1 removed after their hour")
    site.check(orphans=True)
    assert len(site.files()) == 6 and site.outcomes(pk) == ["lost", "stored"]
    for name in site.files():
        os.utime(site.media / name, (time.time() - 7200,) * 2)
    shard = pk.replace("-", "")[-2:]
    tidy = f"from workers import janitor; janitor.SHARDS = ['{shard}']; print(janitor.remove_orphans())"
    assert site.app.manage("shell", "-c", tidy).split()[-1] == "3"
    site.check()

"""What only a disk does: half-written files, fsync, permissions, an end."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from images import disk_storage, storage
from images.files import Picture

STEM = "0123456789abcdef0123456789abcdef-89abcdef"
PICTURE = Picture(b"large", "PNG", 1, 1, "", "", Image.new("RGB", (1, 1)))


@pytest.fixture
def media(settings: Any) -> Path:
    return Path(settings.MEDIA_ROOT)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


class Breaks(ContentFile):  # type: ignore[type-arg]
    """Content of which only the first half can be read."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"first half"
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stored_file_has_the_usual_permissions(media: Path) -> None:
    assert (media / storage.save_picture(PICTURE, STEM)).stat().st_mode & 0o777 == 0o644


def test_bytes_and_names_are_on_the_disk_before_a_save_returns(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def seen_fsync(handle: int) -> None:
        steps.append(f"fsync {Path(os.readlink(f'/proc/self/fd/{handle}')).relative_to(media.parent)}")
        fsync(handle)

    def seen_replace(*paths: str) -> None:
        steps.append("rename")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    default_storage.save("a/b.txt", ContentFile(b"x"))
    steps = [re.sub(r"\.tmp-\w+", ".tmp-", step) for step in steps]
    assert steps == ["fsync .", "fsync media", "fsync media/a/.tmp-", "rename", "fsync media/a"]


def test_a_failed_save_leaves_nothing_behind(media: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        default_storage.save("a/b.txt", Breaks(b""))
    assert caught.value.errno == errno.ENOSPC
    assert files_in(media) == set()


FULL_DISK = """
import resource, sys
from django.conf import settings
settings.configure(MEDIA_ROOT=sys.argv[1], USE_TZ=True,
    STORAGES={"default": {"BACKEND": "images.disk_storage.DurableFileSystemStorage"}})
from PIL import Image
from images.files import Picture
from images.storage import save_picture
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_picture(Picture(b"x" * 200_000, "PNG", 1, 1, "", "", Image.new("RGB", (1, 1))), sys.argv[2])
except OSError as error:
    print(error.errno)
"""


def test_when_the_system_refuses_the_bytes_nothing_is_left_behind(media: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(media), STEM]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    assert answer.stdout.split() == [str(errno.EFBIG)]
    assert (media / "pictures/ef").is_dir()
    assert files_in(media) == set()


def test_unfinished_files_are_listed_too(media: Path) -> None:
    storage.save_picture(PICTURE, STEM)
    (media / "pictures/ef/.tmp-00").write_bytes(b"half")
    assert "pictures/ef/.tmp-00" in dict(storage.list_shard("ef"))


def test_looking_into_an_unused_shard_makes_no_folder(media: Path) -> None:
    assert storage.list_shard("00") == []
    assert not media.exists()


def test_a_file_that_goes_away_while_being_listed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    name = storage.save_picture(PICTURE, STEM)
    listdir = default_storage.listdir
    monkeypatch.setattr(default_storage, "listdir", lambda path: ([], ["gone.png", *listdir(path)[1]]))
    found = {name for name, _ in storage.list_shard("ef")}
    assert found == {name}


def test_the_free_space_is_known_before_the_first_picture() -> None:
    assert (storage.free_bytes() or 0) > 0


def test_a_full_disk_is_noticed_before_a_job_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    almost_full = SimpleNamespace(free=disk_storage.LEAST_FREE_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: almost_full)
    with pytest.raises(OSError, match="the disk is full: 49 MB left"):
        storage.check_writable()


def test_a_folder_that_takes_no_files_is_noticed(media: Path) -> None:
    media.write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match="exists"):
        storage.check_writable()


def test_it_is_the_folder_of_the_pictures_that_must_take_files(media: Path) -> None:
    media.mkdir()
    (media / "pictures").write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match="exists"):
        storage.check_writable()
    assert storage.folder_of(STEM).startswith(f"{disk_storage.PICTURES}/")


def test_checking_leaves_no_file_behind(media: Path) -> None:
    storage.check_writable()
    assert files_in(media) == set()


def test_there_are_256_shards_and_every_stem_falls_into_one() -> None:
    assert len(set(storage.SHARDS)) == 256
    assert storage.folder_of(STEM) == f"pictures/{storage.SHARDS[0xEF]}"

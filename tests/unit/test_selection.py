from __future__ import annotations

import json
import tracemalloc
import uuid
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.test import Client

from images.database_storage import DatabaseStorage
from images.models import GeneratedImage
from images.views.selection import Packed
from tests.unit.factories import make_job, picture_job

pytestmark = pytest.mark.django_db


def test_many_are_starred_deleted_and_restored_at_once(owner: Client) -> None:
    ids = [str(picture_job().pk) for _ in range(3)]
    done = [
        owner.post("/bulk/", {"id": ids, "action": action}).json()["done"]
        for action in ("star", "unstar", "delete", "restore")
    ]
    assert done == [3, 3, 3, 3]
    assert GeneratedImage.objects.filter(starred=False, deleted_at=None).count() == 3


def test_what_belongs_to_somebody_else_is_left_alone(stranger: Client, staff: Client) -> None:
    ids = [str(picture_job().pk)]
    assert stranger.post("/bulk/", {"id": ids, "action": "delete"}).json() == {"done": 0}
    assert staff.post("/bulk/", {"id": ids, "action": "delete"}).json() == {"done": 1}


@pytest.mark.parametrize("data", [{}, {"action": "burn"}, {"action": "__class__", "id": "x"}])
def test_an_unknown_action_is_refused(owner: Client, data: dict[str, str]) -> None:
    assert owner.post("/bulk/", data, HTTP_ACCEPT="application/json").status_code == 400


def test_the_zip_holds_the_pictures_and_their_settings(client: Client) -> None:
    jobs = [picture_job(prompt="Füchse & <Wölfe>", seed=seed) for seed in (1, 2)]
    answer: Any = client.get("/zip/", {"id": [str(job.pk) for job in jobs]})
    archive = zipfile.ZipFile(BytesIO(answer.body))
    listed = json.loads(archive.read("settings.json"))
    assert archive.testzip() is None
    assert [entry["file"] for entry in listed] == archive.namelist()[:2]
    assert [entry["seed"] for entry in listed] == [1, 2]
    assert listed[0]["file"].startswith("füchse-wölfe-")


def test_a_picture_whose_file_is_gone_takes_the_others_of_the_zip_nothing(client: Client) -> None:
    lost, *others = (picture_job(prompt=prompt) for prompt in ("lost", "fox", "hen"))
    lost.image.file.storage.delete(lost.image.file.name)
    answer: Any = client.get("/zip/", {"id": [str(job.pk) for job in (lost, *others)]})
    archive = zipfile.ZipFile(BytesIO(answer.body))
    assert [Path(name).suffix for name in archive.namelist()] == [".txt", ".png", ".png", ".json"]
    assert b"This picture is gone." in archive.read(archive.namelist()[0])


@pytest.mark.parametrize("query", ["", "?id=x", f"?id={uuid.UUID(int=0)}"])
def test_a_zip_of_nothing_is_a_404(client: Client, query: str) -> None:
    assert client.get(f"/zip/{query}").status_code == 404


def test_a_private_gallery_packs_only_ones_own(stranger: Client, settings: Any) -> None:
    settings.GALLERY = "private"
    assert stranger.get("/zip/", {"id": str(picture_job().pk)}).status_code == 404


def test_a_waiting_job_has_nothing_to_pack(owner: Client) -> None:
    assert owner.get("/zip/", {"id": str(make_job().pk)}).status_code == 404


@pytest.mark.any_database
def test_two_hundred_pictures_are_asked_for_with_a_form(client: Client) -> None:
    """An address with their ids would be longer than servers take."""
    ids = [str(picture_job().pk) for _ in range(200)]
    answer: Any = client.post("/zip/", {"id": ids})
    assert len(zipfile.ZipFile(BytesIO(answer.body)).namelist()) == 201


REFUSED = {
    "Choose at least one picture.": [],
    "These pictures are gone.": [str(uuid.uuid4())],
    "One download has room for 500 pictures. Choose fewer.": [str(uuid.uuid4()) for _ in range(501)],
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_refused_zip_is_told_on_the_page_that_its_form_names(client: Client, sentence: str) -> None:
    form, address = {"id": REFUSED[sentence]}, "/zip/?told_at=/gallery/%3Fq=fox"
    answer = client.post(address, form)
    assert (answer.status_code, answer["Location"]) == (302, "/gallery/?q=fox")
    assert sentence in client.get(answer["Location"]).content.decode()
    assert client.post(address, form, HTTP_ACCEPT="application/json").json()["error"]["message"] == sentence
    assert sentence in client.post("/zip/", form).content.decode()


def test_no_other_site_is_led_to_by_a_refused_zip(client: Client) -> None:
    assert client.post("/zip/?told_at=https://evil.example/")["Location"] == "/"


UNREADABLE: dict[str, dict[str, Any]] = {
    "/zip/?told_at=/%00": {},
    "/zip/?told_at=/&x=%00": {},
    "/zip/?told_at=/&" + "&a" * 1001: {},
    "/zip/?told_at=/": {"HTTP_HOST": "evil.example"},
    "/zip/?told_at=/#large": {"data": "x" * 200_000, "content_type": "application/x-www-form-urlencoded"},
    "/zip/?told_at=/#charset": {"data": "x=1", "content_type": "application/x-www-form-urlencoded; charset=utf-7"},
    "/generate/?told_at=/gallery/": {},
    "/nothing/?told_at=/gallery/": {},
}


@pytest.mark.parametrize("address", UNREADABLE)
def test_only_a_download_that_was_read_leads_back(client: Client, address: str) -> None:
    answer = client.post(address, **UNREADABLE[address])
    assert answer.status_code in {400, 404, 413} or answer["Location"] == "/"


def test_a_page_can_ask_whether_the_zip_will_come(client: Client) -> None:
    ids = [str(picture_job().pk), str(uuid.uuid4())]
    assert client.post("/zip/", {"id": ids, "ask": "1"}).json() == {"pictures": 1}


@pytest.mark.parametrize("storage", [default_storage, DatabaseStorage()], ids=["disk", "database"])
def test_a_zip_is_streamed_in_little_memory(storage: Storage) -> None:
    images = [picture_job().image for _ in range(20)]
    for number, image in enumerate(images):
        image.file = storage.save(f"big{number}", ContentFile(bytes(2_000_000)))
        image.file.storage = storage
    tracemalloc.start()
    sent = sum(len(part) for part in Packed(images))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent > 40_000_000
    assert peak < 8_000_000  # PostgreSQL hands a picture over twice


@pytest.mark.parametrize("path", ["/zip/", "/bulk/"])
def test_more_than_one_request_may_name_are_refused_and_not_left_out(owner: Client, path: str) -> None:
    ids = [str(uuid.uuid4()) for _ in range(501)]
    assert owner.post(path, {"id": ids, "action": "delete"}, HTTP_ACCEPT="application/json").status_code == 400

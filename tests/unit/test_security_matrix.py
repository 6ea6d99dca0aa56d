"""Who gets what answer, for every address: the table in docs/security.md is made here.

`UPDATE_DOCS=1 make test ARGS="-k security_matrix"` writes it anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from images.models import GeneratedImage, Job
from tests.unit.conftest import STRANGER, Reader, client_of
from tests.unit.factories import OWNER, failed_job, make_job, picture_job
from tests.unit.test_fuzz import names_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
DOC = Path(__file__).resolve().parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- the matrix: tests/unit/test_security_matrix.py writes it -->", "<!-- end of the matrix -->"
PEOPLE = ("owner", "another", "nobody", "staff")
KEYS = dict(names_of())
MODES: dict[str, dict[str, Any]] = {
    "GALLERY=shared": {"GALLERY": "shared"},
    "GALLERY=private": {"GALLERY": "private"},
    "LOGIN_REQUIRED=on": {"LOGIN_REQUIRED": True},
}
Make = Callable[..., Job]


def trashed_job(**fields: Any) -> Job:
    job = picture_job(**fields)
    Job.objects.filter(pk=job.pk).update(dismissed_at=job.created_at)
    GeneratedImage.objects.filter(pk=job.pk).update(deleted_at=job.created_at)
    return job


# Line of the table: (name of the address, method, the owner's job that it is about, fields)
ASKED: dict[str, tuple[str, str, Make, dict[str, str]]] = {
    "home page": ("home", "get", picture_job, {}),
    "submit": ("generate", "post", make_job, {"prompt": "fox"}),
    "status of a job": ("status", "get", make_job, {}),
    "status of many": ("status_many", "get", make_job, {"id": "{pk}"}),
    "gallery": ("gallery", "get", picture_job, {}),
    "page of a picture": ("picture", "get", picture_job, {}),
    "file": ("file", "get", picture_job, {}),
    "thumbnail": ("thumbnail", "get", picture_job, {}),
    "download": ("download", "get", picture_job, {}),
    "zip": ("zip", "get", picture_job, {"id": "{pk}"}),
    "in the trash: status": ("status", "get", trashed_job, {}),
    "in the trash: page": ("picture", "get", trashed_job, {}),
    "in the trash: file": ("file", "get", trashed_job, {}),
    "delete": ("delete", "post", failed_job, {}),
    "restore": ("restore", "post", trashed_job, {}),
    "star": ("star", "post", picture_job, {}),
    "retry": ("retry", "post", failed_job, {}),
    "cancel": ("cancel", "post", make_job, {}),
    "delete many": ("bulk", "post", failed_job, {"id": "{pk}", "action": "delete"}),
    "delete everything of mine": ("forget_me", "post", make_job, {}),
    "privacy": ("privacy", "get", make_job, {}),
    "words for scripts": ("jsi18n", "get", make_job, {}),
    "login": ("login", "get", make_job, {}),
    "logout": ("logout", "post", make_job, {}),
    "alive": ("healthz", "get", make_job, {}),
    "ready": ("readyz", "get", make_job, {}),
    "numbers, without the token": ("metrics", "get", make_job, {}),
    "admin": ("admin:index", "get", make_job, {}),
    "admin: a job, without the right to see it": ("admin:images_job_change", "get", make_job, {}),
    "admin: control, without the right to see it": ("control", "get", make_job, {}),
}


class Scene:
    """Four people, and a job of the owner's for each question. With LOGIN_REQUIRED, visitors are accounts."""

    def __init__(self, users: Any, members: bool) -> None:
        self.users = {who: users.create_user(who, is_staff=who == "staff") for who in PEOPLE} if members else {}
        self.users["staff"] = self.users.get("staff") or users.create_user("staff", is_staff=True)
        self.owner = f"user:{self.users['owner'].pk}" if members else OWNER

    def client(self, who: str) -> Client:
        if who == "nobody":
            return Reader()
        if who not in self.users:
            return client_of(OWNER if who == "owner" else STRANGER)
        client = Reader()
        client.force_login(self.users[who])
        return client

    def ask(self, line: str, who: str) -> str:
        name, method, make, fields = ASKED[line]
        Job.objects.all().delete()  # a worker takes the oldest one, whoever asked for it
        job = make(owner=self.owner)
        before = Job.objects.filter(pk=job.pk).values().first()
        data = {key: text.format(pk=job.pk) for key, text in fields.items()}
        answer = getattr(self.client(who), method)(reverse(name, kwargs=dict.fromkeys(KEYS[name], job.pk)), data)
        after = Job.objects.filter(pk=job.pk).values().first()
        assert after == before or who in {"owner", "staff"}, f"{line}: {who} changed what is not theirs"
        return in_words(answer)


def in_words(answer: Any) -> str:
    if answer.status_code == 302 and "/login/" in answer["Location"]:
        return "to the login"
    done = answer.json().get("done") if answer["Content-Type"] == "application/json" else None
    return str(answer.status_code) + ("" if done is None else f", {done} done")


def table(mode: str, users: Any, settings: Any) -> list[str]:
    for name, value in MODES[mode].items():
        setattr(settings, name, value)
    scene = Scene(users, "LOGIN_REQUIRED" in MODES[mode])
    rows = [f"| {line} | {' | '.join(scene.ask(line, who) for who in PEOPLE)} |" for line in ASKED]
    return [f"`{mode}`", "", f"| | {' | '.join(PEOPLE)} |", "|---" * (len(PEOPLE) + 1) + "|", *rows, ""]


def written(mode: str) -> list[str]:
    part = DOC.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = part.splitlines()
    start = lines.index(f"`{mode}`") if f"`{mode}`" in lines else len(lines)
    return lines[start : start + 5 + len(ASKED)]


def write(mode: str, lines: list[str]) -> None:
    text = DOC.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    part, _, tail = rest.partition(END)
    old = "\n".join(written(mode))
    part = part.replace(old, "\n".join(lines)) if old else f"{part.rstrip()}\n\n" + "\n".join(lines) + "\n"
    DOC.write_text(f"{head}{BEGIN}{part}{END}{tail}", encoding="utf-8")


@pytest.mark.parametrize("mode", MODES)
def test_the_matrix_in_the_docs_is_true(mode: str, django_user_model: Any, settings: Any) -> None:
    settings.RATE_LIMIT = ""
    found = table(mode, django_user_model.objects, settings)
    if os.environ.get("UPDATE_DOCS") == "1":
        write(mode, found)
    assert written(mode) == found


def test_every_address_stands_in_the_matrix() -> None:
    asked = {name for name, *_ in ASKED.values()}
    assert {name for name in KEYS if not name.startswith("admin:")} <= asked


@pytest.mark.parametrize("who", ["owner", "nobody", "member", "staff"])
def test_the_whole_admin_is_closed_to_who_may_not_see_it(who: str, django_user_model: Any) -> None:
    client = {"owner": client_of(OWNER)}.get(who) or Reader()
    if who in {"member", "staff"}:
        client.force_login(django_user_model.objects.create_user(who, is_staff=who == "staff"))
    job = failed_job()
    known = {"object_id": job.pk, "app_label": "images", "content_type_id": 1, "url": "x", "id": 1, "pk": job.pk}
    open_ones = {"admin:login", "admin:jsi18n", "admin:index", "admin:logout", "admin:password_change"}
    for name, keys in names_of():
        if name.startswith("admin:") and name not in open_ones | {"admin:password_change_done"}:
            address = reverse(name, kwargs={key: known[key] for key in keys})
            answers = {client.get(address).status_code, client.post(address, {"do": "retry", "id": job.pk}).status_code}
            assert answers <= {302, 403, 404, 405}, (name, answers)
    assert Job.objects.get().status == "failed"

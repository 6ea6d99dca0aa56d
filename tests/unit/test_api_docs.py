"""docs/api.md names every address that answers a program, every field of the form and every key of the answers."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from django.urls import resolve

from config.urls import urlpatterns
from images.forms import GenerateForm
from images.status import ErrorStatus, ImageStatus, JobStatus
from images.views.selection import ACTIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(/[^`?]*)[^`]*`", PAGE))
FOR_PEOPLE = {"home", "gallery", "picture", "privacy", "logout", "jsi18n", "healthz", "readyz", "metrics", "control"}
KEYS = [key for answer in (JobStatus, ErrorStatus, ImageStatus) for key in answer.__annotations__]


def test_it_names_every_address_for_programs_and_no_other() -> None:
    found = {resolve(address.replace("<id>", str(uuid.UUID(int=0)))).url_name for address in NAMED}
    assert found == {getattr(pattern, "name", None) for pattern in urlpatterns} - FOR_PEOPLE - {None}


@pytest.mark.parametrize("word", [*KEYS, *GenerateForm.base_fields])
def test_it_names_what_is_sent_and_answered(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_it_names_what_may_be_done_to_many() -> None:
    assert f"({', '.join(ACTIONS)})" in PAGE

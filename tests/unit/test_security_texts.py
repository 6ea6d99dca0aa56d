"""Names and texts of strangers: in downloads, zips and pages, in bodies and queries."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from typing import Any

import pytest
from django.test import Client, RequestFactory

from config.wsgi import application
from images.search import words_in
from images.views.selection import names_in
from tests.unit.factories import failed_job, make_job, picture_job

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


NASTY = [
    'a "fox"\r\nSet-Cookie: x=1', "../../etc/passwd", "C:\\boot.ini", "\u202egpj.exe", "Füchse/Wölfe", "猫" * 200,
    "...", "-rf *", "<img src=x onerror=alert(1)>", "CON", "a\tb", "%00%2f", "fox;filename=evil.exe", "😀", "\u200b.",
]  # fmt: skip


@pytest.mark.parametrize("prompt", NASTY)
def test_a_downloads_name_is_harmless(client: Client, prompt: str) -> None:
    header = client.get(f"/download/{picture_job(prompt=prompt).pk}/")["Content-Disposition"]
    assert re.fullmatch(r"""attachment; filename(="[\w-]+\.png"|\*=utf-8''[\w%-]+\.png)""", header, re.ASCII), header
    assert len(header) < 800


@pytest.mark.parametrize("prompt", NASTY)
def test_a_name_in_a_zip_is_harmless(client: Client, prompt: str) -> None:
    answer: Any = client.get(f"/zip/?id={picture_job(prompt=prompt).pk}")
    names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
    assert re.fullmatch(r"[\w-]+-[0-9a-f]{8}\.png", names[0]) and len(names[0].encode()) <= 255
    assert names[1:] == ["settings.json"]


def test_two_pictures_never_share_a_name_in_a_zip() -> None:
    images = [picture_job(prompt="fox", id=uuid.UUID(int=(number << 64) + 7)).image for number in (1, 2, 3)]
    names = names_in(images)
    assert len(set(names.values())) == len(names) == 3


@pytest.mark.parametrize("prompt", ["</script><script>alert(1)</script>", "\"' onload=alert(1) x='", "</textarea><b>"])
def test_a_prompt_is_text_everywhere(owner: Client, admin_client: Client, prompt: str) -> None:
    for job in (make_job(prompt=prompt), failed_job(prompt=prompt), picture_job(prompt=prompt)):
        for address in ("/", f"/images/{job.pk}/", f"/?from={job.pk}", "/gallery/", f"/?prompt={prompt}"):
            assert prompt not in markup(owner.get(address)), address
        for address in ("/admin/images/job/", f"/admin/images/job/{job.pk}/change/"):
            assert prompt not in markup(admin_client.get(address)), address


def markup(answer: Any) -> str:
    """Without JSON, where a quotation mark is none of the page's, and nothing can end the element."""
    data = re.compile(r'<script[^>]* type="application/json">[^<>&]*</script>')
    return data.sub("", answer.content.decode())


@pytest.mark.parametrize(
    ("target", "expected"),
    [("/gallery/?q=a", "/gallery/?q=a"), ("foo", "/"), ("delete", "/"), ("/a\r\nX-Evil: 1", "/a%0D%0AX-Evil:%201"),
     ("//evil.example", "/"), ("/" + "a" * 3000, "/"), ("", "/"), ("https://testserver/", "/")],
)  # fmt: skip
def test_the_way_back_is_a_page_of_ours(owner: Client, target: str, expected: str) -> None:
    answer = owner.post(f"/star/{picture_job().pk}/", {"next": target})
    assert (answer.status_code, answer["Location"]) == (302, expected)


# Bodies and queries


@pytest.mark.parametrize("charset", ["utf-16", "hex", "rot13", "idna", "utf-7", "undefined", "latin-1", "💥"])
def test_a_body_that_claims_another_charset_is_a_400(client: Client, charset: str) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert client.generic("POST", "/generate/", b"prompt=fox", content_type=kind).status_code == 400


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8"])
def test_utf8_may_be_named(client: Client, charset: str) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert client.generic("POST", "/generate/", b"prompt=fox", content_type=kind).status_code == 303


@pytest.mark.parametrize("kind", ["text/plain; charset=hex", "text/plain; charset=idna", "a/b; charset=\xff", ";;="])
def test_no_charset_ends_a_request_before_our_own_code(kind: str) -> None:
    """In Django's own handler this raises, and the web server answers with its bare 500."""
    made = RequestFactory().get("/gallery/?q=%ff&" + "a=1&" * 1200).environ
    said: list[str] = []
    answer = application({**made, "CONTENT_TYPE": kind}, lambda status, headers: said.append(status))
    assert said == ["400 Bad Request"] and b"could not be read" in b"".join(answer)


@pytest.mark.parametrize("length", ["200001", "+200001", " 200001 ", "2_00_001"])
def test_a_body_that_says_it_is_too_long_is_not_read(client: Client, length: str) -> None:
    assert client.post("/generate/", {"prompt": "fox"}, CONTENT_LENGTH=length).status_code == 413


def test_too_many_fields_are_a_400(client: Client) -> None:
    assert client.get("/gallery/?" + "a=1&" * 1001, **JSON).json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize("query", ["fox " * 100, "* " * 100, "猫 " * 100, "fox 猫 " * 50])
def test_a_search_looks_for_ten_words_at_most(client: Client, query: str) -> None:
    picture_job(prompt="fox")
    assert sum(len(words) for words in words_in(query)) <= 10
    assert client.get("/gallery/", {"q": query}).status_code == 200

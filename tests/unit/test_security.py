"""What a browser may do with our answers, whatever they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as the_settings
from django.test import Client
from django.urls import reverse

from images.models import Job
from images.models.job import new_id
from tests.unit.conftest import Reader
from tests.unit.factories import failed_job, make_job, picture_job

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
JSON = {"HTTP_ACCEPT": "application/json"}
STRICT = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
    "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
}  # fmt: skip
PAGES = ["/", "/gallery/", "/privacy/", "/login/", "/nowhere", "/status/?id=x", "/metrics", "/healthz", "/admin/login/"]


def directives(answer: Any) -> set[str]:
    return {part.strip() for part in answer["Content-Security-Policy"].split(";")}


# Every answer


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_has_the_defences_errors_too(client: Client, address: str) -> None:
    answer = client.get(address)
    assert directives(answer) == STRICT
    assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin" and answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("address", ["/admin/", "/admin/images/job/", "/admin/control/", "/admin/auth/user/add/"])
def test_the_admin_has_the_same_policy(admin_client: Client, address: str) -> None:
    answer = admin_client.get(address)
    assert (answer.status_code, directives(answer)) == (200, STRICT)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|\son\w+=\"|style=\"", text_of(answer))


def test_a_mistake_of_ours_has_the_defences_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("images.views.pages.home_page", lambda *args: 1 / 0)
    answer = Reader(raise_request_exception=False).get("/")
    assert (answer.status_code, directives(answer)) == (500, STRICT)
    assert "ZeroDivisionError" not in text_of(answer)


@pytest.mark.parametrize(("kind", "status"), [("x" * 200_000, 413), ("", 400)])
def test_what_is_refused_early_has_the_defences_too(client: Client, kind: str, status: int) -> None:
    answer = client.post("/generate/", {"prompt": kind})
    assert (answer.status_code, directives(answer)) == (status, STRICT)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("address", ["/images/{}/file", "/images/{}/thumbnail", "/download/{}/", "/zip/?id={}"])
def test_what_a_provider_sent_can_do_nothing_in_a_browser(client: Client, address: str) -> None:
    answer = client.get(address.format(picture_job().pk))
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] in {"image/png", "image/webp", "application/zip"}


@pytest.mark.parametrize("address", ["/", "/gallery/", "/privacy/", "/status/?id={}", "/images/{}/", "/nowhere"])
def test_no_cache_that_others_use_keeps_a_page(client: Client, address: str) -> None:
    assert client.get(address.format(picture_job().pk))["Cache-Control"].startswith("private")


def test_no_page_holds_markup_that_the_policy_forbids(owner: Client) -> None:
    picture_job(), failed_job(), make_job()
    for address in ("/", "/gallery/", "/privacy/", "/login/", f"/images/{Job.objects.first().pk}/"):  # type: ignore[union-attr]
        page = text_of(owner.get(address))
        assert not re.search(r"\sstyle=|\son[a-z]+=\"|javascript:", page), address
        assert not re.search(r'<(script|link|img|form|iframe)[^>]*\b(src|href|action)="(https?:)?//', page), address


def test_who_knows_one_id_has_32_bits_to_guess_of_the_next() -> None:
    ids = [new_id().int for _ in range(200)]
    assert ids == sorted(ids)
    assert len({number % 2**32 for number in ids}) == len(ids)


# https


@pytest.fixture
def https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.usefixtures("https")
def test_http_leads_to_https_but_for_health() -> None:
    client = Client()
    assert client.get("/gallery/?q=1")["Location"] == "https://testserver/gallery/?q=1"
    assert [client.get(address).status_code for address in ("/healthz", "/readyz")] == [200, 503]


@pytest.mark.usefixtures("https")
def test_on_https_the_browser_is_told_to_stay_there() -> None:
    answer = Client().get("/", HTTP_X_FORWARDED_PROTO="https")
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


def test_without_a_trusted_proxy_nobody_claims_to_be_on_https(settings: Any) -> None:
    assert the_settings.SECURE_PROXY_SSL_HEADER is None
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/", HTTP_X_FORWARDED_PROTO="https").status_code == 301


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b", ""])
def test_a_made_up_host_is_a_400(client: Client, host: str) -> None:
    assert client.get("/", HTTP_HOST=host).status_code == 400


def test_a_forwarded_host_is_not_believed(client: Client) -> None:
    page = text_of(client.get(f"/images/{picture_job().pk}/", HTTP_X_FORWARDED_HOST="evil.example"))
    assert "evil.example" not in page and "http://testserver/images/" in page


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "trace"])
def test_only_post_and_delete_delete(owner: Client, method: str) -> None:
    job = picture_job()
    assert getattr(owner, method)(f"/delete/{job.pk}/").status_code == 405
    assert owner.get(f"/images/{job.pk}/file").status_code == 200


def test_no_header_makes_a_get_a_post(owner: Client) -> None:
    job = picture_job()
    extra = {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE", "HTTP_X_METHOD_OVERRIDE": "POST"}
    assert owner.get(f"/delete/{job.pk}/?_method=POST", **extra).status_code == 405


@pytest.mark.parametrize("name", ["generate", "bulk", "forget_me", "logout", "login"])
def test_no_form_of_another_site_is_taken(name: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/")
    assert strict.post(reverse(name), {"prompt": "x"}).status_code == 403

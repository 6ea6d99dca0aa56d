"""Nonsense to every address, in every method, from everybody.

The rule: no answer of 500 and above, none after 5 seconds, and nothing changes that is not one's own. The number of
inputs stands in docs/security.md; `FUZZ=20` tries twenty times as many of the random ones.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from images import limits
from images.forms import GenerateForm
from images.gallery import BadCursor, decode
from images.models import GeneratedImage, Job
from tests.unit.conftest import Reader, client_of
from tests.unit.factories import OWNER, failed_job, make_job, picture_job

pytestmark = pytest.mark.django_db(transaction=True)
People = dict[str, Client]
MANY = int(os.environ.get("FUZZ", "1"))
SLOW_SECONDS = 5.0
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
FORM = "application/x-www-form-urlencoded"

# Bytes, as they stand in an address or a body
WEIRD = [
    b"", b"\0", b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", "\u202egnp.exe".encode(), "\u200b".encode(),
    ("a" + "\u0301" * 300).encode(), "👩‍👩‍👧‍👦".encode(), b"'\"><script>alert(1)</script>", b"' OR 1=1 --", b"%s%n%d",
    b"{0.__class__}", b"{{ 7*7 }}", b"../../../../etc/passwd", b"..\\..\\x", b"\r\nSet-Cookie: a=b", b"//evil.example",
    b"javascript:alert(1)", b"-1", b"0", b"9" * 400, b"1e999", b"nan", b"-0", "٣".encode(), b"null", b"[]", b"true",
    b"00000000-0000-0000-0000-000000000000", b"{00000000-0000-0000-0000-000000000000}", b"x" * 3000, b"* " * 600,
    b"(((((((((((((((((((((((((a+)+)+)+)+", b"__proto__", b"True", b"1024x1024", b"2026-02-30", b"%",
]  # fmt: skip
POSSIBLE = {b"2026-W01-1T00:00:00Z|00000000000000000000000000000000"}
CURSORS = [
    *POSSIBLE,
    b"0001-01-01T00:00:00+23:59|", b"9999-12-31T23:59:59-23:59|", b"2026-01-01|", b"2026-01-01T00:00:00+00:00|x", b"|",
    "２０２６-01-01T00:00:00+00:00|0".encode(), b"\xff|\xff",
]  # fmt: skip
NAMES = [
    "q", "cursor", "starred", "mine", "from", "seed", "prompt", "negative_prompt", "style", "model", "size", "steps",
    "guidance_scale", "count", "idempotency_key", "id", "w", "format", "settings", "next", "action", "username",
    "password", "sure", "language", "o", "p", "all", "e", "_popup", "_to_field", "do", "status", "code", "http",
    "provider", "owner", "since", "trash", "name", "reason", "back", "_selected_action", "select_across", "index",
    "task_name", "is_staff__exact", "post", "old_password", "first_name",
]  # fmt: skip
HEADERS = [
    "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_COOKIE",
    "HTTP_REFERER", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST",
    "HTTP_RANGE", "HTTP_X_REQUESTED_WITH", "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_AUTHORIZATION", "HTTP_ORIGIN",
]  # fmt: skip
COOKIES = ["sessionid={}", 'sessionid="{}"', "visitor={}", "csrftoken={}", "messages={}", "django_language={}", "{}"]
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="a"%s\r\n\r\nx\r\n'
END = b"--b--\r\n"
BODIES = [
    (FORM, b"prompt"), (FORM, b"&&&==="), (FORM, b"a=1&" * 1200), (FORM, b"prompt=" + b"%" * 500),
    (FORM, b"x" * 200_000), (FORM, b"x" * 1_000_000), (FORM, b"prompt=" + b"x" * 99_000),
    (f"{FORM}; charset=utf-16", b"prompt=x"), (f"{FORM}; charset=nonsense", b"prompt=x"),
    (f"{FORM}; charset=hex", b"prompt=x"), ("application/json", b'{"prompt": "x"}'), ("application/json", b"\xff"),
    ("text/plain", b"prompt=x"), ("", b"x"), ("multipart/form-data", b"x"), ("multipart/form-data; boundary=", b"x"),
    (MULTIPART, b"--b"), (MULTIPART, PART % b""), (MULTIPART, PART % b"" * 1200 + END), (MULTIPART, PART % b"\0" + END),
    (MULTIPART, PART % b'; filename="../x"' * 150 + END), (MULTIPART, PART % b"; filename*=x''%ff" + END),
    (MULTIPART, PART % (b"a" * 60_000) + END), (MULTIPART, PART % b"\r\nContent-Transfer-Encoding: base64" + END),
    *((f"{MULTIPART}; charset={name}", PART % b"" + END) for name in ("hex", "utf-7", "undefined", "unicode_escape")),
]  # fmt: skip


# Who asks for what


def names_of(patterns: Any = None, space: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """("admin:images_job_change", ("object_id",)) for every address that has a name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield space + pattern.name, tuple(pattern.pattern.regex.groupindex)
        else:
            yield from names_of(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)


def addresses(pk: str) -> list[str]:
    """Every address of the site, filled with a job's id, or what else it takes."""
    known = {"pk": pk, "object_id": pk, "app_label": "images", "content_type_id": "1", "url": "x", "id": "1"}
    found = {reverse(name, kwargs={key: known[key] for key in keys}) for name, keys in names_of()}
    return sorted(found | {"/admin/login/", "/nowhere", "/static/x.css", "/static/../manage.py", f"/status/{pk}"})


@pytest.fixture
def job(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Job:
    settings.RATE_LIMIT = ""
    monkeypatch.setattr(limits, "LOGINS", "1000000/minute")
    monkeypatch.setattr(limits, "NAME_LOGINS", "1000000/minute")
    make_job()
    failed_job()
    return picture_job()


@pytest.fixture
def people(job: Job, django_user_model: Any) -> People:
    operator = Reader()
    operator.force_login(django_user_model.objects.create_superuser("operator", password="x"))
    return {
        "nobody": Reader(),
        "stranger": client_of("visitor:" + "b" * 32),
        "owner": client_of(OWNER),
        "staff": operator,
    }


def belongings() -> list[Any]:
    """What only the owner and staff may change."""
    rows = list(Job.objects.filter(owner=OWNER).order_by("pk").values())
    return rows + list(GeneratedImage.objects.filter(job__owner=OWNER).order_by("pk").values())


def ask(
    client: Client, method: str, address: str, query: bytes = b"", body: bytes = b"", kind: str = FORM, **headers: str
) -> int:
    """The status; fails over a broken answer, and over one that is slow twice: a busy machine may stop for a while.

    An exception of the app comes through as it is.
    """
    extra = {"QUERY_STRING": query.decode("latin-1"), **headers}
    for last in (False, True):
        started = time.monotonic()
        answer = client.generic(method, address, body, content_type=kind, **extra)
        if (took := time.monotonic() - started) < SLOW_SECONDS:
            break
        assert not last, (took, method, address, query, body[:200], headers)
    assert answer.status_code < 500 or address == "/readyz", (method, address, query, body[:200], headers)
    return answer.status_code


def pairs(values: dict[str, bytes]) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in values.items()).encode()


def some(items: list[Any], at: int, number: int) -> list[Any]:
    """The next ones, around the end."""
    return [items[(at * number + step) % len(items)] for step in range(number)]


# Everything once; few tests with many inputs, because making and emptying the tables takes longer than a request


def test_every_address_and_method_changes_nothing_of_others(people: People, job: Job) -> None:
    before = belongings()
    for number, address in enumerate(addresses(str(job.pk))):
        for method in METHODS:
            for who in ("nobody", "stranger"):
                values = dict(zip(some(NAMES, number, 6), some(WEIRD, number, 6), strict=True))
                ask(people[who], method, address, pairs(values), pairs(values))
    assert belongings() == before


@pytest.mark.any_database
@pytest.mark.parametrize("who", ["owner", "staff"])
def test_every_address_stands_every_method(people: People, job: Job, who: str) -> None:
    for address in addresses(str(job.pk)):
        for method in METHODS if MANY > 1 else ("GET", "POST", "DELETE", "BREW"):
            ask(people[who], method, address)


def test_every_name_in_a_query_stands_every_value(people: People, job: Job) -> None:
    places = ["/", "/gallery/", "/status/", "/zip/", f"/download/{job.pk}/", "/login/"]
    lists = ["/admin/images/job/", "/admin/images/generatedimage/", "/admin/images/job/operate/", "/admin/auth/user/"]
    for number, name in enumerate(NAMES):
        for at, value in enumerate(some(WEIRD, number, min(len(WEIRD), 4 * MANY))):
            ask(people["nobody"], "GET", places[(number + at) % len(places)], pairs({name: value}))
            ask(people["staff"], "GET", lists[(number + at) % len(lists)], pairs({name: value, "do": b"retry"}))


def test_every_form_stands_every_body(people: People, job: Job) -> None:
    before = belongings()
    for address in ("/generate/", "/login/", "/bulk/", "/forget-me/", "/admin/login/", "/logout/"):
        for kind, body in BODIES:
            assert ask(people["nobody"], "POST", address, b"", body, kind) in {200, 302, 303, 400, 404, 413}
    assert belongings() == before


def test_every_header_stands_every_value(people: People, job: Job) -> None:
    for header in HEADERS:
        for number, text in enumerate(value.decode("latin-1") for value in WEIRD[:: 1 if MANY > 1 else 2]):
            for value in [cookie.format(text) for cookie in COOKIES] if header == "HTTP_COOKIE" else [text]:
                address = ("/", "/gallery/", f"/status/?id={job.pk}", f"/images/{job.pk}/file")[number % 4]
                ask(people["nobody"], "GET", address, **{header: value})


def test_a_nul_is_a_400_wherever_it_hides(people: People) -> None:
    for name in ("sessionid", "messages", "visitor", "csrftoken"):
        assert ask(people["nobody"], "GET", "/", HTTP_COOKIE=f'{name}="aaaaaaaaaaaa\\000bbbb"') == 400
    for address in ("/", "/gallery/", "/login/", "/admin/images/job/", "/admin/auth/user/"):
        for value in (b"%00", b"a%00", b"%00%00%00"):
            assert ask(people["staff"], "GET", address, b"q=" + value) == 400


def test_a_cursor_of_our_form_with_nonsense_inside_is_a_404(people: People) -> None:
    for text in CURSORS:
        cursor = base64.urlsafe_b64encode(text + b"0" * (32 if text.endswith(b"|") else 0))
        status = ask(people["nobody"], "GET", "/gallery/", b"cursor=" + cursor)
        assert status in ({200, 404} if text in POSSIBLE else {404}), text


# Random inputs

quick = hypothesis_settings(
    max_examples=60 * MANY,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
value = st.one_of(
    st.sampled_from(WEIRD), st.binary(max_size=60), st.text(max_size=60).map(lambda t: t.encode("utf-8", "ignore"))
)
fields = st.dictionaries(st.sampled_from(NAMES), value, max_size=6)


@quick
@given(data=st.data())
def test_anything_to_anywhere(people: People, job: Job, data: st.DataObject) -> None:
    who = data.draw(st.sampled_from(["nobody", "stranger"]))
    before = belongings()
    ask(
        people[who],
        data.draw(st.sampled_from(METHODS)),
        data.draw(st.sampled_from(addresses(str(job.pk)))),
        pairs(data.draw(fields)),
        data.draw(st.one_of(fields.map(pairs), st.binary(max_size=300))),
        data.draw(st.sampled_from([FORM, "multipart/form-data; boundary=b", "application/json"])),
    )
    assert belongings() == before


@quick
@given(values=st.dictionaries(st.sampled_from(sorted(GenerateForm.base_fields)), value))
def test_the_form_is_taken_or_explained(people: People, values: dict[str, bytes]) -> None:
    before = Job.objects.count()
    status = ask(people["stranger"], "POST", "/generate/", b"", pairs(values), HTTP_ACCEPT="application/json")
    assert (status, Job.objects.count() > before) in {(202, True), (202, False), (400, False), (429, False)}


@quick
@given(q=value, cursor=st.one_of(value, value.map(base64.urlsafe_b64encode)), starred=value)
def test_the_gallery_stands_every_query(people: People, q: bytes, cursor: bytes, starred: bytes) -> None:
    asked = {"q": q, "cursor": cursor, "starred": starred}
    assert ask(people["nobody"], "GET", "/gallery/", pairs(asked)) in {200, 400, 404}


@quick
@given(ids=st.lists(value, max_size=5), action=value, wanted=st.sampled_from(["star", "unstar", "delete", "restore"]))
def test_the_lists_of_ids_stand_everything(people: People, ids: list[bytes], action: bytes, wanted: str) -> None:
    listed = b"&".join(pairs({"id": one}) for one in ids)
    assert ask(people["nobody"], "GET", "/status/", listed) in {400, 404}
    assert ask(people["nobody"], "GET", "/zip/", listed) in {400, 404}
    assert ask(people["nobody"], "POST", "/bulk/", b"", listed + b"&" + pairs({"action": action})) in {200, 400, 404}
    assert ask(people["nobody"], "POST", "/bulk/", b"", listed + f"&action={wanted}".encode()) in {200, 404}


@quick
@given(target=value)
def test_nothing_leads_to_another_site(people: People, job: Job, target: bytes) -> None:
    answer: Any = people["owner"].generic("POST", f"/star/{job.pk}/", pairs({"next": target}), content_type=FORM)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/") and not answer["Location"].startswith(("//", "/\\"))


@given(st.text(max_size=200))
def test_a_cursor_is_ours_or_refused(cursor: str) -> None:
    try:
        moment, _pk = decode(cursor)
    except (BadCursor, UnicodeEncodeError):  # a lone surrogate cannot come in an address
        return
    assert moment.tzinfo


@quick
@given(prompt=st.text(max_size=300), name=st.sampled_from(["prompt", "negative_prompt"]))
def test_what_was_typed_never_becomes_markup(people: People, prompt: str, name: str) -> None:
    """A page holds a typed text only escaped, and JSON gives it back whole."""
    text = f"<b x='\"&{prompt}"
    body = pairs({"prompt": b"fox", name: text.encode("utf-8", "ignore")})
    answer: Any = people["owner"].generic("POST", "/generate/", body, content_type=FORM, HTTP_ACCEPT="application/json")
    if answer.status_code != 202:
        return
    job = answer.json()["jobs"][0]
    pages = [people["owner"].get(address).content for address in (f"/images/{job['id']}/", f"/?from={job['id']}")]
    assert not any(b"<b x=" in page for page in pages)
    assert json.loads(people["owner"].get(job["status_url"]).content)["prompt"] == Job.objects.get(pk=job["id"]).prompt

"""Reading headers and bodies that may hold anything."""

from __future__ import annotations

import json
from email.utils import formatdate
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.providers.answer import (
    LONGEST_WAIT,
    MOST_VALUES,
    Answer,
    from_header,
    from_rate_limit,
    joined,
    message_in,
    plain,
    split,
)
from workers.providers.base import ProviderError
from workers.providers.drawing import is_picture, picture_in
from workers.providers.errors import KINDS, from_answer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "detail", "message", "data", "images", "url", "output", "status", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
STATUSES = st.sampled_from([200, 201, 204, 302, 400, 401, 402, 403, 404, 408, 410, 418, 422, 429, 500, 502, 503, 504])


def test_a_message_is_found_in_every_shape():
    for body in (
        {"error": "boom"},
        {"error": ["boom"]},
        {"error": {"message": "boom"}},
        {"errors": [{"message": "boom"}]},
        {"detail": "boom"},
        {"detail": [{"loc": ["body"], "msg": "boom"}]},
        {"message": "boom"},
        ["boom"],
        "boom",
    ):
        assert message_in(body) == "boom", body


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7.5 ", 7.5),
        ("0", 0),
        ("-5", 0),
        ("86400", 600),
        ("1e400", 600),
        ("inf", 600),
        ("-inf", 0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9015 07:28:00 GMT", 600),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("0, 7", None),
    ],
)
def test_retry_after_is_read_and_kept_sensible(value, seconds):
    assert from_header(value) == seconds


def test_a_date_counts_from_now():
    assert from_header(formatdate(time() + 60, usegmt=True)) == pytest.approx(60, abs=2)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ('"api";r=0;t=37', 37),
        ('"api";r=3;t=37', None),
        ('"api"; r = 0; t = 37', 37),
        ('"a";r=5;t=9, "b";r=0;t=4, "c";r=0;t=8', 8),
        ('"api";r=0', None),
        ('"api";r=0;t=999999999', 600),
        ('"api";r=05;t=3', None),
        ("", None),
    ],
)
def test_a_rate_limit_counts_only_when_it_is_used_up(value, seconds):
    assert from_rate_limit(value) == seconds


@given(st.text(max_size=60) | st.floats().map(str) | st.integers().map(str))
def test_any_header_gives_none_or_sensible_seconds(value):
    for read in (from_header, from_rate_limit):
        seconds = read(value)
        assert seconds is None or 0 <= seconds <= LONGEST_WAIT


@given(JSON)
def test_any_estimate_gives_none_or_sensible_seconds(estimate):
    body = json.dumps({"estimated_time": estimate}).encode()
    seconds = Answer(503, body=body).retry_after
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def never_fetched(url: str) -> bytes:
    return b""


def check_error(error: ProviderError) -> None:
    assert type(error) is KINDS[error.code][0]
    assert error.message == KINDS[error.code][1]
    assert len(error.detail) < 900
    assert error.retry_after is None or 0 <= error.retry_after <= LONGEST_WAIT


@given(STATUSES, JSON)
def test_json_of_any_shape_is_only_ever_a_provider_error(status, value):
    answer = Answer(status, body=json.dumps(value).encode())
    with pytest.raises(ProviderError) as caught:
        picture_in(answer, never_fetched)
    check_error(caught.value)


@given(STATUSES, st.binary(max_size=200))
def test_bytes_of_any_kind_are_only_ever_a_provider_error(status, body):
    answer = Answer(status, body=body)
    if status < 300 and is_picture(body):
        return
    with pytest.raises(ProviderError) as caught:
        picture_in(answer, never_fetched)
    check_error(caught.value)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000, b"\xff\xfe", b'"\\ud800"'])
def test_json_made_to_hurt_is_survived(body):
    for status in (200, 500):
        with pytest.raises(ProviderError):
            picture_in(Answer(status, body=body), never_fetched)


@pytest.mark.parametrize("value", [b"{}", b"[]", b'""'])
def test_json_of_a_great_many_values_is_never_parsed(value, monkeypatch):
    body = b"[" + b",".join([value] * (MOST_VALUES + 1)) + b"]"
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(ProviderError) as caught:
        picture_in(Answer(200, body=body), never_fetched)
    assert (caught.value.code, caught.value.billed) == ("not_a_picture", True)


@given(st.text(max_size=80), st.text(max_size=80))
def test_links_of_any_kind_are_only_ever_split_or_joined(base, link):
    assert isinstance(split(joined(base, link)).netloc, str)


SECRETS = [
    "hf_abcDEF123",
    "sk-proj-abc_DEF-123",
    "Bearer abcdefgh123",
    "bearer abcdefgh123",
    "Authorization: Basic dXNlcjpwYXNz",
    "Key 12345678:abc",
    "my-own-odd-key",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_never_leaves_in_a_text(secret):
    body = json.dumps({"error": f"your token {secret} is bad <b>{secret}</b>"}).encode()
    headers = {"x-request-id": secret}
    error = from_answer(Answer(401, headers, body, f"POST host/{secret}", "my-own-odd-key"))
    told = f"{error!r} {error} {error.detail} {error.request_id}"
    for part in ("abcDEF", "abc_DEF", "abcdefgh", "dXNlcjpwYXNz", "12345678", "my-own-odd"):
        assert part not in told


def test_ordinary_words_are_no_secrets():
    assert (
        plain("basic authentication: your key requires something")
        == "basic authentication: your key requires something"
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello <b>there</b></p>", "Hello there"),
        ("<script>alert(1)</script>x", "x"),
        ("<style>p{}</style>x<!-- y -->", "x"),
        ("x<img src=a onerror=b", "x"),
        ("a\x00\x1b[31mb\r\n\tc", "a [31mb c"),
        ("x" * 9999, "x" * 500),
    ],
)
def test_a_text_is_one_plain_line(html, text):
    assert plain(html) == text


@given(st.text(max_size=300))
def test_no_tag_survives(text):
    assert "<b" not in plain(text + "<b>")


def test_the_detail_says_where_what_and_which_request():
    answer = Answer(503, {"x-amzn-trace-id": "root-1"}, b'{"error":"Model too busy"}', "POST host/path")
    assert from_answer(answer).detail == "POST host/path answered 503, request root-1: Model too busy"


def test_the_first_known_request_id_is_kept():
    assert Answer(200, {"x-amz-cf-id": "c", "x-request-id": "a", "x-amzn-trace-id": "b"}).request_id == "a"


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"\x89PNG\r\n\x1a\n", True),
        (b"\xff\xd8\xff\xe0", True),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", True),
        (b"RIFF\x00\x00\x00\x00WAVE", False),
        (b"GIF89a", False),
        (b"%PDF", False),
        (b"<svg", False),
        (b"", False),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(start, found):
    assert is_picture(start) is found

"""Which settings stop the start, and what never comes into a log."""

from __future__ import annotations

import json
import logging
import os
import pickle
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client, RequestFactory

from config import env, problems
from config.logs import LineFormatter, redact
from images.models import Job
from tests.services import ROOT, AppProcesses, RedisServer

# Logs


def line(event: str, json_too: bool = False, name: str = "x", level: int = logging.ERROR, **extra: Any) -> str:
    record = logging.makeLogRecord({"msg": event, "name": name, "levelno": level, "levelname": "ERROR", **extra})
    return LineFormatter(json_too).format(record)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("char", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u202e", "\ud800", "\0", "\U000e0001"])
def test_nobody_breaks_up_a_line_of_the_log(char: str, as_json: bool) -> None:
    text = line(f"Not Found: /a{char}level=error", as_json)
    assert char not in text and text.isprintable()
    text.encode()
    if as_json:
        assert json.loads(text)["event"] == f"Not Found: /a{char}level=error"


SECRETS = ["s3cr3t-t0ken", 'with "quotes"\\and\\slashes', "pässwörd-ü", "p%40ss%2Fword", "two\nlines-of-it"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("as_json", [True, False])
def test_no_form_of_a_secret_reaches_a_line(secret: str, as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "hidden", {secret, "", "abc"})
    try:
        raise ValueError(f"no entry with {secret!r} and {secret}")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    text = line(f"about {secret}", as_json, exc_info=info, extra_field={"deep": [secret]})
    bare = [secret, unquote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]]
    assert not any(form in text for form in bare), text
    assert "[secret]" in text


@pytest.mark.parametrize("text", ["hf_abcdefghij", "sk-proj-abcdef123", "Authorization: Bearer abc.def"])
def test_what_looks_like_a_secret_is_hidden_too(text: str) -> None:
    assert "[secret]" in redact(text) and text.split()[-1] not in redact(text)


@pytest.mark.django_db
def test_a_bad_request_fills_no_log_with_tracebacks(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/", HTTP_HOST="evil.example")
    client.post("/generate/", "x", content_type="multipart/form-data")
    texts = [LineFormatter().format(record) for record in caplog.records if record.name.startswith("django")]
    assert texts and not any("Traceback" in text for text in texts)


def test_a_page_for_developers_shows_no_secret(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.views.debug import technical_500_response

    monkeypatch.setattr(env, "hidden", {"pa55-of-the-database", "tok-0123456789"})
    settings.DEBUG = True
    settings.DATABASE_URL = "postgres://app:pa55-of-the-database@db/app"
    own = "tok-0123456789"
    try:
        raise ValueError(f"no {own}")
    except ValueError as error:
        answer = technical_500_response(RequestFactory().get("/"), type(error), error, error.__traceback__)
    assert "pa55-of-the-database" not in answer.content.decode() and own not in answer.content.decode()
    assert "[secret]" in answer.content.decode()


# Settings


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(env, "problems", found)
    return found


BAD = {
    "rate": ["often", "0/minute", "30", "30/fortnight", "-1/day", "30/minute;", "٣/minute", "1/minute;x"],
    "hosts": ["https://a.example", "a.example/x", "a.example:80", "a b", "a.example;b.example"],
    "origins": ["a.example", "*", "https://", "https://a.example/x", "ftp://a.example", "https://a.example:port"],
    "url": ["nonsense", "//a", "http:", "http://a:port", "http://[a", "javascript:x", "http://a:99999", "http://a b"],
}
GOOD = {
    "rate": ["30/minute", "5 per 10 seconds", "30/minute;500/day", "1/hour, 2/day", ""],
    "hosts": ["*", ".example.com", "a.example,b-c.example", "localhost,127.0.0.1,[::1]", ""],
    "origins": ["https://a.example", "https://*.a.example:8443/,http://localhost:8000", ""],
    "url": ["http://a", "https://u:p@a:8/x?y=1", ""],
}


@pytest.mark.parametrize(("reader", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_setting_that_makes_no_sense_is_one_sentence(
    reader: str, value: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SETTING", value)
    getattr(env, reader)("SOME_SETTING", *(["30/minute"] if reader == "rate" else []))
    assert said and all(sentence.startswith("SOME_SETTING ") and "\n" not in sentence for sentence in said)


@pytest.mark.parametrize(("reader", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_a_setting_that_makes_sense_is_taken(
    reader: str, value: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from limits import parse_many

    monkeypatch.setenv("SOME_SETTING", value)
    taken = getattr(env, reader)("SOME_SETTING", *(["30/minute"] if reader == "rate" else []))
    assert not said and bool(taken) == bool(value)
    if reader == "rate" and value:
        assert parse_many(taken)


def test_the_password_in_an_address_is_not_repeated(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SETTING", "postgres://app:pa55word@h:port/db")
    env.url("SOME_SETTING", schemes=("postgres",))
    assert said == ["SOME_SETTING must look like postgres://user:password@host/database-name (with %20 for a space)."]


ADDRESSES = {
    "redis": {
        True: ["redis://h", "redis://h:6379/", "redis://:p@h/3", "rediss://u:p@h:1/0?ssl_cert_reqs=none", "redis:///0"],
        False: ["redis://h/abc", "redis://h/0/1", "unix:///run/redis.sock", "redis:", "redis://h/0 # mine"],
    },
    "postgres": {
        True: ["postgres:///images", "postgresql://u:p@h:5432/db?sslmode=require", "postgres://%2Frun%2Fpg/db"],
        False: ["postgres://", "postgres://h", "postgres://u:p@h:1/?a=b", "postgres://h/d b", "postgres:///db  # mine"],
    },
    "sqlite": {
        True: ["sqlite:///db.sqlite3", "sqlite:////srv/my%20files/db", "sqlite:///:memory:"],
        False: ["sqlite:", "sqlite://", "sqlite:///", "sqlite://db", "sqlite:///my files/db"],
    },
}


@pytest.mark.parametrize(
    ("scheme", "good", "value"),
    [(scheme, good, one) for scheme, both in ADDRESSES.items() for good, values in both.items() for one in values],
)
def test_an_address_of_a_server_or_a_file_has_all_its_parts(
    scheme: str, good: bool, value: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SETTING", value)
    assert env.url("SOME_SETTING", schemes=(scheme,)) == (value.rstrip("/") if good else "")
    assert [sentence.partition(" (")[0] for sentence in said] == (
        [] if good else [f"SOME_SETTING must look like {env.ADDRESSES[scheme][1]}"]
    )


DEFAULTS: dict[str, list[Any]] = {
    "text": ["a"],
    "number": [5, 1, 9],
    "switch": [True],
    "choice": ["a", "ab"],
    "url": ["http://a"],
    "words": ["a"],
}


@pytest.mark.parametrize("reader", DEFAULTS)
def test_an_empty_value_is_the_default(reader: str, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read, given = getattr(env, reader), DEFAULTS[reader]
    monkeypatch.delenv("SOME_SETTING", raising=False)
    default = read("SOME_SETTING", *given)
    monkeypatch.setenv("SOME_SETTING", " ")
    assert read("SOME_SETTING", *given) == default and default
    assert not said


@pytest.mark.parametrize("value", ["--5", "-", "5.0", "5 6", "²", "9" * 5000, "-1", "10", "many"])
def test_a_number_that_is_none_is_one_sentence(value: str, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SETTING", value)
    assert env.number("SOME_SETTING", 5, 0, 9) == 5
    assert said == [f"SOME_SETTING must be a whole number from 0 to 9, not “{value}”."]


def test_the_mark_that_windows_puts_in_front_of_a_file_hides_no_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SOME_SETTING=on", encoding="utf-8-sig")
    assert env.of_file(tmp_path / ".env")("SOME_SETTING") == "on"


def test_a_file_of_settings_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SOME_SETTING=on", encoding="utf-16")
    with pytest.raises(SystemExit, match=r"^The start was stopped\. The file \.env cannot be read: save it as UTF-8"):
        env.of_file(tmp_path / ".env")


def test_the_settings_of_a_project_in_the_folder_above_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://theirs/db")
    (tmp_path / "ours").mkdir()
    assert env.of_file(tmp_path / "ours" / ".env")("DATABASE_URL", default="") == ""


def test_gunicorn_takes_no_port_that_is_none(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "80a")
    assert runpy.run_path(str(ROOT / "config" / "gunicorn.py"))["bind"].endswith(":8000")
    assert said == ["PORT must be a whole number from 0 to 65535, not “80a”."]


def test_a_models_name_must_fit_into_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    from config import settings as own

    assert Job._meta.get_field("model").max_length == problems.LONGEST_MODEL
    monkeypatch.setattr(own, "HF_MODEL", "m" * 120)
    monkeypatch.setattr(own, "HF_MODELS", [f"{'m' * 120}=A long name", "m" * 121])
    assert problems.model_problems() == ["HF_MODELS names a model with more than 120 characters: use a shorter name."]
    monkeypatch.setattr(own, "HF_MODEL", "m" * 121)
    assert problems.model_problems()[0].startswith("HF_MODEL ")


OPTIONS = {
    "": True,
    "?ssl_cert_reqs=none": True,
    "?a=1": False,
    "?ssl_cert_reqs=maybe": False,
    "?ssl_cert_reqs=CERT_NONE": False,  # Celery would take it
}


@pytest.mark.parametrize(("options", "known"), OPTIONS.items())
def test_an_option_of_redis_that_ends_every_worker_stops_the_start(
    options: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config import settings as own

    monkeypatch.setattr(own, "REDIS_URL", f"rediss://u:pa55word@h:6379/0{options}")
    sentence = "REDIS_URL has an option after the “?” that is not understood: correct it or leave it out."
    assert problems.redis_problems() == ([] if known else [sentence])


class Runs:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


READ_FROM_CACHE = """
from contextlib import suppress
from django.core.cache import cache
with suppress(ValueError):
    cache.get("planted")
cache.set("own", {"at": 1.5, "served": [["a", "b"]]})
print(cache.make_key("planted"), cache.get("own"))
"""


def test_what_is_planted_in_redis_is_not_run(
    redis_server: RedisServer, app_processes: Callable[..., AppProcesses], tmp_path: Path
) -> None:
    redis_server.call("SET", "images:1:planted", pickle.dumps(Runs(tmp_path / "ran")))  # type: ignore[arg-type]
    said = app_processes(REDIS_URL=redis_server.url).manage("shell", "--no-imports", "-c", READ_FROM_CACHE)
    assert "images:1:planted {'at': 1.5, 'served': [['a', 'b']]}" in said
    assert not (tmp_path / "ran").exists()


def test_a_folder_with_any_name_holds_the_database(app_processes: Callable[..., AppProcesses], tmp_path: Path) -> None:
    folder = tmp_path / "my files #1 100%25?"
    app = app_processes(VAR_DIR=folder, DATABASE_URL="")
    app.manage("migrate", "--verbosity", "0")
    assert (folder / "db.sqlite3").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    from config import settings as own

    monkeypatch.setattr(own, "MEDIA_ROOT", str(tmp_path / "file" / "media"))
    assert problems.folder_problems() == ["MEDIA_ROOT names a folder that cannot be written to."]
    monkeypatch.setattr(own, "MEDIA_ROOT", str(tmp_path / "new" / "media"))
    assert problems.folder_problems() == []

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from django.test import RequestFactory

from config import env
from config.logs import LineFormatter, redact


def line(message: str, *, as_json: bool = False, failed: bool = False, **extra: Any) -> str:
    facts = {"name": "x", "msg": message, "levelname": "INFO", "levelno": logging.INFO, **extra}
    record = logging.makeLogRecord(facts)
    record.exc_info = sys.exc_info() if failed else None
    return LineFormatter(json=as_json).format(record)


def test_a_line_has_one_pair_for_each_fact() -> None:
    text = line("stored", job="abc", attempt=2, provider="fal-ai")
    assert 'event="stored" job="abc" attempt="2" provider="fal-ai"' in text
    assert json.loads(line("stored", as_json=True, attempt=2))["attempt"] == 2


def test_a_line_of_django_is_written_once() -> None:
    """Its own handler writes, too, with DEBUG."""
    assert logging.getLogger("django").handlers == []


def test_a_message_over_two_lines_stays_one_line() -> None:
    assert "\n" not in line("one\ntwo", why="three\nfour")


@pytest.mark.parametrize("secret", ["hf_abcdefghijkl", "sk-abcdefghijkl", "Bearer abcdefghijkl"])
def test_what_looks_like_a_secret_is_cut_out(secret: str) -> None:
    assert "abcdefghijkl" not in line(f"sent {secret}", header=secret)


def test_the_secrets_of_the_settings_are_cut_out_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "hidden", {"my-own-key", "", "abc"})
    try:
        raise ValueError("the key is my-own-key")
    except ValueError:
        text = line("failed with my-own-key", failed=True, key="my-own-key")
    assert "my-own-key" not in text and text.count("[secret]") == 4  # the source line of the traceback too
    assert redact("abc") == "abc"


def test_passwords_in_addresses_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "hidden", set())
    monkeypatch.setattr(env, "read", lambda name, default: "postgres://me:pass-word@host/db")
    env.url("DATABASE_URL", schemes=["postgres"])
    assert redact("cannot reach postgres://me:pass-word@host/db") == "cannot reach postgres://me:[secret]@host/db"


def test_a_request_is_logged_without_what_people_typed() -> None:
    request = RequestFactory().get("/gallery/?q=a+secret+wish")
    text = line("Not Found", request=request)
    assert 'request="GET /gallery/"' in text and "wish" not in text

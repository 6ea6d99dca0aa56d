"""A state in words: the server's first paint, and the script that goes on from there, say the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.utils import translation

from images.status import JobStatus
from images.words import state_words, why_words
from tests.browser.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
BY_SCRIPT = """async jobs => {
  const { stateWords, whyWords } = await import(document.querySelector('link[href*="/words."]').href);
  return jobs.map((job) => [stateWords(job, 0), whyWords(job)]);
}"""
SECONDS = (None, 0, 1, 2, 12, 20, 21, 40, 90, 91, 150, 3600)


def status(state: str, **facts: Any) -> JobStatus:
    usual: Any = {"attempt": 1, "max_attempts": 5, "queue_position": None, "eta_seconds": None, "error": None}
    return usual | {"status": state, **facts}


def held(code: str, wait: int | None, attempt: int) -> JobStatus:
    error = {"code": code, "message": "It did not work.", "retryable": True, "retry_in": wait}
    return status("queued", attempt=attempt, error=error)


STATES = [
    *[status("running", eta_seconds=seconds) for seconds in SECONDS],
    *[status("queued", eta_seconds=eta, queue_position=ahead) for eta, ahead in product(SECONDS, (None, 0, 1, 3))],
    *[held(*facts) for facts in product(("model_loading", "timeout"), SECONDS, (0, 1))],
]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_first_paint_says_what_the_script_says(site: Site, window: Callable[..., Any], language: str) -> None:
    page = window(locale=language)
    page.goto(site.url)
    with translation.override(language):
        first = [[state_words(job), why_words(job)] for job in STATES]
    assert page.evaluate(BY_SCRIPT, STATES) == first

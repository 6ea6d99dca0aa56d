"""Who polls again too soon gets the same answer, and nobody is shown an older state after a newer one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from images import answers as module
from images.answers import Answer, Answers
from images.models import Job
from tests.unit.factories import OWNER, make_job, picture_job

JSON = {"HTTP_ACCEPT": "application/json"}


def answer(etag: str = "a", wait_ms: int = 3000, body: bytes = b"{}") -> Answer:
    return Answer(time.monotonic_ns(), wait_ms, body, etag)


def keep_twice(answers: Answers, key: str, asked_at: int, wait_ms: int) -> None:
    """The first time it is news, and is not given again."""
    for _ in range(2):
        answers.keep(key, Answer(asked_at, wait_ms, b"{}", "a"))


@pytest.fixture
def kept() -> Answers:
    return Answers(on=True)


@pytest.fixture
def neighbour(kept: Answers) -> Answers:
    """As in another process of the same machine, forked from the same one."""
    return Answers(on=True, _changed_at=kept._changed_at)


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "LONGEST_MS", 60_000)
    monkeypatch.setattr(module.answers, "on", True)
    yield
    module.answers._kept.clear()


def test_an_answer_is_given_again_until_the_moment_that_it_names(
    kept: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_MS", 60_000)
    now = time.monotonic_ns() + module.NS_PER_MS
    keep_twice(kept, "key", now, 8)
    for passed_ms, found in ((7, True), (8, False)):
        monkeypatch.setattr(time, "monotonic_ns", lambda ms=passed_ms: now + ms * module.NS_PER_MS)
        assert bool(kept.get("key")) is found


def test_an_answer_that_names_no_near_moment_is_given_again_for_a_fifth_of_a_second(
    kept: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic_ns() + module.NS_PER_MS
    keep_twice(kept, "key", now, 5000)
    for passed_ms, found in ((199, True), (200, False)):
        monkeypatch.setattr(time, "monotonic_ns", lambda ms=passed_ms: now + ms * module.NS_PER_MS)
        assert bool(kept.get("key")) is found


def test_a_change_makes_every_answer_old_in_all_processes(kept: Answers, neighbour: Answers) -> None:
    kept.keep("key", answer())
    kept.keep("key", known := answer())
    assert kept.get("key") == known
    neighbour.forget()
    assert kept.get("key") is None


def test_what_was_read_before_a_change_is_not_kept_after_it(kept: Answers) -> None:
    kept.keep("key", answer())
    late = answer()
    kept.forget()
    kept.keep("key", late)
    assert kept.get("key") is None


def test_who_saw_news_in_one_process_is_not_shown_the_old_state_in_another(kept: Answers, neighbour: Answers) -> None:
    kept.keep("key", answer("waiting"))
    read_late = answer("done")
    kept.keep("key", answer("waiting"))  # asked later, read before the change
    neighbour.keep("key", read_late)
    assert kept.get("key") is None
    neighbour.keep("key", done := answer("done"))
    assert neighbour.get("key") == done


def test_an_old_state_that_was_read_slowly_is_not_given_again(kept: Answers) -> None:
    read_late = answer("done")
    read_early = answer("waiting")
    kept.keep("key", read_late)
    kept.keep("key", read_early)
    assert kept.get("key") is None


def test_the_same_state_read_again_leaves_the_other_answers_alone(kept: Answers, neighbour: Answers) -> None:
    neighbour.keep("key", answer())
    kept.keep("other", answer())
    kept.keep("other", other := answer())
    neighbour.keep("key", answer())
    assert kept.get("other") == other


def test_answers_take_little_memory(kept: Answers) -> None:
    for number in range(3 * module.MOST):
        kept.keep(number, answer())
    assert len(kept._kept) <= module.MOST


def test_a_large_answer_is_not_kept_but_its_news_are_heeded(kept: Answers, neighbour: Answers) -> None:
    for _ in range(2):
        kept.keep("key", answer("waiting"))
    neighbour.keep("key", answer("done", body=bytes(module.LARGEST + 1)))
    assert not neighbour._kept
    assert kept.get("key") is None


def test_one_process_that_does_all_keeps_none(kept: Answers) -> None:
    alone = Answers()
    alone.keep("key", answer())
    assert alone.get("key") is None


# Over the view


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address, **JSON).status_code == 200
    return len(seen.captured_queries)


@pytest.mark.django_db
@pytest.mark.usefixtures("remembering")
def test_a_poll_that_comes_too_soon_asks_no_database(owner: Client) -> None:
    address = f"/status/?id={make_job().pk}&id={picture_job().pk}"
    owner.get(address, **JSON)
    first = owner.get(address, **JSON)
    assert queries(owner, address) == 0
    again = owner.get(address, **JSON)
    assert (again.content, again.headers) == (first.content, first.headers)
    assert owner.get(address, HTTP_IF_NONE_MATCH=first["ETag"], **JSON).status_code == 304


@pytest.mark.django_db
@pytest.mark.usefixtures("remembering")
def test_who_cancels_sees_it_in_the_next_poll(owner: Client) -> None:
    job = make_job(owner=OWNER)
    assert owner.get(f"/status/{job.pk}/").json()["status"] == "queued"
    assert owner.post(f"/cancel/{job.pk}/", **JSON).status_code == 200
    assert owner.get(f"/status/{job.pk}/").json()["status"] == "canceled"


@pytest.mark.django_db
@pytest.mark.usefixtures("remembering")
def test_an_answer_is_its_askers_own(owner: Client, stranger: Client, settings: object) -> None:
    settings.GALLERY = "private"  # type: ignore[attr-defined]
    address = f"/status/{make_job(owner=OWNER).pk}/"
    assert owner.get(address).status_code == 200
    assert stranger.get(address).status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("remembering")
def test_an_answer_is_in_the_readers_language(owner: Client) -> None:
    job = make_job(error_code="overloaded", error_message="Type what the picture should show.")
    Job.objects.filter(pk=job.pk).update(status="failed")
    said = {lang: owner.get(f"/status/{job.pk}/", HTTP_ACCEPT_LANGUAGE=lang).json()["error"] for lang in ("en", "de")}
    assert said["en"] != said["de"]

"""What things cost, without a clock: queries, indexes, Redis commands, bytes. The clock's part is `make bench`."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from images import estimates, gallery, jobs, pace
from images.forms import GenerateForm
from images.models import Chore, Job
from tests.services import RedisServer
from tests.unit.factories import OWNER, claim, failed_job, image_for, make_job, picture_job, running_job
from workers import sweeper

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}
BOUNDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "SET ")
SOMEBODY = gallery.Viewer("visitor:nobody")


def queries(act: Callable[[], Any]) -> list[str]:
    """The statements that read or write rows."""
    with CaptureQueriesContext(connection) as seen:
        act()
    return [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(BOUNDS)]


def prepared(act: Callable[[], Any]) -> list[str]:
    """The same once what is kept for a while is known."""
    act()
    return queries(act)


# Requests


@pytest.mark.parametrize(
    ("make", "most"),
    [(picture_job, 1), (failed_job, 1), (running_job, 1), (make_job, 4)],
    ids=["done", "failed", "running", "waiting"],
)
def test_a_poll_takes_few_queries(owner: Client, make: Callable[[], Job], most: int) -> None:
    address = f"/status/{make().pk}/"
    assert len(prepared(lambda: owner.get(address, **JSON))) <= most


def test_a_poll_for_many_jobs_takes_no_more_queries_than_for_one(owner: Client) -> None:
    ids = "&".join(f"id={make_job(turn=turn).pk}" for turn in range(20))
    assert len(prepared(lambda: owner.get(f"/status/?{ids}", **JSON))) <= 4


@pytest.mark.parametrize(
    ("address", "most"),
    [("/", 6), ("/gallery/", 1), ("/gallery/?mine=1", 2), ("/gallery/?starred=1", 1), ("/gallery/?q=fox", 4)],
)
@pytest.mark.parametrize("pictures", [1, 7])
def test_a_page_takes_the_same_few_queries_for_any_number_of_pictures(
    owner: Client, address: str, most: int, pictures: int
) -> None:
    for _ in range(pictures):
        picture_job()
    make_job()
    assert len(prepared(lambda: owner.get(address))) <= most


def test_the_page_of_a_picture_takes_four_queries(owner: Client) -> None:
    address = f"/images/{picture_job().pk}/"
    assert len(prepared(lambda: owner.get(address))) <= 4
    assert len(prepared(lambda: owner.get(f"{address}?q=fox&mine=1"))) <= 8


@pytest.mark.parametrize("name", ["file", "thumbnail"])
def test_the_bytes_of_a_picture_take_one_query(owner: Client, name: str) -> None:
    address = f"/images/{picture_job().pk}/{name}"
    assert len(prepared(lambda: owner.get(address))) == 1


def test_a_submit_takes_few_queries_and_one_more_for_each_further_picture(owner: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(estimates, "NEWS_SECONDS", 60)
    monkeypatch.setattr(estimates, "SOON_SECONDS", 60)

    def send(count: int) -> Callable[[], Any]:
        return lambda: owner.post("/generate/", {"prompt": "a red fox", "count": str(count)}, **JSON)

    one, four = prepared(send(1)), prepared(send(4))
    assert len(one) <= 7
    assert len(four) == len(one) + 3


# The worker


def test_a_claim_takes_four_queries() -> None:
    for turn in range(3):
        make_job(turn=turn)
    assert len(prepared(claim)) <= 4


def test_a_finish_takes_three_queries() -> None:
    jobs_, images = [], []
    for _ in range(2):
        jobs_.append(running_job())
        images.append(image_for(jobs_[-1]))
    Job.objects.succeed(jobs_[0], images[0])
    assert len(queries(lambda: Job.objects.succeed(jobs_[1], images[1]))) <= 3


@pytest.mark.parametrize("waiting", [0, 50])
def test_a_sweep_takes_the_same_queries_however_many_wait(monkeypatch: pytest.MonkeyPatch, waiting: int) -> None:
    monkeypatch.setattr(sweeper, "messages_waiting", lambda: 10**6)
    for turn in range(waiting):
        make_job(turn=turn)

    def sweep() -> None:
        Chore.objects.update(done_at="2000-01-01T00:00Z")
        sweeper.sweep()

    assert len(prepared(sweep)) <= 22


# Redis


def test_a_submit_sends_redis_few_commands(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.celery import app

    redis_server.flushall()
    with app.connection_for_write(redis_server.url) as broker, app.amqp.Producer(broker) as producer:
        send = lambda: sweeper.generate_image.apply_async([""], producer=producer)  # noqa: E731
        send()
        before = commands(redis_server)
        for _ in range(10):
            send()
        each = (commands(redis_server) - before - 1) / 10  # one is the question itself
    assert each <= 2


def test_a_worker_asks_redis_once_for_each_wake_up(redis_server: RedisServer, settings: Any) -> None:
    from config.celery import app

    redis_server.flushall()
    options = {"transport_options": settings.REDIS_OPTIONS}
    with app.connection_for_write(redis_server.url, **options) as broker, app.amqp.Producer(broker) as producer:
        for _ in range(11):
            sweeper.generate_image.apply_async([""], producer=producer)
        seen: list[Any] = []
        consumer = app.amqp.TaskConsumer(broker.channel(), on_message=lambda message: (message.ack(), seen.append(1)))
        with consumer:
            broker.drain_events(timeout=2)
            before = commands(redis_server)
            while len(seen) < 11:
                broker.drain_events(timeout=2)
        assert (commands(redis_server) - before - 1) / 10 <= 2  # BRPOP, and sometimes a question about what was lost


def commands(server: RedisServer) -> int:
    return int(server.call("INFO", "stats")["total_commands_processed"])


# Bytes


def test_a_gallery_page_of_48_is_small(client: Client) -> None:
    for number in range(48):
        picture_job(prompt=f"a red fox number {number} beside a quiet harbour at dusk, soft light, fine detail")
    body = client.get("/gallery/").content
    assert len(gzip.compress(body, 6)) < 60_000
    assert b"data:image/jpeg" not in body and b"data:image/png" not in body


def test_a_home_page_and_a_poll_are_small(owner: Client) -> None:
    job = picture_job()
    assert len(gzip.compress(owner.get("/").content, 6)) < 30_000
    assert len(owner.get(f"/status/{job.pk}/").content) < 2_500


# What was learned


def test_the_pace_of_a_model_is_known_after_its_first_picture() -> None:
    assert estimates.all_paces() == {}
    estimates._cache.clear()
    picture_job(model="quick")
    known = estimates.all_paces()["quick"]
    assert known.runs == 1 and known.usual < pace.UNKNOWN_RUN


def test_a_poll_comes_when_the_quickest_would_be_done_and_then_in_short_steps() -> None:
    known = pace.pace_of([0.50, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57, 0.58, 9.0])
    assert (known.usual, known.late) == (0.55, 0.58)
    assert known.step(0.0) == pytest.approx(known.early)
    assert known.step(0.53) < 0.03
    assert known.step(3.0) > known.step(1.0) > known.step(0.6)


def test_a_job_of_a_slow_model_is_looked_at_when_it_should_have_started(owner: Client) -> None:
    pauses = {}
    for model, usual in (("slow", 20.0), ("quick", 0.8)):
        estimates.keep("paces", {model: pace.pace_of([usual] * 9)})
        pauses[model] = owner.get(f"/status/{make_job(model=model).pk}/").json()["poll_after_ms"]
    assert pauses == {"slow": 500, "quick": 800}


def test_a_job_that_no_worker_takes_is_polled_seldom(owner: Client) -> None:
    estimates.keep("paces", {"slow": pace.pace_of([20.0] * 9)})
    forgotten = make_job(model="slow", next_attempt_at=timezone.now() - timedelta(hours=1))
    assert owner.get(f"/status/{forgotten.pk}/").json()["poll_after_ms"] == 3000


def test_the_migrations_are_complete() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_form_is_all_that_a_submit_needs() -> None:
    form = GenerateForm({"prompt": "a red fox"})
    assert form.is_valid()
    assert len(jobs.submit(OWNER, form.cleaned_data)) == 1

"""Who asks too often waits, and is told how long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished
from django.test import Client, RequestFactory

from images import limits
from images.models import Job, Usage
from tests.unit.conftest import client_of
from tests.unit.factories import OWNER, failed_job, make_job, picture_job

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}
HERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def strict_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of each kind in a minute."""
    monkeypatch.setattr(limits, "RULES", dict.fromkeys(limits.RULES, "2/minute"))


def test_a_visitor_who_submits_too_often_waits(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "2/minute"
    answers = [client.post("/generate/", {"prompt": f"fox {n}"}, **JSON) for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert answers[2].json()["error"]["code"] == "too_fast"


def test_who_waits_reads_a_plain_sentence(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "1/minute"
    page = [client.post("/generate/", {"prompt": f"fox {n}"}) for n in range(2)][1]
    assert page.status_code == 429
    assert "That was quick. Wait" in page.content.decode()


def test_a_new_cookie_for_each_request_does_not_multiply_what_an_address_may_do(settings: Any) -> None:
    settings.RATE_LIMIT = "1/minute"
    answers = [Client().post("/generate/", {"prompt": "fox"}, **JSON).status_code for _ in range(6)]
    assert answers == [202, 202, 202, 202, 429, 429]


def test_who_is_refused_takes_nothing_from_others_at_the_same_address(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "1/minute"
    mine = [client.post("/generate/", {"prompt": f"fox {n}"}, **JSON).status_code for n in range(9)]
    theirs = Client().post("/generate/", {"prompt": "owl"}, **JSON).status_code
    assert (mine, theirs) == ([202] + [429] * 8, 202)


def test_no_limit_is_a_choice(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT = ""
    assert {client.post("/generate/", {"prompt": f"{n}"}, **JSON).status_code for n in range(35)} == {202}


def test_without_a_rate_what_waits_is_limited_still(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT, settings.MAX_WAITING = "", 2
    answers = [client.post("/generate/", {"prompt": f"{n}"}, **JSON).status_code for n in range(3)]
    assert answers == [202, 202, 429]


def test_several_limits_hold_together(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "10/minute;2/day"
    answers = [client.post("/generate/", {"prompt": f"{n}"}, **JSON) for n in range(3)]
    assert answers[2].status_code == 429
    assert int(answers[2]["Retry-After"]) > 60


def test_a_wrong_form_is_not_counted(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "1/minute"
    answers = [client.post("/generate/", {"prompt": text}, **JSON).status_code for text in ("", "", "fox")]
    assert answers == [400, 400, 202]


# What may not be asked for without end

ASKED = {
    "poll": lambda job: f"/status/{job.pk}/",
    "poll of many": lambda job: f"/status/?id={job.pk}",
    "search": lambda job: "/gallery/?q=fox",
    "download": lambda job: f"/download/{job.pk}/?format=jpeg",
    "zip": lambda job: f"/zip/?id={job.pk}",
}


@pytest.mark.usefixtures("strict_rules")
@pytest.mark.parametrize("kind", ASKED)
def test_what_costs_work_is_limited_for_each_visitor(kind: str, owner: Client, stranger: Client) -> None:
    address = ASKED[kind](picture_job())
    answers = [owner.get(address, **JSON) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert stranger.get(address, **JSON).status_code == 200


@pytest.mark.usefixtures("strict_rules")
def test_polls_without_a_cookie_are_counted_by_address() -> None:
    job = picture_job()
    answers = [Client().get(f"/status/{job.pk}/", **HERE).status_code for _ in range(9)]
    assert answers == [200] * 8 + [429]
    assert Client().get(f"/status/{job.pk}/", REMOTE_ADDR="203.0.113.10").status_code == 200


@pytest.mark.usefixtures("strict_rules")
def test_without_a_rate_limit_nothing_is_counted(owner: Client, settings: Any) -> None:
    settings.RATE_LIMIT = ""
    job = picture_job()
    assert {owner.get(f"/status/{job.pk}/").status_code for _ in range(20)} == {200}


@pytest.mark.usefixtures("strict_rules")
def test_looking_at_the_gallery_is_free(owner: Client) -> None:
    assert {owner.get("/gallery/").status_code for _ in range(10)} == {200}


def test_a_quick_page_never_meets_the_limit_for_polls() -> None:
    """Ten tabs that ask every second."""
    assert int(limits.RULES["poll"].split("/")[0]) >= 10 * 60


def test_only_some_pictures_are_encoded_anew_at_once(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from images.views import files

    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.01)
    job = picture_job()
    with files._encoders, files._encoders:
        refused = owner.get(f"/download/{job.pk}/?format=webp", **JSON)
        as_it_is = owner.get(f"/download/{job.pk}/", **JSON)
    assert (refused.status_code, refused["Retry-After"], as_it_is.status_code) == (429, "5", 200)
    assert owner.get(f"/download/{job.pk}/?format=webp").status_code == 200


def test_only_some_zips_are_sent_at_once_and_each_gives_its_place_back(owner: Client) -> None:
    from images.views import selection

    address = f"/zip/?id={picture_job().pk}"
    assert {owner.get(address).status_code for _ in range(9)} == {200}
    assert {owner.post(address, {"id": address[-36:], "ask": "1"}).status_code for _ in range(9)} == {200}
    with selection._packers, selection._packers, selection._packers, selection._packers:
        refused = owner.get(address, **JSON)
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    assert owner.get(address).status_code == 200


def test_a_reader_who_leaves_gives_the_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_finished, "send", lambda **_: [])  # it would close the test's database
    address = f"/zip/?id={picture_job().pk}"
    for _ in range(9):
        answer = Client().get(address)
        assert answer.status_code == 200
        next(iter(answer))
        answer.close()
        answer.close()


def test_the_head_of_a_zip_packs_nothing(owner: Client) -> None:
    answer = owner.head(f"/zip/?id={picture_job().pk}")
    assert (answer.status_code, answer["Content-Type"], answer.streaming) == (200, "application/zip", False)


# To try again costs as much as to submit


def test_trying_again_counts_as_a_submit(owner: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "2/minute"
    jobs = [failed_job() for _ in range(3)]
    answers = [owner.post(f"/retry/{job.pk}/", **JSON) for job in jobs]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"]


def test_nobody_tries_more_again_than_may_wait(owner: Client, settings: Any) -> None:
    settings.MAX_WAITING = 2
    jobs = [failed_job() for _ in range(2)]
    make_job()
    answers = [owner.post(f"/retry/{job.pk}/", **JSON) for job in jobs]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]["code"] == "too_many_waiting"


def test_trying_again_spends_the_budget(owner: Client, settings: Any) -> None:
    settings.MONTHLY_CHARACTER_BUDGET, settings.IMAGE_PROVIDER = 15, "huggingface"
    jobs = [failed_job(provider="huggingface", prompt="a red fox") for _ in range(2)]
    answers = [owner.post(f"/retry/{job.pk}/", **JSON) for job in jobs]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]["code"] == "budget_spent"
    assert Usage.objects.get().characters == len("a red fox")


def test_a_loop_of_cancel_and_retry_ends_at_the_limit(owner: Client, settings: Any) -> None:
    settings.RATE_LIMIT = "3/minute"
    job = failed_job()
    answers = []
    for _ in range(5):
        answers.append(owner.post(f"/retry/{job.pk}/", **JSON).status_code)
        owner.post(f"/cancel/{job.pk}/", **JSON)
    assert answers == [200, 200, 200, 429, 429]


# Counting goes on when Redis does not


@pytest.fixture
def broken_redis(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []

    def broken() -> None:
        asked.append(1)
        raise ConnectionError("no Redis")

    monkeypatch.setattr(limits, "limiter", broken)
    monkeypatch.setattr(limits, "_redis_rests_until", 0.0)
    return asked


def test_without_redis_each_process_counts_alone(
    client: Client, settings: Any, broken_redis: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    settings.RATE_LIMIT = "2/minute"
    answers = [client.post("/generate/", {"prompt": f"fox {n}"}, **JSON).status_code for n in range(3)]
    assert answers == [202, 202, 429]
    assert [record.message for record in caplog.records if record.name == "images.limits"] == [
        "requests are counted by each process alone"
    ]


def test_a_broken_redis_is_left_alone_for_a_while(client: Client, broken_redis: list[int]) -> None:
    for number in range(5):
        client.post("/generate/", {"prompt": f"fox {number}"}, **JSON)
    assert len(broken_redis) == 1


def test_a_poll_asks_no_redis(owner: Client, broken_redis: list[int]) -> None:
    assert owner.get(f"/status/{picture_job().pk}/").status_code == 200
    assert not broken_redis


def test_counts_in_redis_are_shared(settings: Any, redis_server: Any) -> None:
    redis_server.flushall()
    settings.REDIS_URL, settings.RATE_LIMIT = redis_server.url, "2/minute"
    answers = []
    for number in range(3):
        limits.limiter.cache_clear()  # another process
        limits.own_limiter.cache_clear()
        answers.append(client_of(OWNER).post("/generate/", {"prompt": f"{number}"}, **JSON).status_code)
    assert answers == [202, 202, 429]
    assert Job.objects.count() == 2


# Whose address it is


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 5.5.5.5", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "1.2.3.4:5678", "1.2.3.4"),
        (1, "[2001:db8:1:2:3::4]:5678", "2001:db8:1:2::/64"),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
        (1, "unknown", "10.0.0.1"),
        (1, "1.2.3.4\0", "10.0.0.1"),
        (3, "6.6.6.6,,,1.2.3.4", "10.0.0.1"),
    ],
)
def test_the_address_is_the_one_that_the_outermost_trusted_proxy_saw(
    settings: Any, proxies: int, header: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=header)
    assert limits.address(request) == expected


def test_a_home_with_ipv6_is_one_address() -> None:
    places = {limits.grouped(f"2001:db8:1:2::{number:x}") for number in range(100)}
    assert places == {"2001:db8:1:2::/64"}


def test_an_unknown_address_is_not_everybodys(client: Client, settings: Any) -> None:
    """Behind a Unix socket there is none; then only visitors are counted."""
    settings.RATE_LIMIT = "1/minute"
    answers = [Client().post("/generate/", {"prompt": "fox"}, REMOTE_ADDR="", **JSON).status_code for _ in range(9)]
    assert set(answers) == {202}


def test_the_docs_name_every_rule() -> None:
    text = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    for rule in (*limits.RULES.values(), *limits.NAME_LOGINS.split(";")):
        assert rule in text, f"docs/security.md does not name {rule}"

from __future__ import annotations

import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse
from PIL import Image

from images.models import Job, Status
from tests.unit.factories import OWNER, claim, failed_job, make_job, picture_job, running_job

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}
STATUS_KEYS = {
    "id", "status", "version", "attempt", "max_attempts", "queue_position", "eta_seconds", "poll_after_ms", "prompt",
    "created_at", "started_at", "finished_at", "error", "image", "status_url",
}  # fmt: skip
IMAGE_KEYS = {"url", "thumbnail_url", "download_url", "page_url", "width", "height", "placeholder"}


def url(name: str, job: Job) -> str:
    return reverse(name, args=[job.pk])


def test_a_submit_answers_202_with_the_status_of_each_job(client: Client) -> None:
    answer = client.post("/generate/", {"prompt": "a red fox", "count": "2"}, **JSON)
    body = answer.json()
    assert answer.status_code == 202
    assert set(body) == {"jobs", "status_url", "poll_after_ms"}
    assert [set(job) for job in body["jobs"]] == [STATUS_KEYS] * 2
    assert client.get(body["status_url"]).json()["jobs"][1]["id"] == body["jobs"][1]["id"]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_no_mistake_of_ours(
    monkeypatch: pytest.MonkeyPatch, accept: str, error: type[Exception]
) -> None:
    def away(*_: Any) -> None:
        raise error("connection refused")

    monkeypatch.setattr("images.views.pages.home_page", away)
    answer = Client(raise_request_exception=False).get("/", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    said = answer.content.decode()
    assert "database does not answer" in said and "refused" not in said and "mistake" not in said


def test_a_submit_without_javascript_leads_to_the_job(client: Client) -> None:
    answer = client.post("/generate/", {"prompt": "a red fox"})
    assert answer.status_code == 303
    assert answer["Location"] == f"/images/{Job.objects.get().pk}/"


def test_wrong_values_come_back_beside_their_fields(client: Client) -> None:
    answer = client.post("/generate/", {"prompt": " ", "count": "9"}, **JSON)
    assert answer.status_code == 400
    assert answer.json() == {
        "errors": {"prompt": ["Type what the picture should show."], "count": ["Use a whole number from 1 to 4."]}
    }


def test_the_form_loses_nothing_when_a_value_is_wrong(client: Client) -> None:
    answer = client.post("/generate/", {"prompt": "a red fox", "negative_prompt": "no rain", "count": "9"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "a red fox" in page and "no rain" in page and "Use a whole number from 1 to 4." in page


def test_sizes_are_written_as_people_read_them(client: Client) -> None:
    page = client.get("/").content.decode()
    assert 'value="832x1216"' in page and "832 × 1216" in page and ">832x1216" not in page


def test_a_full_queue_of_ones_own_is_a_429_with_a_sentence(client: Client, settings: Any) -> None:
    settings.MAX_WAITING = 1
    client.post("/generate/", {"prompt": "one"}, **JSON)
    answer = client.post("/generate/", {"prompt": "two"}, **JSON)
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert answer.json()["error"]["code"] == "too_many_waiting"


def test_no_csrf_token_is_a_403_with_a_sentence() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/generate/", {"prompt": "a red fox"}, **JSON)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "csrf_failed"


def test_a_body_over_the_limit_is_a_413(client: Client) -> None:
    answer = client.post("/generate/", {"prompt": "x" * 200_000}, **JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("name", ["status", "picture", "file", "thumbnail", "download"])
def test_an_unknown_id_is_a_404_in_json_for_json_callers(client: Client, name: str) -> None:
    answer = client.get(reverse(name, args=[uuid.uuid4()]), **JSON)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("query", ["", "?id=", "?id=nonsense", f"?id={uuid.UUID(int=0)}"])
def test_a_poll_for_nothing_known_is_a_404(client: Client, query: str) -> None:
    assert client.get(f"/status/{query}", **JSON).status_code == 404


@pytest.mark.parametrize("name", ["delete", "restore", "retry", "cancel", "star"])
def test_a_get_where_a_post_belongs_is_a_405(owner: Client, name: str) -> None:
    answer = owner.get(url(name, picture_job()))
    assert (answer.status_code, "press the button once more" in answer.text) == (405, True)
    assert "POST" in answer["Allow"]


def test_who_opens_an_address_that_only_takes_forms_is_told_what_to_do(client: Client) -> None:
    page = client.get("/generate/")
    assert (page.status_code, page["Allow"], "press the button once more" in page.text) == (405, "POST", True)
    assert client.get("/generate/", **JSON).json()["error"]["code"] == "not_allowed"


def test_a_message_on_the_page_for_a_wrong_method_is_told_once(owner: Client) -> None:
    owner.post(url("delete", picture_job()))
    pages = [owner.get(path).text for path in ("/generate/", "/")]
    assert ["Moved to the trash" in page for page in pages] == [True, False]
    assert "csrftoken" in owner.cookies


def test_a_wrong_method_is_logged_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/generate/")
    assert len(caplog.records) == 1


def test_the_buttons_of_a_refused_form_lead_to_a_page(client: Client) -> None:
    page = client.post("/generate/", {"prompt": " "})
    assert '<input type="hidden" name="next" value="/">' in page.text


def test_without_scripts_a_deletion_can_be_undone(owner: Client) -> None:
    job = picture_job()
    page = owner.post(f"/delete/{job.pk}/", {"next": "/gallery/"}, follow=True)
    assert f'formaction="/restore/{job.pk}/">Undo</button>' in page.text
    assert f"/restore/{job.pk}/" not in owner.get("/gallery/").text


def test_the_status_of_a_picture_says_where_it_is(client: Client) -> None:
    job = picture_job()
    body = client.get(url("status", job)).json()
    assert set(body) == STATUS_KEYS and set(body["image"]) == IMAGE_KEYS
    assert client.get(body["image"]["url"]).status_code == 200
    assert client.get(body["image"]["thumbnail_url"])["Content-Type"] == "image/webp"


def test_a_poll_that_changed_nothing_is_a_304(client: Client) -> None:
    address = f"/status/?id={picture_job().pk}"
    etag = client.get(address)["ETag"]
    assert client.get(address, HTTP_IF_NONE_MATCH=etag).status_code == 304


def test_the_place_in_the_queue_is_told(client: Client) -> None:
    jobs = [make_job(turn=turn) for turn in range(3)]
    body = client.get(f"/status/?id={jobs[2].pk}").json()
    assert body["jobs"][0]["queue_position"] == 2


def test_a_job_that_has_just_started_is_ahead_of_nobody(client: Client) -> None:
    """What is remembered of the queue is a moment old, but this much is known."""
    jobs = [make_job(turn=turn) for turn in range(3)]
    ids = "&".join(f"id={job.pk}" for job in jobs)
    for expected in ([0, 1, 2], [None, 0, 1], [None, None, 0]):
        assert [job["queue_position"] for job in client.get(f"/status/?{ids}").json()["jobs"]] == expected
        claim()


def test_a_failed_job_tells_its_reason(client: Client) -> None:
    body = client.get(url("status", failed_job("provider_error", "It did not work."))).json()
    assert body["error"] == {
        "code": "provider_error", "message": "It did not work.", "retryable": True, "retry_in": None,
    }  # fmt: skip


@pytest.mark.parametrize("make", [make_job, running_job, failed_job, picture_job])
def test_the_page_of_a_job_opens_in_every_state(owner: Client, make: Any) -> None:
    answer = owner.get(url("picture", make()))
    assert answer.status_code == 200
    assert "a red fox" in answer.content.decode()


def test_the_first_paint_says_how_long_it_takes(owner: Client) -> None:
    running_job()
    for turn in range(2):
        make_job(turn=turn)
    page = owner.get("/").content.decode()
    assert "Drawing, about 12 seconds left" in page
    assert "Waiting, you are next, about 12 seconds" in page
    assert "Waiting, 1 ahead of you, about 12 seconds" in page


def test_the_first_paint_of_a_retry_says_when_and_which(owner: Client) -> None:
    for code in ("model_loading", "timeout"):
        Job.objects.requeue(running_job(), code, "It slept. Wait.", delay=20, charge=code == "timeout")
    page = owner.get("/").content.decode()
    assert "The model is waking up, trying again in 20 seconds (1\xa0of\xa05)" in page
    assert "Trying again in 20 seconds (2\xa0of\xa05)" in page
    assert page.count(">It slept.</p>") == 1


def test_the_home_page_shows_ones_own_running_jobs_and_the_newest_pictures(owner: Client, stranger: Client) -> None:
    running, done = running_job(prompt="a fox that runs"), picture_job(prompt="a fox that sits")
    mine, theirs = owner.get("/").content.decode(), stranger.get("/").content.decode()
    assert str(running.pk) in mine and str(done.pk) in mine
    assert str(running.pk) not in theirs and str(done.pk) in theirs


def test_an_empty_home_page_offers_sample_prompts(client: Client) -> None:
    assert "lighthouse" in client.get("/").content.decode()


def test_the_gallery_pages_through_everything_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("images.gallery.PAGE_SIZE", 2)
    jobs = [picture_job() for _ in range(5)]
    seen: list[str] = []
    address: str | None = "/gallery/"
    while address:
        context = client.get(address).context
        seen += [card["status"]["id"] for card in context["cards"]]
        address = context["next_url"]
    assert seen == [str(job.pk) for job in reversed(jobs)]


@pytest.mark.parametrize("cursor", ["x", "💥", "MjAyNg==", "bnVsbHxudWxs"])
def test_a_made_up_cursor_is_a_404(client: Client, cursor: str) -> None:
    assert client.get("/gallery/", {"cursor": cursor}).status_code == 404


def test_the_gallery_is_searched_by_every_word(client: Client) -> None:
    picture_job(prompt="a red fox in snow")
    picture_job(prompt="a red car")
    cards = client.get("/gallery/?q=snow RED").context["cards"]
    assert [card["status"]["prompt"] for card in cards] == ["a red fox in snow"]


def test_starred_pictures_can_be_shown_alone(owner: Client) -> None:
    starred, _plain = picture_job(), picture_job()
    assert owner.post(url("star", starred), {"starred": "1"}, **JSON).json() == {"starred": True}
    cards = owner.get("/gallery/?starred=1").context["cards"]
    assert [card["status"]["id"] for card in cards] == [str(starred.pk)]


def test_a_picture_is_kept_by_the_browser_for_good(client: Client) -> None:
    job = picture_job()
    answer = client.get(url("file", job))
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(url("file", job), HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304


@pytest.mark.parametrize(("asked", "kind"), [("", "png"), ("png", "png"), ("jpeg", "jpeg"), ("webp", "webp")])
def test_a_download_has_a_readable_name_and_the_asked_format(client: Client, asked: str, kind: str) -> None:
    job = picture_job(prompt='Füchse, "rot"/schnell')
    answer = client.get(url("download", job), {"format": asked} if asked else {})
    assert answer["Content-Type"] == f"image/{kind}"
    assert "attachment" in answer["Content-Disposition"] and "f%C3%BCchse-rotschnell" in answer["Content-Disposition"]
    assert Image.open(BytesIO(answer.body)).format == kind.upper()  # type: ignore[attr-defined]


def test_an_unknown_download_format_is_a_404(client: Client) -> None:
    assert client.get(url("download", picture_job()), {"format": "gif"}).status_code == 404


def test_a_deleted_picture_is_gone_and_comes_back(owner: Client) -> None:
    job = picture_job()
    body = owner.post(url("delete", job), **JSON).json()
    assert body == {"status": "deleted", "restore_url": url("restore", job)}
    assert owner.get(url("file", job)).status_code == 404
    assert owner.get("/gallery/").context["cards"] == []
    assert owner.post(body["restore_url"], **JSON).json()["job"]["image"]
    assert owner.get(url("file", job)).status_code == 200


def test_a_failed_job_can_be_put_away(owner: Client) -> None:
    job = failed_job()
    assert owner.delete(url("delete", job), **JSON).status_code == 200
    assert str(job.pk) not in owner.get("/").content.decode()


@pytest.mark.parametrize(
    ("name", "act", "make"),
    [
        ("restore", "restore", picture_job),
        ("cancel", "cancel", make_job),
        ("retry", "retry_one", failed_job),
        ("delete", "to_trash", make_job),
    ],
)
def test_what_is_removed_for_good_meanwhile_is_a_404(
    name: str, act: str, make: Any, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make()

    def removed(*_: Any) -> bool:
        return not Job.objects.filter(pk=job.pk).delete()

    monkeypatch.setattr(f"images.jobs.{act}", removed)
    assert owner.post(url(name, job)).status_code == 404


def test_a_running_job_is_canceled_first(owner: Client) -> None:
    job = running_job()
    assert owner.post(url("delete", job), **JSON).status_code == 409
    assert owner.post(url("cancel", job), **JSON).json()["job"]["status"] == "canceled"
    late = owner.post(url("cancel", job), **JSON)
    assert (late.status_code, late.json()["job"]["status"]) == (409, "canceled")


def test_a_failed_job_is_tried_again_by_its_owner(owner: Client) -> None:
    job = failed_job()
    assert owner.post(url("retry", job), **JSON).json()["job"]["status"] == "queued"


def test_a_removed_job_that_is_tried_again_is_back(owner: Client, stranger: Client) -> None:
    """Else nobody sees it drawn, and its picture in the gallery leads strangers to a 404."""
    job = failed_job()
    owner.post(url("delete", job), **JSON)
    owner.post(url("retry", job), **JSON)
    assert str(job.pk) in owner.get("/").content.decode()
    assert stranger.get(url("picture", job)).status_code == 200


ALLOWED = {
    "delete": picture_job, "restore": picture_job, "star": picture_job, "cancel": make_job, "retry": failed_job,
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_only_the_owner_and_staff_may_act(
    name: str, owner: Client, stranger: Client, staff: Client, client: Client
) -> None:
    answers = [who.post(url(name, ALLOWED[name]()), **JSON).status_code for who in (owner, staff, stranger, client)]
    assert answers == [200, 200, 404, 404]


@pytest.mark.parametrize("name", ["status", "picture", "file", "thumbnail", "download"])
def test_a_private_gallery_shows_a_picture_to_its_owner_and_staff_only(
    name: str, settings: Any, owner: Client, stranger: Client, staff: Client, client: Client
) -> None:
    settings.GALLERY = "private"
    job = picture_job()
    assert [who.get(url(name, job)).status_code for who in (owner, staff, stranger, client)] == [200, 200, 404, 404]


def test_a_private_gallery_lists_only_ones_own(settings: Any, owner: Client, stranger: Client) -> None:
    settings.GALLERY = "private"
    picture_job()
    assert [len(who.get("/gallery/").context["cards"]) for who in (owner, stranger)] == [1, 0]


def test_a_forged_visitor_cookie_names_nobody(client: Client) -> None:
    client.cookies["visitor"] = OWNER.removeprefix("visitor:") + ":forged"
    assert client.post(url("delete", picture_job()), **JSON).status_code == 404


def test_the_visitor_cookie_is_signed_and_hidden_from_scripts(client: Client) -> None:
    cookie = client.get("/").cookies["visitor"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and ":" in cookie.value


def test_the_old_settings_fill_a_new_form(owner: Client) -> None:
    job = picture_job(prompt="a blue whale", seed=77, width=832, height=1216)
    used = owner.get(f"/?from={job.pk}").context["form"].initial
    remix = owner.get(f"/?from={job.pk}&seed=0").context["form"].initial
    assert (used["prompt"], used["seed"], used["size"]) == ("a blue whale", 77, "832x1216")
    assert (remix["prompt"], remix["seed"]) == ("a blue whale", None)


def test_a_prompt_or_a_seed_alone_fills_a_new_form(owner: Client) -> None:
    job = picture_job(prompt="a blue whale", seed=77, width=832, height=1216)
    seed = owner.get(f"/?from={job.pk}&only=seed").context["form"].initial
    prompt = owner.get(f"/?from={job.pk}&only=prompt").context["form"].initial
    assert (seed["prompt"], seed["seed"], seed["size"], seed["given"]) == ("", 77, "1024x1024", "seed")
    assert (prompt["prompt"], prompt["seed"], prompt["given"]) == ("a blue whale", "", "prompt")


def test_it_is_alive(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


def test_readiness_names_what_is_missing(client: Client, settings: Any) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "ok"
    assert "start a worker" in answer.json()["checks"]["sweeper"]


def test_every_page_has_the_browser_defences(client: Client) -> None:
    headers = client.get("/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert headers["Referrer-Policy"] == "same-origin" and "camera=()" in headers["Permissions-Policy"]


def test_a_lost_file_is_a_404_and_not_a_500(client: Client, settings: Any) -> None:
    job = picture_job()
    (Path(settings.MEDIA_ROOT) / job.image.file.name).unlink()
    assert client.get(url("file", job)).status_code == 404
    assert Job.objects.get(pk=job.pk).status == Status.SUCCEEDED

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from images import matching
from images.admin import operate, pictures
from images.admin.base import CappedPaginator
from images.admin.jobs import JobAdmin
from images.models import GeneratedImage, Job, ProviderState, Status
from tests.unit.factories import claim, make_job, picture_job, running_job
from workers.mistakes import keep_traceback, run_name

pytestmark = pytest.mark.django_db
JOBS = "/admin/images/job/"
PICTURES = "/admin/images/generatedimage/"
OPERATE = "/admin/images/job/operate/"
CONTROL = "/admin/control/"


@pytest.fixture
def boss(admin_client: Client) -> Client:
    """Who may do everything."""
    return admin_client


@pytest.fixture
def staff_with(django_user_model: Any) -> Any:
    def make(*permissions: str) -> Client:
        user = django_user_model.objects.create_user(f"staff{len(permissions)}", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return make


def refused(code: str = "token_refused", http: int = 401, **fields: Any) -> Job:
    job = running_job(**fields)
    Job.objects.fail(job, code, "The token was refused.", http_status=http)
    job.refresh_from_db()
    return job


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.headers
    return answer.content.decode()


def ids_in(page: str) -> set[str]:
    return {str(job.pk) for job in Job.objects.all() if f'value="{job.pk}"' in page}


# The list


def test_a_row_tells_what_an_operator_needs(boss: Client) -> None:
    job = refused(prompt="a red fox " * 20, max_attempts=5)
    page = text(boss, JOBS)
    for words in (
        str(job.pk)[-8:],
        "a red fox",
        "visitor aaaaaa",
        "demo",
        "The token was refused.",
        "1 of 5",
        "Failed",
    ):
        assert words in page


def test_a_waiting_job_says_when_it_is_tried_next(boss: Client) -> None:
    make_job(next_attempt_at=Now() + timedelta(seconds=90))
    assert "in 1 min" in text(boss, JOBS)


def test_tabs_count_each_state(boss: Client) -> None:
    refused(), refused(), make_job()
    page = " ".join(text(boss, JOBS).split())
    assert 'Failed <span class="number">2</span>' in page
    assert 'Waiting <span class="number">1</span>' in page
    assert 'All <span class="number">3</span>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=failed", {"a", "b", "c"}),
        ("code=token_refused", {"a", "b"}),
        ("http=401", {"a"}),
        ("http=none", {"d"}),
        ("http=nonsense", set()),
        ("provider=openai", {"b"}),
        ("model=sdxl", {"c"}),
        ("owner=user:7", {"d"}),
        ("since=hour", {"a", "b", "c", "d"}),
        ("since=never", set()),
        ("q=blue+whale", {"c"}),
        ("q=user:7", {"d"}),
        ("status=failed&provider=demo&http=403", {"c"}),
    ],
)
def test_a_filter_in_the_address_narrows_the_list(boss: Client, query: str, found: set[str]) -> None:
    jobs = {
        "a": refused(),
        "b": refused(http=403, provider="openai"),
        "c": refused("token_not_allowed", 403, model="sdxl", prompt="a big blue whale"),
        "d": make_job(owner="user:7"),
    }
    assert ids_in(text(boss, f"{JOBS}?{query}")) == {str(jobs[name].pk) for name in found}


def test_only_the_last_attempt_tells_the_answers_status(boss: Client) -> None:
    job = running_job()
    Job.objects.requeue(job, "service_fault", "", http_status=500)
    Job.objects.fail(claim(), "bad_input", "", http_status=400)
    assert ids_in(text(boss, f"{JOBS}?http=400")) == {str(job.pk)}
    assert ids_in(text(boss, f"{JOBS}?http=500")) == set()


def test_a_job_is_found_by_its_id_and_by_the_end_of_it(boss: Client) -> None:
    job, _other = make_job(), make_job()
    for words in (str(job.pk), job.pk.hex, str(job.pk)[-8:]):
        assert ids_in(text(boss, f"{JOBS}?q={words}")) == {str(job.pk)}


def test_words_are_searched_in_the_newest_jobs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [make_job() for _ in range(5)]
    found = matching.newest(Job.objects.all(), 2)
    assert set(found) == set(jobs[-2:])


def test_of_a_thousand_words_the_first_ten_are_searched(boss: Client) -> None:
    job, _other = make_job(prompt="a red fox"), make_job(prompt="a blue whale")
    assert ids_in(text(boss, f"{JOBS}?q={'red+fox+' * 5}{'more+' * 1100}")) == {str(job.pk)}


def test_what_a_person_has_put_away_is_no_reason_any_more() -> None:
    away, _kept = refused(), refused("bad_input", 400)
    Job.objects.filter(pk=away.pk).update(dismissed_at=Now())
    assert [(one.code, one.count) for one in matching.reasons()] == [("bad_input", 1)]


def test_what_a_person_has_put_away_is_counted_and_shown_among_all_jobs_only(boss: Client) -> None:
    away, kept = refused(), refused()
    Job.objects.filter(pk=away.pk).update(dismissed_at=Now())
    page = text(boss, f"{JOBS}?status=failed")
    assert ids_in(page) == {str(kept.pk)}
    assert 'Failed <span class="number">1</span>' in page and 'All <span class="number">2</span>' in page
    assert ids_in(text(boss, JOBS)) == {str(kept.pk), str(away.pk)}
    assert matching.exact_counts()["failed"] == 1


def test_failed_jobs_are_grouped_by_reason_and_a_click_filters(boss: Client) -> None:
    refused(), refused(), refused("bad_input", 400)
    assert [(one.code, one.http, one.count) for one in matching.reasons()] == [
        ("token_refused", 401, 2),
        ("bad_input", 400, 1),
    ]
    link = f"{JOBS}?status=failed&amp;code=token_refused&amp;http=401&amp;provider=demo"
    assert link in text(boss, f"{JOBS}?status=failed")


def test_nothing_is_counted_beyond_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "CAP", 2)
    for _ in range(5):
        make_job()
    pages = CappedPaginator(Job.objects.order_by("-pk"), 1)
    assert (pages.count, pages.num_pages, pages.shown) == (2, 2, "2+")


def test_no_query_of_the_list_counts_or_reads_all_rows(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobAdmin, "list_per_page", 1)
    monkeypatch.setattr(JobAdmin, "list_max_show_all", 1)
    refused(), refused()
    boss.get(JOBS)
    with CaptureQueriesContext(connection) as queries:
        boss.get(f"{JOBS}?status=failed")
    unbounded = [one["sql"] for one in queries if '"images_job"' in one["sql"] and "LIMIT" not in one["sql"]]
    assert not unbounded
    assert len(queries) < 25


# The page of one job


def test_a_jobs_page_tells_what_happened(boss: Client) -> None:
    job = running_job()
    facts = {"http_status": 429, "request_id": "req-7", "retry_after": 60.0, "message": "slow down"}
    Job.objects.requeue(job, "rate_limited", "", **facts)
    Job.objects.fail(claim("host:2:bb"), "token_refused", "The token was refused.", http_status=401)
    page = text(boss, f"{JOBS}{job.pk}/change/")
    for words in ("asked for", "claimed by host:1:aa", "claimed by host:2:bb", "429", "req-7", "slow down", "60 s"):
        assert words in page
    assert "Retry now" in page


def test_the_traceback_of_our_own_mistake_is_linked_without_secrets(boss: Client, settings: Any) -> None:
    job = running_job()
    keep_traceback(run_name(job), "generate_image", ValueError("sent hf_abcdefgh12345 away"))
    page = text(boss, f"{JOBS}{job.pk}/change/")
    url = page.split('">traceback</a>')[0].rpartition('href="')[2]
    record = text(boss, url)
    assert "ValueError" in record and "[secret]" in record and "hf_abcdefgh12345" not in record


def test_jobs_cannot_be_added_changed_or_deleted_by_hand(boss: Client) -> None:
    job = make_job()
    assert boss.get(f"{JOBS}add/").status_code == 403
    assert boss.post(f"{JOBS}{job.pk}/change/", {"status": "succeeded"}).status_code == 403
    assert boss.post(f"{JOBS}{job.pk}/delete/", {"post": "yes"}).status_code == 403


# Actions


def choose(client: Client, action: str, *jobs: Job) -> Any:
    chosen = {"action": action, "_selected_action": [str(job.pk) for job in jobs]}
    return client.post(JOBS, chosen, follow=True)


def test_the_confirmation_shows_the_exact_count(boss: Client) -> None:
    answer = choose(boss, "retry_chosen", refused(), refused(), make_job())
    page = answer.content.decode()
    assert "Retry 2 jobs?" in page
    assert "1 of the chosen jobs cannot be changed" in page


def test_chosen_jobs_are_retried_and_logged(boss: Client) -> None:
    job = refused()
    boss.post(OPERATE, {"do": "retry", "id": str(job.pk)})
    job.refresh_from_db()
    assert job.status == Status.QUEUED
    assert LogEntry.objects.get().object_id == str(job.pk)


def test_a_state_that_changed_meanwhile_is_explained(boss: Client) -> None:
    job, done = refused(), picture_job()
    answer = boss.post(OPERATE, {"do": "retry", "id": [str(job.pk), str(done.pk)]}, follow=True)
    assert "Retried 1, skipped 1 that had changed." in answer.content.decode()


def test_chosen_jobs_are_canceled(boss: Client) -> None:
    job = make_job()
    boss.post(OPERATE, {"do": "cancel", "id": str(job.pk)})
    job.refresh_from_db()
    assert job.status == Status.CANCELED


def test_chosen_jobs_go_to_the_trash_with_their_pictures(boss: Client) -> None:
    job = picture_job()
    boss.post(OPERATE, {"do": "delete", "id": str(job.pk)})
    assert GeneratedImage.objects.get().deleted_at


@pytest.mark.parametrize("query", ["", "do=retry", "do=explode&status=failed", "do=retry&id=nonsense"])
def test_a_question_that_makes_no_sense_is_not_asked(boss: Client, query: str) -> None:
    assert boss.get(f"{OPERATE}?{query}").status_code == 404


def test_nobody_is_sent_to_another_site_afterwards(boss: Client) -> None:
    answer = boss.post(OPERATE, {"do": "retry", "id": str(refused().pk), "back": "https://example.com/"})
    assert answer.headers["Location"] == JOBS


# Permissions


def test_who_may_only_look_sees_no_button(staff_with: Any) -> None:
    job = refused()
    client = staff_with("view_job")
    page = text(client, f"{JOBS}?status=failed") + text(client, f"{JOBS}{job.pk}/change/") + text(client, CONTROL)
    for words in ("retry_chosen", "delete_chosen", "all that match", "Retry now", "Pause"):
        assert words not in page


@pytest.mark.parametrize(
    ("permission", "allowed"), [("operate_job", {"retry", "cancel"}), ("delete_job", {"delete"}), ("x", set())]
)
def test_operate_and_delete_are_separate_permissions(staff_with: Any, permission: str, allowed: set[str]) -> None:
    client, job = staff_with("view_job", permission), refused()
    answers = {
        name: client.get(OPERATE, {"do": name, "id": job.pk}).status_code for name in ("retry", "cancel", "delete")
    }
    assert {name for name, status in answers.items() if status == 200} == allowed
    assert set(answers.values()) <= {200, 403}


def test_a_stranger_is_asked_to_log_in(client: Client) -> None:
    for url in (JOBS, OPERATE, CONTROL, PICTURES):
        assert client.get(url).status_code == 302


def test_staff_without_any_permission_sees_nothing(staff: Client) -> None:
    for url in (JOBS, CONTROL, PICTURES):
        assert staff.get(url).status_code == 403


# Pictures


def act(client: Client, action: str, job: Job, **more: str) -> Any:
    return client.post(PICTURES, {"action": action, "_selected_action": str(job.pk), **more}, follow=True)


def test_pictures_are_listed_with_prompt_owner_and_size(boss: Client) -> None:
    job = picture_job(prompt="a lighthouse")
    page = text(boss, PICTURES)
    for words in ("a lighthouse", "visitor aaaaaa", "64 × 64", reverse("thumbnail", args=[job.pk])):
        assert words in page


def test_a_picture_goes_to_the_trash_and_comes_back(boss: Client) -> None:
    job = picture_job()
    act(boss, "to_trash", job)
    assert GeneratedImage.objects.get().deleted_at
    assert "in the trash" in text(boss, f"{PICTURES}?trash=yes")
    act(boss, "restore", job)
    assert GeneratedImage.objects.get().deleted_at is None


def test_all_pictures_are_no_more_than_the_page_counts(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "CAP", 2)
    oldest, _middle, newest = picture_job(), picture_job(), picture_job()
    assert "Select all 2 pictures" in text(boss, PICTURES)
    act(boss, "to_trash", newest, select_across="1")
    kept = GeneratedImage.objects.filter(deleted_at=None)
    assert [image.pk for image in kept] == [oldest.pk]


def test_more_than_a_form_can_carry_is_refused_in_a_sentence(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PURGED", 1)
    monkeypatch.setattr(operate, "MOST_CHOSEN", 1)
    both = [str(picture_job().pk) for _ in range(2)]
    answer = boss.post(PICTURES, {"action": "purge", "_selected_action": both}, follow=True)
    assert "Choose at most 1 pictures." in answer.content.decode() and Job.objects.count() == 2
    answer = boss.post("/admin/images/job/", {"action": "delete_chosen", "_selected_action": both}, follow=True)
    assert "These are only the first 1." in answer.content.decode()


def test_a_purge_asks_first_and_then_removes_row_and_files(boss: Client) -> None:
    job = picture_job()
    storage, name = job.image.file.storage, job.image.file.name
    assert "Remove 1 picture for good?" in act(boss, "purge", job).content.decode()
    assert storage.exists(name)
    act(boss, "purge", job, sure="yes")
    assert not Job.objects.exists() and not storage.exists(name)


def test_a_pictures_page_shows_it(boss: Client) -> None:
    job = picture_job()
    assert reverse("thumbnail", args=[job.pk]) in text(boss, f"{PICTURES}{job.pk}/change/")


# Control


def test_the_control_page_tells_how_things_are(boss: Client) -> None:
    refused()
    page = text(boss, CONTROL)
    for words in ("token_refused", "nothing waits", "all providers", "No worker was seen", "Stored pictures"):
        assert words in page
    assert "sweeper: no worker has swept" in page


def test_drawing_is_paused_and_resumed_with_a_reason_in_the_log(boss: Client) -> None:
    boss.post(CONTROL, {"do": "pause", "name": "*", "reason": "new disk"})
    assert "paused since" in text(boss, CONTROL) and "new disk" in text(boss, CONTROL)
    make_job()
    assert Job.objects.claim("host:1:aa") is None
    boss.post(CONTROL, {"do": "resume", "name": "*"})
    assert Job.objects.claim("host:1:aa")
    assert [entry.change_message for entry in LogEntry.objects.order_by("id")] == [
        "Paused all providers. new disk",
        "Resumed all providers.",
    ]


def test_pausing_twice_is_explained_and_keeps_the_first_reason(boss: Client) -> None:
    boss.post(CONTROL, {"do": "pause", "name": "demo", "reason": "first"})
    answer = boss.post(CONTROL, {"do": "pause", "name": "demo", "reason": "second"}, follow=True)
    assert "It was paused already" in answer.content.decode()
    assert ProviderState.objects.get().pause_reason == "first"


@pytest.mark.parametrize("what", [{"do": "pause", "name": "nobody"}, {"do": "resume", "name": "nobody"}, {"do": "x"}])
def test_the_control_page_refuses_what_it_does_not_offer(boss: Client, what: dict[str, str]) -> None:
    assert boss.post(CONTROL, what).status_code == 403


def test_who_may_not_operate_cannot_pause(staff_with: Any) -> None:
    assert staff_with("view_job").post(CONTROL, {"do": "pause", "name": "*"}).status_code == 403


def test_the_demo_needs_no_check(boss: Client) -> None:
    assert "demo draws, and needs no check." in boss.post(CONTROL, {"do": "check"}).content.decode()


def test_the_admin_links_to_the_control_page(boss: Client) -> None:
    assert f'href="{CONTROL}"' in text(boss, "/admin/")


def test_no_admin_page_has_inline_style_or_script(boss: Client) -> None:
    job, done = refused(), picture_job()
    pages = ["/admin/", JOBS, f"{JOBS}{job.pk}/change/", f"{JOBS}{done.pk}/change/", PICTURES, CONTROL]
    for url in [*pages, f"{OPERATE}?do=retry&status=failed", "/admin/django_celery_results/taskresult/"]:
        page = text(boss, url)
        assert " style=" not in page and "<style" not in page and "onclick" not in page
        assert page.count("<script") == page.count("<script src") + page.count('<script id="django-admin')

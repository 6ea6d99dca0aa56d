"""Who comes in, who they are afterwards, and what they may have removed."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import signing
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from images import identity
from images.identity import signed_key
from images.models import GeneratedImage, Job
from tests.unit.conftest import STRANGER, Reader
from tests.unit.factories import OWNER, failed_job, make_job, picture_job, running_job
from workers import janitor

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}
KEY = OWNER.removeprefix("visitor:")


@pytest.fixture
def account(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ada", password="correct horse")


@pytest.fixture
def operator(django_user_model: Any) -> Any:
    return django_user_model.objects.create_superuser("op", password="correct horse")


def log_in(
    client: Client, password: str = "correct horse", name: str = "ada", to: str = "/login/", **extra: Any
) -> Any:
    return client.post(to, {"username": name, "password": password}, **extra)


# The visitor's cookie


def signed(key: str, age: int = 0) -> str:
    signer = signing.get_cookie_signer(salt=identity.COOKIE + identity.SALT)
    if not age:
        return signer.sign(key)
    then = signing.b62_encode(int(timezone.now().timestamp()) - age)
    return signing.Signer(key=signer.key, salt=signer.salt).sign(f"{key}:{then}")


def visitor_of(client: Client) -> str:
    return client.get("/").wsgi_request._visitor  # type: ignore[attr-defined]


@pytest.mark.parametrize("age", [0, 60, 20 * 24 * 3600])
def test_a_signed_cookie_names_its_visitor_and_is_left_alone(client: Client, age: int) -> None:
    client.cookies["visitor"] = signed(KEY, age)
    assert visitor_of(client) == KEY
    assert "visitor" not in client.get("/").cookies


def test_who_keeps_coming_keeps_their_pictures(client: Client) -> None:
    """After a month the cookie is given anew, with the same key and another year to live."""
    client.cookies["visitor"] = signed(KEY, 31 * 24 * 3600)
    fresh = client.get("/").cookies["visitor"]
    assert (fresh["max-age"], fresh.value.partition(":")[0]) == (365 * 24 * 3600, KEY)


def test_a_long_cookie_from_a_stranger_takes_no_memory(client: Client) -> None:
    before = signed_key.cache_info().currsize
    client.cookies["visitor"] = "x" * 5000
    assert visitor_of(client) != KEY
    assert signed_key.cache_info().currsize == before


@pytest.mark.parametrize(
    "value",
    ["", KEY, f"{KEY}:x:y", signed("root"), signed(f"{KEY}x"), signed("visitor:" + KEY), signed(KEY)[:-1], "\x85" * 99],
    ids=["empty", "unsigned", "wrongly signed", "a name", "too long", "with a prefix", "cut off", "no ASCII"],
)
def test_any_other_cookie_names_nobody(client: Client, value: str) -> None:
    job = picture_job()
    client.cookies["visitor"] = value
    assert client.post(f"/delete/{job.pk}/", **JSON).status_code == 404
    assert visitor_of(client) != KEY


def test_a_cookie_signed_for_something_else_names_nobody(client: Client) -> None:
    client.cookies["visitor"] = signing.get_cookie_signer(salt="other").sign(KEY)
    assert visitor_of(client) != KEY


def test_the_cookie_is_secure_on_https(client: Client, settings: Any) -> None:
    settings.HTTPS = True
    assert client.get("/").cookies["visitor"]["secure"]


# Logging in and out


@pytest.mark.parametrize("page", ["/login/", "/admin/login/"])
def test_a_login_brings_the_visitors_own_pictures_along(page: str, owner: Client, operator: Any) -> None:
    job = picture_job()
    assert log_in(owner, name="op", to=page).status_code == 302
    assert Job.objects.get(pk=job.pk).owner == f"user:{operator.pk}"


def test_a_login_brings_nothing_of_others_along(owner: Client, account: Any) -> None:
    theirs = picture_job(owner=STRANGER)
    log_in(owner)
    assert Job.objects.get(pk=theirs.pk).owner == STRANGER


def test_after_the_login_the_visitors_cookie_is_gone(owner: Client, account: Any) -> None:
    """So a copy of it that somebody kept owns nothing."""
    job = picture_job()
    log_in(owner)
    assert owner.cookies["visitor"].value == ""
    copy = Reader()
    copy.cookies["visitor"] = signed(KEY)
    assert copy.post(f"/delete/{job.pk}/", **JSON).status_code == 404


def test_after_the_logout_comes_somebody_else(owner: Client, account: Any) -> None:
    job = picture_job()
    log_in(owner)
    owner.post("/logout/")
    assert owner.post(f"/delete/{job.pk}/", **JSON).status_code == 404
    assert visitor_of(owner) != KEY


def test_what_a_visitor_made_between_two_logins_goes_to_the_second(client: Client, account: Any, operator: Any) -> None:
    log_in(client)
    client.post("/logout/")
    client.post("/generate/", {"prompt": "fox"})
    log_in(client, name="op")
    assert Job.objects.get().owner == f"user:{operator.pk}"


def test_a_session_that_somebody_planted_is_not_the_one_after_the_login(client: Client, account: Any) -> None:
    planted = client.session
    planted["mine"] = 1
    planted.save()
    client.cookies["sessionid"] = str(planted.session_key)
    log_in(client)
    assert client.cookies["sessionid"].value != planted.session_key
    thief = Client()
    thief.cookies["sessionid"] = str(planted.session_key)
    assert not thief.get("/").wsgi_request.user.is_authenticated


def test_an_account_that_was_switched_off_is_out_at_once(client: Client, account: Any) -> None:
    log_in(client)
    account.is_active = False
    account.save()
    assert not client.get("/").wsgi_request.user.is_authenticated
    assert log_in(Client()).status_code == 200  # the form again


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.parametrize("page", ["/login/", "/admin/login/"])
def test_a_login_leads_to_no_other_site(client: Client, account: Any, page: str, target: str) -> None:
    answer = client.post(page, {"username": "ada", "password": "correct horse", "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_login_leads_where_one_wanted_to_go(client: Client, account: Any) -> None:
    answer = client.post("/login/?next=/gallery/", {"username": "ada", "password": "correct horse"})
    assert answer["Location"] == "/gallery/"


def test_who_may_not_see_the_admin_is_told_so_instead_of_only_asked_again(client: Client, account: Any) -> None:
    log_in(client)
    page = client.get("/admin/", follow=True).content.decode()
    assert f"You are logged in as {account.username}, who may not see that page." in page
    assert "who may not see" not in client.get("/login/").content.decode()


def test_a_get_logs_nobody_out(client: Client, account: Any) -> None:
    log_in(client)
    assert client.get("/logout/").status_code == 405
    assert client.get("/").wsgi_request.user.is_authenticated


@pytest.mark.parametrize("page", ["/login/", "/admin/login/"])
def test_tries_to_log_in_are_limited_by_address(client: Client, account: Any, page: str) -> None:
    answers = [log_in(Client(), "wrong", f"name{number}", page) for number in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert log_in(client, REMOTE_ADDR="203.0.113.7").status_code == 302


def test_tries_to_log_in_are_limited_by_name_wherever_they_come_from(client: Client, account: Any) -> None:
    names = ["ada", "ADA", " ada"]
    answers = [log_in(Client(), "wrong", names[n % 3], REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(11)]
    assert answers == [200] * 10 + [429]
    assert log_in(client, "wrong", "bob", REMOTE_ADDR="203.0.113.99").status_code == 200


def test_every_spelling_of_a_name_shares_its_tries(client: Client, account: Any) -> None:
    """ "ada" in wide letters is the same account for Django."""
    for number in range(10):
        log_in(client, "wrong", "ada", REMOTE_ADDR=f"198.51.100.{number}")
    assert log_in(client, name="\uff41da", REMOTE_ADDR="198.51.100.99").status_code == 429


def test_both_login_pages_look_alike(client: Client) -> None:
    pages = [client.get(page).content.decode() for page in ("/login/", "/admin/login/")]
    assert all('class="sheet-page"' in page and 'name="password"' in page for page in pages)


# LOGIN_REQUIRED


@pytest.mark.parametrize("address", ["/", "/gallery/", "/status/?id=x", "/privacy/", "/zip/?id=x", "/jobs"])
def test_with_login_required_a_stranger_is_sent_to_the_login(client: Client, settings: Any, address: str) -> None:
    settings.LOGIN_REQUIRED = True
    answer = client.get(address)
    assert answer.status_code == 404 if address == "/jobs" else answer["Location"].startswith("/login/")


def test_with_login_required_a_program_gets_a_401(client: Client, settings: Any) -> None:
    settings.LOGIN_REQUIRED = True
    answer = client.post("/generate/", {"prompt": "fox"}, **JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "login_required")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("named", "back"), [("/gallery/?q=fox", "/gallery/%3Fq%3Dfox"), ("//evil.example", "/"), ("", "/")]
)
def test_a_login_that_a_button_met_leads_to_a_page(client: Client, settings: Any, named: str, back: str) -> None:
    settings.LOGIN_REQUIRED = True
    answer = client.post(f"/delete/{make_job().pk}/", {"next": named})
    assert answer["Location"] == f"/login/?next={back}"


@pytest.mark.parametrize("address", ["/healthz", "/login/", "/admin/login/"])
def test_health_and_login_stay_open(client: Client, settings: Any, address: str) -> None:
    settings.LOGIN_REQUIRED = True
    assert client.get(address).status_code == 200


def test_members_come_in(client: Client, settings: Any, account: Any) -> None:
    settings.LOGIN_REQUIRED = True
    log_in(client)
    assert client.get("/").status_code == 200


def test_a_members_picture_is_kept_by_no_cache_that_others_use(client: Client, settings: Any, account: Any) -> None:
    settings.LOGIN_REQUIRED = True
    log_in(client)
    assert client.get(f"/images/{picture_job().pk}/file")["Cache-Control"].startswith("private")


# Everything of mine


def test_everything_of_mine_can_be_removed(owner: Client, settings: Any) -> None:
    theirs = picture_job(owner="visitor:b")
    picture_job()
    running_job()
    make_job()
    assert owner.post("/forget-me/", **JSON).json() == {"removed": 3}
    assert list(Job.objects.values_list("pk", flat=True)) == [theirs.pk]
    assert owner.get(f"/images/{theirs.pk}/").status_code == 200


def test_with_the_rows_the_files_and_the_cookie_go(owner: Client, settings: Any) -> None:
    picture_job()
    answer = owner.post("/forget-me/", **JSON)
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []
    assert answer.cookies["visitor"].value == "" and visitor_of(owner) != KEY


def test_the_admins_log_outlives_jobs_and_quotes_no_prompt(admin_client: Client) -> None:
    job = failed_job(prompt="my secret wish")
    admin_client.post("/admin/images/job/operate/", {"do": "retry", "id": str(job.pk)})
    assert LogEntry.objects.get().object_repr == str(job.pk)[-8:]


def test_a_get_removes_nothing(owner: Client) -> None:
    make_job()
    assert owner.get("/forget-me/").status_code == 405
    assert Job.objects.exists()


@pytest.mark.parametrize(("gallery", "sees"), [("shared", 200), ("private", 404)])
def test_the_privacy_page_says_who_sees_prompts(
    gallery: str, sees: int, owner: Client, stranger: Client, settings: Any
) -> None:
    settings.GALLERY = gallery
    assert stranger.get(f"/images/{picture_job().pk}/").status_code == sees
    page = owner.get("/privacy/").content.decode()
    assert ("Everybody who may look around here sees" in page) == (sees == 200)
    assert ("Only you and the people who run this site see" in page) == (sees == 404)


def forget(*arguments: str) -> str:
    out = StringIO()
    call_command("forget", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_command_says_how_much_there_is_and_removes_it_when_told_so() -> None:
    picture_job()
    make_job(owner=STRANGER)
    assert forget(OWNER) == f"{OWNER} has asked for 1 pictures. Add --yes to remove them for good."
    assert forget(OWNER, "--yes") == f"Removed for good: 1 of {OWNER}."
    assert Job.objects.get().owner == STRANGER


def test_the_command_knows_accounts_by_name(account: Any) -> None:
    make_job(owner=f"user:{account.pk}")
    assert forget("ada", "--yes") == f"Removed for good: 1 of user:{account.pk}."
    with pytest.raises(CommandError, match="no account with the name bob"):
        forget("bob")


# What is old goes by itself


def test_old_prompts_without_a_picture_go_with_the_old_pictures(settings: Any) -> None:
    settings.KEEP_DAYS = 30
    old, young = failed_job(), failed_job()
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    while janitor.purge():
        pass
    assert list(Job.objects.values_list("pk", flat=True)) == [young.pk]


def test_a_star_keeps_no_old_picture(settings: Any) -> None:
    settings.KEEP_DAYS = 30
    old = picture_job()
    GeneratedImage.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31), starred=True)
    assert janitor.purge() == 1
    assert not Job.objects.exists()


def test_for_ever_is_for_ever() -> None:
    job = failed_job()
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=9999))
    assert janitor.purge() == 0
    assert Job.objects.exists()


# The trash


@pytest.mark.parametrize("address", ["/status/{}/", "/status/?id={}", "/images/{}/", "/?from={}"])
def test_what_lies_in_the_trash_tells_strangers_nothing(address: str, owner: Client, stranger: Client) -> None:
    job = picture_job(prompt="my secret wish")
    owner.post(f"/delete/{job.pk}/")
    page = stranger.get(address.format(job.pk))
    assert "my secret wish" not in page.content.decode()
    assert page.status_code in {200, 404}
    assert "my secret wish" in owner.get(address.format(job.pk)).content.decode()

"""The server says no, a page was open too long, or the browser remembers nothing: what one sees; and that it heals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, wait_for_script
from tests.services import AppProcesses, Client
from tests.stub_huggingface import HuggingFaceStub

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PROMPT = "What should the picture show?"
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("switched off", "SecurityError"); } });"""
FULL_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site where one must log in."""
    app = AppProcesses(tmp_path_factory.mktemp("members"), LOGIN_REQUIRED="on", RATE_LIMIT="")
    url = app.embedded().wait_ready().url
    code = "from django.contrib.auth.models import User as U; U.objects.create_user('ann', password='a long word')"
    app.manage("shell", "--no-imports", "-c", code)
    yield url
    app.kill_all()


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site that takes one picture a minute."""
    app = AppProcesses(tmp_path_factory.mktemp("strict"), RATE_LIMIT="1/minute")
    yield app.embedded().wait_ready().url
    app.kill_all()


def log_in(page: Any) -> None:
    page.locator("[name=username]").fill("ann")
    page.locator("[name=password]").fill("a long word")
    page.keyboard.press("Enter")
    expect(page.locator("[name=password]")).to_have_count(0)


def test_too_many_pictures_are_refused_in_words_and_the_prompt_stays(strict: str, page: Any) -> None:
    page.goto(strict)
    expect(draw(page, "the first")).to_have_attribute("data-state", "succeeded")
    refused = draw(page, "one too many")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Wait \d+ seconds?, then send it again"))
    expect(refused).to_have_count(0)
    expect(page.get_by_label(PROMPT)).to_have_value("one too many")
    expect(page.get_by_role("button", name="Draw", exact=True)).to_have_attribute("aria-disabled", "false")


def test_what_the_server_finds_wrong_stands_beside_its_field(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.get_by_label(PROMPT).fill("a\u0001b")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#problem-prompt")).to_contain_text("characters that cannot be shown")
    expect(page.get_by_label(PROMPT)).to_be_focused()
    expect(page.locator("[data-card]")).to_have_count(0)


def test_missing_credit_is_explained_on_the_card_and_on_those_that_wait(
    app_processes: Callable[..., AppProcesses], page: Any
) -> None:
    with HuggingFaceStub() as stub:
        app = app_processes(HF_TOKEN="hf_test_token", HF_ROUTER_URL=stub.url, HF_HUB_URL=stub.url)
        page.goto(app.embedded().wait_ready().url)
        refused = draw(page, "nobody pays [scenario:no_credit]")
        expect(refused).to_have_attribute("data-state", "failed")
        expect(refused).to_contain_text("credit")
        expect(refused.get_by_role("button", name="Try again")).to_be_visible()
        expect(refused.get_by_role("link", name="Edit")).to_be_visible()
        expect(draw(page, "waits for money")).to_contain_text("Your picture waits and starts by itself.")


def test_a_lost_token_is_renewed_without_a_word(site: Site, page: Any) -> None:
    page.goto(site.url)
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.context.clear_cookies(name="csrftoken")
    card = draw(page, "after a long pause")
    expect(card).to_have_attribute("data-state", "succeeded")
    page.context.clear_cookies(name="csrftoken")
    card.hover()
    card.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()


def test_the_same_request_sent_twice_draws_one_picture(site: Site, page: Any) -> None:
    """The answer was lost on the way, so the person sends it again."""
    lost = iter([True])

    def lose_the_answer(route: Any) -> None:
        if next(lost, False):
            route.fetch()
            return route.abort()
        return route.continue_()

    page.route("**/generate/", lose_the_answer)
    page.goto(site.url)
    card = draw(page, "sent twice")
    expect(page.get_by_role("alert")).to_contain_text("nothing is drawn twice")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(card).to_have_attribute("data-state", "succeeded")
    page.reload()
    expect(page.locator("[data-card]", has_text="sent twice")).to_have_count(1)
    assert len([call for call in site.stub.calls if call.prompt == "sent twice"]) == 1


def test_who_comes_back_before_the_answer_came_gets_another_picture(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.evaluate("sessionStorage.setItem('sent', JSON.stringify('an-old-key'))")
    page.goto(f"{site.url}/gallery/")
    page.goto(site.url)
    expect(draw(page, "another one, please")).to_have_attribute("data-state", "succeeded")
    assert page.evaluate("sessionStorage.getItem('sent')") is None
    page.evaluate("sessionStorage.setItem('sent', JSON.stringify('an-old-key'))")
    page.reload()
    expect(page.locator("[name=idempotency_key]")).to_have_value("an-old-key")
    page.goto(f"{site.url}/gallery/")
    page.goto(site.url)
    expect(page.locator("[name=idempotency_key]")).not_to_have_value("an-old-key")


def test_who_was_logged_out_while_a_picture_is_drawn_comes_to_the_login_and_back(members: str, page: Any) -> None:
    page.goto(members)
    log_in(page)
    page.get_by_label(PROMPT).fill("half a thought")
    page.route("**/status/**", lambda route: route.abort())
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Connection lost, trying again.")).to_be_visible()
    page.context.clear_cookies(name="sessionid")
    page.unroute("**/status/**")
    log_in(page)
    expect(page.get_by_label(PROMPT)).to_have_value("half a thought")
    expect(page.locator("[data-card]", has_text="half a thought")).to_have_attribute("data-state", "succeeded")


def test_who_logs_out_leaves_no_words_in_the_browser(members: str, page: Any) -> None:
    page.goto(members)
    log_in(page)
    page.get_by_label(PROMPT).fill("something private")
    page.get_by_role("button", name="Log out ann").click()
    expect(page.locator("[name=password]")).to_be_visible()
    assert page.evaluate("[localStorage.getItem('draft'), localStorage.getItem('settings')]") == [None, None]


def test_a_search_after_the_logout_says_so_and_shows_no_login_among_the_pictures(members: str, page: Any) -> None:
    page.goto(f"{members}/gallery/")
    log_in(page)
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("Search all prompts").press_sequentially("fox")
    expect(page.get_by_text("Log in first.")).to_be_visible()
    expect(page.locator("[data-grid] form")).to_have_count(0)


@pytest.mark.parametrize("script", [NO_STORAGE, FULL_STORAGE], ids=["switched off", "full"])
def test_a_browser_that_remembers_nothing_can_do_everything_else(site: Site, page: Any, script: str) -> None:
    page.add_init_script(script)
    page.goto(site.url)
    page.get_by_text("More settings").click()
    page.get_by_label("Seed", exact=True).fill("4711")
    card = draw(page, "remembered nowhere")
    expect(card).to_have_attribute("data-state", "succeeded")
    card.locator(".frame-link").click()
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("s")
    page.get_by_text("More settings").click()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("4711")
    page.goto(f"{site.url}/gallery/")
    page.get_by_label("Search all prompts").fill("remembered")
    expect(page).to_have_url(re.compile("q=remembered"))


def test_settings_of_a_picture_that_is_gone_leave_the_draft_alone(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.get_by_label(PROMPT).fill("my draft")
    page.goto(f"{site.url}/?from=00000000-0000-0000-0000-000000000001")
    expect(page.get_by_label(PROMPT)).to_have_value("my draft")


def test_a_seed_alone_leaves_the_draft_and_the_other_settings(site: Site, page: Any) -> None:
    picture = Client(site.url).picture("has a seed", seed=4711, size="768x768")
    page.goto(site.url)
    page.get_by_label(PROMPT).fill("my own words")
    page.get_by_text("More settings").click()
    page.get_by_text("Landscape").click()
    page.goto(f"{site.url}/images/{picture['id']}/")
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("4711")
    expect(page.get_by_label(PROMPT)).to_have_value("my own words")
    expect(page.get_by_role("radio", name=re.compile("Landscape"))).to_be_checked()


def test_a_picture_that_did_not_load_is_asked_for_again(site: Site, page: Any) -> None:
    broken = iter([True] * 2)

    def break_some(route: Any) -> None:
        route.abort() if next(broken, False) else route.continue_()

    page.route("**/thumbnail*", break_some)
    page.goto(site.url)
    card = draw(page, "a hole in the line")
    expect(card).to_have_attribute("data-state", "succeeded")
    wait_for_script(page, "document.querySelector('[data-slot=image]').naturalWidth > 0")


def test_nothing_that_is_remembered_is_a_secret(site: Site, page: Any) -> None:
    page.goto(site.url)
    expect(draw(page, "remembered")).to_have_attribute("data-state", "succeeded")
    page.reload()
    kept = json.loads(page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})"))
    assert set(kept) <= {"draft", "settings", "more-open", "changes", "stay", "place:/", "sent", "notify", "theme"}
    assert "csrf" not in str(kept)

"""Watching while one looks elsewhere: the tab's title, a hidden tab, notifications, and very many jobs."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, visit_as, wait_for_script
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
NEEDS_WHOLE_BROWSER = True  # for notifications

LOOK_AWAY = """
  let away = false;
  Object.defineProperty(document, "hidden", { get: () => away });
  Object.defineProperty(document, "visibilityState", { get: () => (away ? "hidden" : "visible") });
  window.lookAway = (now) => { away = now; document.dispatchEvent(new Event("visibilitychange")); };
"""
LISTEN = """
  window.told = [];
  window.Notification = class extends Notification {
    constructor(title, options) { super(title, options); window.told.push(`${title}: ${options.body}`); }
  };
"""
POLLS = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/status/'))"
CANCEL = """id => fetch(`/cancel/${id}/`, {
  method: "POST", headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content }
})"""
POLL_MS = 300
TELL_ME = "Tell me when they are done"


@pytest.fixture
def home(site: Site, page: Any) -> Any:
    page.add_init_script(LOOK_AWAY + LISTEN)
    page.goto(site.url)
    return page


def look_away(page: Any, *, now: bool = True) -> None:
    page.evaluate("now => lookAway(now)", now)


# The title


def test_the_title_counts_the_pictures_that_are_not_done(site: Site, home: Any) -> None:
    site.stub.delay = 20.0
    first, second = draw(home, "one of two"), draw(home, "two of two")
    expect(home).to_have_title("(2) Draw a picture · Image generator")
    first.get_by_role("button", name="Cancel").click()
    expect(home).to_have_title("(1) Draw a picture · Image generator")
    home.reload()
    expect(home).to_have_title("(1) Draw a picture · Image generator")
    second.get_by_role("button", name="Cancel").click()
    expect(home).to_have_title("Draw a picture · Image generator")


# A hidden tab


def poll_every(page: Any, milliseconds: int) -> None:
    """The server's real answers, but for the pause."""

    def answer(route: Any) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name != "if-none-match"}
        real = route.fetch(headers=headers)  # a 304 would have no pause in it
        route.fulfill(response=real, json={**real.json(), "poll_after_ms": milliseconds})

    page.route("**/status/?*", answer)


def next_pauses(page: Any, count: int) -> list[float]:
    """The milliseconds between the next polls."""
    before = page.evaluate(f"{POLLS}.length")
    wait_for_script(page, f"{POLLS}.length > {before + count}")
    times = page.evaluate(f"{POLLS}.map((one) => one.startTime)")[before:]
    return [later - sooner for sooner, later in pairwise(times)]


def test_a_hidden_tab_asks_four_times_less_often(site: Site, home: Any) -> None:
    site.stub.delay = 30.0
    poll_every(home, POLL_MS)
    card = draw(home, "nobody looks")
    assert min(next_pauses(home, 4)) < 2 * POLL_MS
    look_away(home)
    next_pauses(home, 1)  # the one that was under way
    assert min(next_pauses(home, 3)) >= 4 * POLL_MS - 1
    look_away(home, now=False)
    assert min(next_pauses(home, 4)) < 2 * POLL_MS
    card.get_by_role("button", name="Cancel").click()


def test_a_tab_that_is_seen_again_catches_up_at_once(site: Site, home: Any) -> None:
    site.stub.delay = 1.0
    poll_every(home, 60_000)
    card = draw(home, "ready when I come back")
    expect(card).to_have_attribute("data-state", re.compile("queued|running"))
    look_away(home)
    Client(site.url).wait([{"id": card.get_attribute("data-id")}])
    expect(card).to_have_attribute("data-state", re.compile("queued|running"))
    look_away(home, now=False)
    expect(card).to_have_attribute("data-state", "succeeded")


# Notifications


def ask_to_be_told(page: Any, *, allowed: bool = True) -> Any:
    """Press the button; a browser without a window refuses by itself what was not allowed before."""
    if allowed:
        page.context.grant_permissions(["notifications"])
    button = page.get_by_role("button", name=TELL_ME)
    button.click()
    return button


def test_who_asked_for_it_is_told_of_a_picture_and_of_a_failure(site: Site, home: Any) -> None:
    site.stub.delay = 1.0
    draw(home, "a finished picture")
    expect(ask_to_be_told(home)).to_have_attribute("aria-pressed", "true")
    draw(home, "a refused one [scenario:content_policy]")
    look_away(home)
    wait_for_script(home, "told.length === 2")
    assert sorted(home.evaluate("told")) == [
        "A picture failed: a refused one [scenario:content_policy]",
        "Your picture is ready: a finished picture",
    ]


def test_the_wish_is_kept_and_can_be_taken_back(site: Site, home: Any) -> None:
    site.stub.delay = 30.0
    card = draw(home, "asked once")
    expect(ask_to_be_told(home)).to_have_attribute("aria-pressed", "true")
    assert home.evaluate("localStorage.getItem('notify')") == "true"
    expect(ask_to_be_told(home)).to_have_attribute("aria-pressed", "false")
    assert home.evaluate("localStorage.getItem('notify')") == "false"
    card.get_by_role("button", name="Cancel").click()
    expect(home.get_by_role("button", name=TELL_ME)).to_be_hidden()


@pytest.mark.parametrize("asked", [False, True], ids=["never asked", "looks at the page"])
def test_nobody_else_is_told(site: Site, home: Any, asked: bool) -> None:
    site.stub.delay = 1.0
    card = draw(home, "a quiet picture")
    home.context.grant_permissions(["notifications"])
    if asked:
        expect(ask_to_be_told(home)).to_have_attribute("aria-pressed", "true")
    else:
        look_away(home)
    expect(card).to_have_attribute("data-state", "succeeded")
    assert home.evaluate("told") == []


def test_a_picture_that_was_canceled_is_not_told(site: Site, home: Any) -> None:
    site.stub.delay = 30.0
    card = draw(home, "no longer wanted")
    expect(ask_to_be_told(home)).to_have_attribute("aria-pressed", "true")
    look_away(home)
    home.evaluate(CANCEL, card.get_attribute("data-id"))
    expect(card).to_contain_text("Canceled.")
    assert home.evaluate("told") == []


def test_a_refused_permission_is_explained_and_asked_for_no_more(site: Site, home: Any) -> None:
    site.stub.delay = 30.0
    card = draw(home, "told by nobody")
    button = ask_to_be_told(home, allowed=False)
    expect(home.get_by_text("The browser does not allow messages from this page.")).to_be_visible()
    expect(button).to_be_hidden()
    card.get_by_role("button", name="Cancel").click()


# Very many


def test_every_one_of_more_than_a_hundred_jobs_has_its_turn(site: Site, page: Any) -> None:
    """The page shows a hundred that wait or run and one is added, but one request asks for a hundred at most."""
    site.stub.delay = 60.0
    client = Client(site.url)
    jobs = [job for number in range(25) for job in client.submit(f"one of many {number}", count=4, size="512x512")]
    visit_as(page, client)
    page.goto(site.url)
    last = draw(page, "the last of them all")
    expect(page).to_have_title(re.compile(r"^\(101\)"))
    client.post(f"/cancel/{last.get_attribute('data-id')}/")
    expect(last).to_contain_text("Canceled.")
    client.post(f"/cancel/{jobs[-1]['id']}/")
    expect(page.locator(f'[data-id="{jobs[-1]["id"]}"]')).to_contain_text("Canceled.")

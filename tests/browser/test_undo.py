"""Undo of a whole list, beside a search, and choosing beside somebody else's pictures."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, painter_of, visit_as
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PICTURES = 52
IDS = "cards => cards.slice(0, 48).map((card) => card.dataset.id)"


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    return painter_of(site, PICTURES)


def cards(page: Any) -> Any:
    return page.locator("[data-card]")


def test_undo_brings_back_what_was_the_whole_list(site: Site, painter: Client, page: Any) -> None:
    """The next page comes meanwhile, in the place of the link to it."""
    next_page = "**/gallery/?*cursor=*"
    page.route(next_page, lambda route: None)  # held until the route is taken away
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/?mine=1")
    names = cards(page).evaluate_all(IDS)
    page.get_by_role("button", name="Select").click()
    page.keyboard.press("Control+a")
    page.locator("[data-bulk=delete]").click()
    expect(page.locator("[data-note]")).to_contain_text("48 pictures deleted.")
    page.unroute(next_page)
    expect(cards(page)).to_have_count(PICTURES - 48)
    page.get_by_role("button", name="Undo").click()
    expect(cards(page)).to_have_count(PICTURES)
    assert cards(page).evaluate_all(IDS) == names
    expect(cards(page).first.locator(".frame-link")).to_be_focused()


def test_undo_puts_nothing_into_a_search_that_came_meanwhile(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/?mine=1")
    expect(page.get_by_role("button", name="Select")).to_be_visible()  # the page's scripts run
    cards(page).first.hover()
    cards(page).first.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()
    page.get_by_role("searchbox").fill("zzzz")
    expect(cards(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-announce]")).to_contain_text("It is back.")
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()


def test_a_key_undoes_where_the_button_is_far_from_the_keyboard(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/?mine=1")
    name = cards(page).nth(2).get_attribute("data-id")
    expect(page.get_by_role("button", name="Select")).to_be_visible()
    cards(page).nth(2).get_by_role("button", name="Delete").press("Enter")
    expect(cards(page).nth(2)).not_to_have_attribute("data-id", str(name))
    expect(cards(page).nth(2).locator(".frame-link")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(cards(page).nth(2)).to_have_attribute("data-id", str(name))
    expect(cards(page).nth(2).locator(".frame-link")).to_be_focused()


def test_a_picture_of_somebody_else_ends_no_choosing(site: Site, painter: Client, page: Any) -> None:
    Client(site.url).picture("chosen by nobody", size="512x512")
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.get_by_role("button", name="Select").click()
    page.locator("[data-card][data-owned]").first.click()
    count = page.locator("[data-selection] [data-slot=count]")
    expect(count).to_have_text("1 chosen")
    cards(page).first.locator(".frame-link").click()
    expect(count).to_have_text("1 chosen")
    expect(page).to_have_url(re.compile("/gallery/$"))

"""All pictures: scroll, search, filter, choose many."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, visit_as
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PICTURES = 56


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    """The visitor who has drawn PICTURES pictures."""
    client = Client(site.url)
    jobs = [client.submit(f"picture number {number}", size="512x512", count=4) for number in range(PICTURES // 4)]
    client.wait([job for batch in jobs for job in batch])
    return client


@pytest.fixture
def gallery(site: Site, painter: Client, page: Any) -> Any:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    return page


def cards(page: Any) -> Any:
    return page.locator("[data-card]")


def test_scrolling_brings_all_pictures_and_back_returns_to_the_same_place(gallery: Any) -> None:
    gallery.keyboard.press("End")
    expect(cards(gallery)).to_have_count(PICTURES)
    last = cards(gallery).last
    last.scroll_into_view_if_needed()
    name = last.get_attribute("data-id")
    last.locator(".frame-link").click()
    expect(gallery).to_have_url(re.compile("/images/"))
    expect(gallery.get_by_role("button", name="Copy the prompt")).to_be_visible()  # the page's scripts run
    gallery.keyboard.press("Escape")
    expect(gallery).to_have_url(re.compile("/gallery/$"))
    expect(gallery.locator(f'[data-id="{name}"]')).to_be_in_viewport()


def test_without_javascript_there_are_real_pages(site: Site, painter: Client, window: Callable[..., Any]) -> None:
    page = window(java_script_enabled=False)
    page.goto(f"{site.url}/gallery/")
    expect(cards(page)).to_have_count(48)
    page.get_by_role("link", name="More pictures").click()
    expect(cards(page)).to_have_count(PICTURES - 48)


def test_search_looks_through_every_prompt_while_one_types(gallery: Any) -> None:
    search = gallery.get_by_label("Search all prompts")
    search.press_sequentially("number 0")
    expect(cards(gallery)).to_have_count(4)
    expect(gallery).to_have_url(re.compile(r"\?q=number\+0$"))
    search.fill("no such thing")
    expect(gallery.get_by_text("No picture fits.")).to_be_visible()
    gallery.reload()
    expect(gallery.get_by_text("No picture fits.")).to_be_visible()


def test_a_star_can_be_given_and_filtered(gallery: Any) -> None:
    card = cards(gallery).nth(2)
    card.hover()
    card.get_by_role("button", name="Star").click()
    expect(card).to_have_attribute("data-starred", "")
    gallery.get_by_role("link", name="Starred").click()
    expect(cards(gallery)).to_have_count(1)
    cards(gallery).hover()
    gallery.get_by_role("button", name="Star").click()
    expect(gallery.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "false")


def test_many_are_chosen_with_shift_and_deleted_with_undo(gallery: Any) -> None:
    expect(gallery.get_by_role("button", name="Select")).to_be_visible()
    kept = cards(gallery).nth(4).get_attribute("data-id")
    gallery.get_by_role("button", name="Select").click()
    cards(gallery).nth(0).click()
    cards(gallery).nth(3).click(modifiers=["Shift"])
    expect(gallery.get_by_text("4 chosen")).to_be_visible()
    gallery.get_by_role("region", name="Chosen pictures").get_by_role("button", name="Delete").click()
    expect(gallery.get_by_text("4 pictures deleted.")).to_be_visible()
    expect(cards(gallery).first).to_have_attribute("data-id", kept)
    assert gallery.evaluate("document.activeElement.closest('[data-card]')?.dataset.id") == kept
    gallery.get_by_role("button", name="Undo").click()
    expect(cards(gallery).nth(4)).to_have_attribute("data-id", kept)
    gallery.reload()
    expect(cards(gallery).nth(4)).to_have_attribute("data-id", kept)


def test_chosen_pictures_come_as_one_zip(gallery: Any) -> None:
    cards(gallery).first.locator(".frame-link").focus()
    gallery.keyboard.press("x")
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("x")
    expect(gallery.get_by_text("2 chosen")).to_be_visible()
    with gallery.expect_download() as download:
        gallery.get_by_role("region", name="Chosen pictures").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".zip")
    gallery.keyboard.press("Escape")
    expect(gallery.get_by_role("region", name="Chosen pictures")).to_be_hidden()


def test_a_stranger_has_no_buttons_that_change_pictures(site: Site, painter: Client, page: Any) -> None:
    page.goto(f"{site.url}/gallery/")
    expect(cards(page)).to_have_count(48)
    assert page.locator("[data-action=delete], [data-action=star], .pick").count() == 0

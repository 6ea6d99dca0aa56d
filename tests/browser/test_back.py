"""The way back to a list, when the browser kept the page as it was left and when it did not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import Site, draw, painter_of, visit_as, wait_for_script
from tests.services import Client, chromium_path, require

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
KEEPS_PAGES = ["--disable-back-forward-cache"]  # Playwright adds it, people's browsers do not


@pytest.fixture(scope="module", params=[True, False], ids=["kept", "loaded anew"])
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    path = require(chromium_path(), "no Chromium was found")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    left_out = KEEPS_PAGES if request.param else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags, ignore_default_args=left_out)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    return painter_of(site, 60)


def card(page: Any, name: str) -> Any:
    return page.locator(f'[data-card][data-id="{name}"]')


def open_picture(page: Any, number: int) -> str:
    """Open a card's picture; returns its id."""
    one = page.locator("[data-card]").nth(number)
    name = str(one.get_attribute("data-id"))
    one.locator(".frame-link").click()
    expect(page.locator(f'[data-view][data-id="{name}"]')).to_be_visible()
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    return name


@pytest.mark.parametrize("path", ["/gallery/", "/"])
def test_a_picture_deleted_in_its_view_is_gone_from_the_list_one_returns_to(
    site: Site, painter: Client, page: Any, path: str
) -> None:
    visit_as(page, painter)
    page.goto(site.url + path)
    name = open_picture(page, 3)
    page.keyboard.press("Delete")
    expect(page.get_by_text("Deleted.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(site.url + path)
    expect(page.locator("[data-card]").nth(4)).to_be_visible()
    expect(card(page, name)).to_have_count(0)


def test_back_returns_to_the_same_picture_although_new_ones_came(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.keyboard.press("End")
    wait_for_script(page, "document.querySelectorAll('[data-card]').length > 48")
    page.locator("[data-card]").nth(50).scroll_into_view_if_needed()
    name = open_picture(page, 50)
    painter.wait([job for number in range(3) for job in painter.submit(f"new {number}", size="512x512", count=4)])
    page.keyboard.press("Escape")
    expect(card(page, name)).to_be_in_viewport()


def test_the_keyboard_goes_on_from_the_picture_that_it_had_opened(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.keyboard.press("End")
    wait_for_script(page, "document.querySelectorAll('[data-card]').length > 48")
    link = page.locator("[data-card]").nth(50).locator(".frame-link")
    address = str(link.get_attribute("href"))
    link.press("Enter")
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(f'.frame-link[href="{address}"]')).to_be_focused()


def test_a_search_is_there_again_after_back(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.get_by_label("Search all prompts").press_sequentially("number 7")
    expect(page.locator("[data-card]")).to_have_count(4)
    open_picture(page, 1)
    page.keyboard.press("Escape")
    expect(page.get_by_label("Search all prompts")).to_have_value("number 7")
    expect(page.locator("[data-card]")).to_have_count(4)


def test_a_changed_gallery_is_shown_anew_at_the_same_picture(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.keyboard.press("End")
    wait_for_script(page, "document.querySelectorAll('[data-card]').length > 48")
    below = str(page.locator("[data-card]").nth(52).get_attribute("data-id"))
    page.locator("[data-card]").nth(50).scroll_into_view_if_needed()
    name = open_picture(page, 50)
    page.keyboard.press("Delete")
    expect(page.get_by_text("Deleted.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{site.url}/gallery/")
    expect(card(page, name)).to_have_count(0)
    expect(card(page, below)).to_be_in_viewport()


def test_watching_goes_on_after_the_way_back(site: Site, painter: Client, page: Any) -> None:
    visit_as(page, painter)
    site.stub.delay = 3.0
    page.goto(site.url)
    drawing = draw(page, "drawn while one looks around")
    expect(drawing).to_contain_text("Drawing")
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_label("Search all prompts")).to_be_visible()
    page.evaluate("setTimeout(() => history.back())")  # at once, the way back could come before this call's own answer
    expect(drawing).to_have_attribute("data-state", "succeeded")

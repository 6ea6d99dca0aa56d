"""A line that breaks, is slow, or comes back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def test_the_page_says_that_it_lost_the_connection_and_catches_up(site: Site, page: Any) -> None:
    site.stub.delay = 2.0
    page.goto(site.url)
    card = draw(page, "through a tunnel")
    expect(card).to_contain_text("Drawing")
    page.context.set_offline(True)
    expect(page.get_by_text("Connection lost, trying again.")).to_be_visible()
    page.context.set_offline(False)
    expect(card).to_have_attribute("data-state", "succeeded")
    expect(page.get_by_text("Connection lost, trying again.")).to_be_hidden()


def test_errors_of_the_server_do_not_stop_the_watching(site: Site, page: Any) -> None:
    answers = iter([502, 503, 500])

    def break_some(route: Any) -> None:
        status = next(answers, None)
        route.fulfill(status=status, body="") if status else route.continue_()

    page.route("**/status/**", break_some)
    page.goto(site.url)
    expect(draw(page, "through bad gateways")).to_have_attribute("data-state", "succeeded")


def test_nothing_is_lost_when_the_line_is_down_at_submit(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.context.set_offline(True)
    card = draw(page, "sent from a train")
    expect(page.get_by_text("The line is down. Your words are kept")).to_be_visible()
    expect(card).to_have_count(0)
    page.context.set_offline(False)
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(card).to_have_attribute("data-state", "succeeded")


def test_a_job_that_nobody_knows_any_more_is_gone(site: Site, page: Any) -> None:
    page.route("**/status/**", lambda route: route.fulfill(status=404, body="{}"))
    site.stub.delay = 5.0
    page.goto(site.url)
    page.get_by_label("What should the picture show?").fill("forgotten")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("[data-card]", has_text="This picture is gone.")).to_be_visible()

"""A line that breaks, is slow, or comes back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, visit_as
from tests.services import AppProcesses, Client, free_port, wait_until
from tests.stub_huggingface import HuggingFaceStub

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def being_drawn(site: Site, page: Any, prompt: str, seconds: float) -> Any:
    """The card of a picture that takes so long."""
    site.stub.delay = seconds
    page.goto(site.url)
    card = draw(page, prompt)
    expect(card).to_contain_text("Drawing")
    return card


def test_the_page_says_that_it_lost_the_connection_and_catches_up(site: Site, page: Any) -> None:
    card = being_drawn(site, page, "through a tunnel", 2.0)
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


def test_what_is_sent_again_after_a_reload_is_drawn_once(site: Site, page: Any) -> None:
    """The server had the request, but the page was loaded anew before the answer came."""
    arrived = list[Any]()
    site.stub.delay = 5.0
    page.route("**/generate/", lambda route: route.continue_() if arrived else arrived.append(route.fetch()))
    page.goto(site.url)
    draw(page, "sent and sent again")
    expect(page.get_by_role("button", name="Sending")).to_be_visible()
    wait_until(lambda: page.wait_for_timeout(50) or arrived, 10, "the server has it")
    page.reload()
    cards = page.locator("[data-card]", has_text="sent and sent again")
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("[data-announce]")).to_contain_text("Sent.")
    expect(cards).to_have_count(1)
    expect(cards).to_have_attribute("data-state", "succeeded")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(cards).to_have_count(2)
    cards.first.get_by_role("button", name="Cancel").click()


def test_a_job_that_nobody_knows_any_more_is_gone(site: Site, page: Any) -> None:
    page.route("**/status/**", lambda route: route.fulfill(status=404, body="{}"))
    site.stub.delay = 5.0
    page.goto(site.url)
    page.get_by_label("What should the picture show?").fill("forgotten")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("[data-card]", has_text="This picture is gone.")).to_be_visible()


def test_a_server_that_was_restarted_meanwhile_is_found_again(
    app_processes: Callable[..., AppProcesses], page: Any
) -> None:
    """What was drawn when it was killed is drawn again, without a hand on the page."""
    with HuggingFaceStub(delay=3.0) as stub:
        app = app_processes(HF_TOKEN="hf_test_token", HF_ROUTER_URL=stub.url, HF_HUB_URL=stub.url, PORT=free_port())
        first = app.embedded(PORT=app.settings["PORT"]).wait_ready()
        page.goto(first.url)
        card = draw(page, "through a restart")
        expect(card).to_contain_text("Drawing")
        first.kill9()
        expect(page.get_by_text("Connection lost, trying again.")).to_be_visible()
        stub.delay = 0.0
        app.embedded(PORT=app.settings["PORT"]).wait_ready()
        expect(page.get_by_text("Connection lost, trying again.")).to_be_hidden()
        expect(card).to_have_attribute("data-state", "succeeded", timeout=60_000)


def test_a_line_that_comes_and_goes_is_said_each_time(site: Site, page: Any) -> None:
    card = being_drawn(site, page, "from a train", 30.0)
    lost = page.get_by_text("Connection lost, trying again.")
    for _ in range(3):
        page.context.set_offline(True)
        expect(lost).to_be_visible()
        page.context.set_offline(False)
        expect(lost).to_be_hidden()
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Canceled.")


def test_the_pauses_between_the_tries_grow_and_a_press_tries_now(site: Site, page: Any) -> None:
    times = list[float]()
    card = being_drawn(site, page, "a long outage", 30.0)

    def refuse(route: Any) -> None:
        times.append(page.evaluate("performance.now()"))
        route.abort()

    page.route("**/status/**", refuse)
    expect(page.get_by_text("Connection lost, trying again.")).to_be_visible()
    page.wait_for_timeout(6000)
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 1.5 * pauses[0]
    page.unroute("**/status/**")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("Connection lost, trying again.")).to_be_hidden()
    card.get_by_role("button", name="Cancel").click()


def test_no_spinner_is_without_end_when_the_server_never_answers(site: Site, page: Any) -> None:
    held = list[Any]()
    card = being_drawn(site, page, "watched by nobody", 60.0)
    for address in ("**/status/**", "**/generate/"):
        page.route(address, lambda route: held.append(route))
    silent = draw(page, "said to nobody")
    expect(silent).to_contain_text("Sending")
    expect(page.get_by_role("alert")).to_contain_text("Your words are kept", timeout=30_000)
    expect(silent).to_have_count(0)
    expect(page.get_by_text("Connection lost, trying again.")).to_be_visible(timeout=30_000)
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Try now").click()
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Canceled.")


def test_the_picture_page_catches_up_when_the_line_breaks_at_the_end(site: Site, page: Any) -> None:
    client = Client(site.url)
    site.stub.delay = 2.0
    (job,) = client.submit("seen through a bad line")
    visit_as(page, client)
    page.goto(f"{site.url}/images/{job['id']}/")
    answers = iter([True] * 2)

    def break_some(route: Any) -> None:
        is_fresh = route.request.resource_type == "fetch"
        route.abort() if is_fresh and next(answers, False) else route.continue_()

    page.route(f"**/images/{job['id']}/", break_some)
    expect(page.locator("[data-card]")).to_have_attribute("data-state", "succeeded")
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()

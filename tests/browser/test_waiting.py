"""Waiting well: what a card says and shows before its picture is there, and that nothing jumps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, visit_as, wait_for_script
from tests.services import AppProcesses, Client, wait_until
from tests.stub_huggingface import HuggingFaceStub

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PROMPT = "What should the picture show?"
NOTE_JUMPS = """
  window.jumps = [];
  new PerformanceObserver((list) => window.jumps.push(...list.getEntries().map((one) => one.value)))
    .observe({ type: "layout-shift", buffered: true });
"""
AN_HOUR_FAST = "const real = Date.now; Date.now = () => real() + 3_600_000;"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that draws one picture at a time; it knows that each takes two seconds."""
    with HuggingFaceStub(delay=2.0) as stub:
        settings = {"HF_TOKEN": "hf_test_token", "HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url}
        app = AppProcesses(tmp_path_factory.mktemp("narrow"), WORKER_CONCURRENCY=1, RATE_LIMIT="", **settings)
        url = app.embedded().wait_ready().url
        Client(url).picture("the first one")
        yield Site(url, stub, app)
        app.kill_all()


def share(card: Any) -> int:
    return int(card.locator("[data-slot=line]").get_attribute("aria-valuenow") or 0)


def test_the_card_has_its_shape_before_the_server_has_answered(site: Site, page: Any) -> None:
    held = list[Any]()
    page.route("**/generate/", lambda route: held.append(route))
    page.goto(site.url)
    page.get_by_text("More settings").click()
    page.get_by_text("Landscape").click()
    card = draw(page, "a slow line to the server")
    expect(card).to_contain_text("Sending")
    box = card.locator(".frame").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(1216 / 832, rel=0.06)
    held[0].continue_()
    expect(card).to_have_attribute("data-state", "succeeded")
    assert card.locator(".frame").bounding_box() == box


def test_a_waiting_card_says_how_many_are_ahead_and_how_long(narrow: Site, page: Any) -> None:
    narrow.stub.delay = 2.0
    page.goto(narrow.url)
    page.get_by_text("More settings").click()
    page.get_by_text("4", exact=True).click()
    draw(page, "one of four")
    cards = page.locator("[data-card]", has_text="one of four")
    expect(cards.first).to_contain_text(re.compile(r"Waiting, 2 ahead of you, about \d+ seconds"))
    expect(page.get_by_text(re.compile("Waiting, you are next, about"))).to_have_count(1)
    expect(page).to_have_title(re.compile(r"^\(4\)"))
    for number in range(4):
        expect(cards.nth(number)).to_have_attribute("data-state", "succeeded")


def test_without_javascript_the_page_says_how_many_are_ahead_and_how_long(
    narrow: Site, window: Callable[..., Any]
) -> None:
    narrow.stub.delay = 2.0
    page, client = window(java_script_enabled=False), Client(narrow.url)
    jobs = client.submit("seen on paper", count=4)
    visit_as(page, client)
    wait_until(lambda: client.status(jobs[0]["id"])[0]["status"] == "running", 10, "the first one is drawn")
    page.goto(narrow.url)
    expect(page.get_by_text(re.compile(r"^Waiting, 2 ahead of you, about \d+ seconds$"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Drawing, (about [12] seconds? left|almost done)$"))).to_be_visible()
    client.wait(jobs)


def test_the_wait_is_not_counted_into_the_drawing_time(narrow: Site, page: Any) -> None:
    narrow.stub.delay = 2.0
    page.goto(narrow.url)
    draw(page, "first in the line")
    draw(page, "second in the line")
    last = draw(page, "third in the line")
    expect(last).to_have_attribute("data-state", "queued")
    assert share(last) == 0
    expect(last).to_contain_text("Drawing")
    assert share(last) < 60  # it waited twice as long as its drawing takes
    expect(last).to_have_attribute("data-state", "succeeded")


def test_a_clock_that_is_wrong_does_not_fill_the_line(narrow: Site, page: Any) -> None:
    narrow.stub.delay = 20.0
    page.add_init_script(AN_HOUR_FAST)
    page.goto(narrow.url)
    card = draw(page, "drawn for hours, as it seems")
    expect(card).to_contain_text("Drawing")
    page.reload()
    wait_for_script(page, "document.querySelector('[data-slot=line]')?.getAttribute('aria-valuenow') > 0")
    assert share(card) < 90
    card.get_by_role("button", name="Cancel").click()


def test_a_reload_counts_no_old_estimate_anew(site: Site, page: Any) -> None:
    """The browser may have kept the first answer, with all of the time still before it."""
    site.stub.delay = 6.0
    Client(site.url).picture("it takes six seconds")
    site.stub.delay = 30.0
    page.goto(site.url)
    card = draw(page, "half done when one looks again")
    expect(card).to_contain_text(re.compile("about [23] seconds left"))
    page.reload()
    expect(card).to_contain_text("Drawing")
    time.sleep(1)  # the first polls have come
    left = re.search(r"about (\d+) seconds? left", card.inner_text())
    assert left is None or int(left[1]) <= 3
    card.get_by_role("button", name="Cancel").click()


def test_nothing_jumps_from_the_submit_to_the_picture(site: Site, window: Callable[..., Any]) -> None:
    page = window(reduced_motion="no-preference")
    visit_as(page, client := Client(site.url))
    client.picture("there before", size="832x1216")
    site.stub.delay = 1.0
    page.goto(site.url)
    card = draw(page, "no jump")
    expect(card).to_contain_text("Drawing")
    page.evaluate(NOTE_JUMPS)
    wait_for_script(page, "window.jumps !== undefined")
    page.evaluate("window.jumps.length = 0")
    expect(card).to_have_attribute("data-state", "succeeded")
    blur = card.locator("[data-slot=blur]")
    assert str(blur.get_attribute("src")).startswith("data:image/")
    expect(card.locator("[data-slot=image]")).not_to_have_class(re.compile("coming"))
    expect(card.locator("[data-slot=image]")).to_have_css("opacity", "1")
    assert page.evaluate("window.jumps") == []


def test_the_keyboard_alone_draws_cancels_and_tries_again(site: Site, page: Any) -> None:
    site.stub.delay = 30.0
    page.goto(site.url)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "id_prompt":
            break
    page.keyboard.type("no mouse at hand")
    page.keyboard.press("Control+Enter")
    card = page.locator("[data-card]", has_text="no mouse at hand")
    expect(card).to_contain_text("Drawing")
    card.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Canceled.")
    expect(card.get_by_role("button", name="Try again")).to_be_focused()
    site.stub.delay = 0.0
    page.keyboard.press("Enter")
    expect(card).to_have_attribute("data-state", "succeeded")


def test_enter_draws_from_a_box_of_one_line_and_breaks_the_line_in_the_prompt(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.get_by_label(PROMPT).fill("two")
    page.get_by_label(PROMPT).press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("lines")
    expect(page.get_by_label(PROMPT)).to_have_value("two\nlines")
    expect(page.locator("[data-card]", has_text="lines")).to_have_count(0)
    page.get_by_text("More settings").click()
    page.get_by_label("Seed", exact=True).press("Enter")
    expect(page.locator("[data-card]", has_text="lines")).to_have_attribute("data-state", "succeeded")


@pytest.mark.parametrize("place", ["prompt", "seed", "button"])
def test_a_key_that_is_held_down_draws_one_picture(site: Site, page: Any, place: str) -> None:
    page.goto(site.url)
    page.get_by_label(PROMPT).fill(f"held down on the {place}")
    page.get_by_text("More settings").click()
    seed, button = page.get_by_label("Seed", exact=True), page.get_by_role("button", name="Draw", exact=True)
    {"prompt": page.get_by_label(PROMPT), "seed": seed, "button": button}[place].focus()
    page.keyboard.down("Control") if place == "prompt" else None
    for _ in range(20):
        page.keyboard.down("Enter")
        page.wait_for_timeout(30)
    expect(page.locator("[data-card]", has_text=f"held down on the {place}")).to_have_count(1)
    assert len([call for call in site.stub.calls if place in call.prompt]) == 1


def test_two_tabs_show_the_same_end(site: Site, page: Any) -> None:
    site.stub.delay = 30.0
    page.goto(site.url)
    card = draw(page, "seen in two tabs")
    expect(card).to_contain_text("Drawing")
    other = page.context.new_page()
    other.goto(site.url)
    twin = other.locator("[data-card]", has_text="seen in two tabs")
    twin.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Canceled.")


def test_what_another_tab_tried_again_is_drawn_here_too(site: Site, page: Any) -> None:
    site.stub.script(["content_policy"])
    page.goto(site.url)
    card = draw(page, "failed in two tabs")
    expect(card).to_have_attribute("data-state", "failed")
    other = page.context.new_page()
    other.goto(site.url)
    site.stub.delay = 30.0
    other.locator("[data-card]", has_text="failed in two tabs").get_by_role("button", name="Try again").click()
    expect(other.locator("[data-card]", has_text="failed in two tabs")).to_contain_text("Drawing")
    card.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("There is nothing to try again.")).to_be_visible()
    expect(card).to_contain_text("Drawing")
    card.get_by_role("button", name="Cancel").click()


@pytest.mark.parametrize(
    "text", ["x" * 2000, "👩‍👩‍👧‍👦" * 200, "قِطٌّ عَلَى سَرِيرٍ أَحْمَرَ"], ids=["long", "emoji", "right to left"]
)
def test_any_words_can_be_drawn_and_used_again(site: Site, page: Any, text: str) -> None:
    page.goto(site.url)
    page.get_by_label(PROMPT).fill(text)
    page.keyboard.press("Control+Enter")
    card = page.locator("[data-card]").first
    expect(card).to_have_attribute("data-state", "succeeded")
    card.locator(".frame-link").click()
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_label(PROMPT)).to_have_value(text)

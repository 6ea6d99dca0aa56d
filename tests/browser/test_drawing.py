"""Submit, wait, see: the states of a card, without a reload and with one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
NOTE_SHARES = """line => {
  const note = () => line.dataset.noted = `${line.dataset.noted ?? ""}${line.getAttribute("aria-valuenow")} `;
  new MutationObserver(note).observe(line, { attributeFilter: ["aria-valuenow"] });
}"""


def test_a_card_is_there_at_once_and_becomes_the_picture_in_the_same_place(site: Site, page: Any) -> None:
    site.stub.delay = 1.5
    page.goto(site.url)
    card = draw(page, "a fox in the snow")
    expect(card).to_be_visible()
    before = card.bounding_box()
    expect(card).to_contain_text("Drawing")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    picture = card.get_by_role("img", name="a fox in the snow")
    expect(picture).to_be_visible()
    assert card.bounding_box() == before
    expect(page).not_to_have_title(re.compile(r"^\("))
    expect(page.locator("[data-announce]")).to_contain_text("Picture ready: a fox in the snow")


def test_the_line_of_a_drawing_never_goes_back(site: Site, page: Any) -> None:
    Client(site.url).picture("a quick one, so that the next one takes longer than usual")
    site.stub.delay = 30.0
    page.goto(site.url)
    card = draw(page, "a slow one")
    expect(card).to_contain_text("Drawing")
    line = card.locator("[data-slot=line]")
    line.evaluate(NOTE_SHARES)
    expect(line).to_have_attribute("data-noted", re.compile(r"(\d+ ){8}"))
    shares = [int(share) for share in str(line.get_attribute("data-noted")).split()]
    assert shares == sorted(shares)
    card.get_by_role("button", name="Cancel").click()


def test_a_drawing_that_takes_longer_than_usual_says_so(site: Site, page: Any) -> None:
    Client(site.url).picture("a quick one before a slow one")
    site.stub.delay = 60.0
    page.clock.install()
    page.goto(site.url)
    card = draw(page, "a very slow one")
    expect(card).to_contain_text("Drawing, almost done")
    page.clock.fast_forward(20_000)
    expect(card).to_contain_text("Drawing, it takes longer than usual")
    page.wait_for_timeout(1500)  # more polls have come
    expect(card).to_contain_text("Drawing, it takes longer than usual")
    card.get_by_role("button", name="Cancel").click()


def test_a_reload_while_drawing_loses_nothing(site: Site, page: Any) -> None:
    site.stub.delay = 2.0
    page.goto(site.url)
    expect(draw(page, "a boat at dawn")).to_contain_text("Drawing")
    page.reload()
    card = page.locator("[data-card]", has_text="a boat at dawn")
    expect(card).to_contain_text("Drawing")
    expect(card).to_have_attribute("data-state", "succeeded")


def test_a_double_click_draws_one_picture(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.get_by_label("What should the picture show?").fill("one single whale")
    page.get_by_role("button", name="Draw", exact=True).dblclick()
    cards = page.locator("[data-card]", has_text="one single whale")
    expect(cards.first).to_have_attribute("data-state", "succeeded")
    page.reload()
    expect(cards).to_have_count(1)


def test_control_and_enter_draw_four_pictures_with_a_card_each(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.get_by_text("More settings").click()
    page.get_by_text("4", exact=True).click()
    page.get_by_text("Portrait").click()
    page.get_by_label("What should the picture show?").fill("four tall towers")
    page.keyboard.press("Control+Enter")
    cards = page.locator("[data-card]", has_text="four tall towers")
    expect(cards).to_have_count(4)
    for number in range(4):
        expect(cards.nth(number)).to_have_attribute("data-state", "succeeded")
    assert cards.first.get_attribute("data-rows") == "35"


def test_a_sleeping_model_says_why_and_counts_down(site: Site, page: Any) -> None:
    """A wait for it spends none of the tries, so the next one is still the first."""
    page.goto(site.url)
    card = draw(page, "a slow start [scenario:loading]")
    waking = re.compile(r"The model is waking up, trying again in (1\d|2\d) seconds \(1\sof\s5\)")
    expect(card).to_contain_text(waking)
    expect(card.locator("[data-slot=why]")).to_be_hidden()
    page.reload()
    expect(card).to_contain_text(waking)
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Canceled.")


def test_a_fault_is_tried_again_and_the_tries_are_counted(site: Site, page: Any) -> None:
    page.goto(site.url)
    card = draw(page, "a hiccup [scenario:request_timeout*1]")  # it asks for three seconds
    expect(card).to_contain_text(re.compile(r"Trying again in \d+ seconds? \(2\sof\s5\)"))
    expect(card).to_contain_text("The picture service took too long.")
    expect(card).to_have_attribute("data-state", "succeeded")


def test_a_failed_job_says_why_and_can_be_edited_and_tried_again(site: Site, page: Any) -> None:
    page.goto(site.url)
    card = draw(page, "not allowed [scenario:content_policy]")
    expect(card).to_contain_text("refused this prompt")
    edit, main_button = card.get_by_role("link", name="Edit"), re.compile("btn-primary")
    expect(edit).to_have_class(main_button)  # the same words would fail again
    edit.click()
    expect(page.get_by_label("What should the picture show?")).to_have_value("not allowed [scenario:content_policy]")
    expect(edit).to_have_class(main_button)
    expect(card.get_by_role("button", name="Try again")).not_to_have_class(main_button)
    site.stub.delay = 1.0
    card.get_by_role("button", name="Try again").click()
    expect(card).to_contain_text("Drawing")
    expect(card).to_have_attribute("data-state", "failed")
    card.get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card).to_have_count(1)


def test_a_failed_job_removed_on_its_own_page_comes_back_there(site: Site, page: Any) -> None:
    site.stub.script(["content_policy"])
    page.goto(site.url)
    card = draw(page, "removed by mistake")
    expect(card).to_have_attribute("data-state", "failed")
    own_page = f"{site.url}/images/{card.get_attribute('data-id')}/"
    page.goto(own_page)
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(own_page)
    page.keyboard.press("Delete")
    expect(page).to_have_url(f"{site.url}/gallery/")


def test_what_is_said_of_a_picture_ends_with_a_whole_character(site: Site, page: Any) -> None:
    page.goto(site.url)
    draw(page, "x" + "🦊" * 300)
    expect(page.locator("[data-announce]")).to_contain_text("Picture ready: x🦊")
    assert page.locator("[data-announce]").evaluate("part => part.textContent.isWellFormed()")
    assert page.locator("[data-card] .frame-image").first.evaluate("image => image.alt.isWellFormed()")


def test_a_failed_job_can_be_read_on_paper(site: Site, page: Any) -> None:
    page.goto(site.url)
    card = draw(page, "on paper [scenario:content_policy]")
    expect(card).to_contain_text("refused this prompt")
    page.emulate_media(media="print")
    assert card.locator(".frame").evaluate("frame => getComputedStyle(frame).backgroundColor") == "rgb(255, 255, 255)"
    expect(card.get_by_role("button", name="Try again")).to_be_hidden()


def test_a_drawing_can_be_canceled(site: Site, page: Any) -> None:
    site.stub.delay = 20.0
    page.goto(site.url)
    card = draw(page, "a long wait")
    expect(card).to_contain_text("Drawing")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Canceled.")
    expect(card.get_by_role("button", name="Try again")).to_have_class(re.compile("btn-primary"))


def test_a_double_click_on_cancel_does_not_try_again(site: Site, page: Any) -> None:
    """The button to try again comes into the same place between the two clicks."""
    site.stub.delay = 20.0
    page.goto(site.url)
    card = draw(page, "clicked away")
    expect(card).to_contain_text("Drawing")
    place = card.get_by_role("button", name="Cancel").bounding_box()
    at = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.click(*at)
    expect(card.get_by_role("button", name="Try again")).to_be_visible()
    page.mouse.move(*at)
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.wait_for_timeout(300)
    expect(card).to_contain_text("Canceled.")
    card.get_by_role("button", name="Try again").click()
    expect(card).to_contain_text("Drawing")
    card.get_by_role("button", name="Cancel").click()


def test_without_javascript_the_form_leads_to_the_picture(site: Site, window: Callable[..., Any]) -> None:
    page = window(java_script_enabled=False)
    site.stub.delay = 1.0
    page.goto(site.url)
    page.get_by_label("What should the picture show?").fill("a plain form")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page).to_have_url(re.compile("/images/"))
    expect(page.locator("[data-stage]").get_by_role("img", name="a plain form")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Moved to the trash.")).to_be_visible()


def test_the_job_page_becomes_the_picture_page_by_itself(site: Site, page: Any) -> None:
    site.stub.delay = 2.0
    page.goto(site.url)
    card = draw(page, "seen from its own page")
    expect(card).to_contain_text("Drawing")
    page.goto(f"{site.url}/images/{card.get_attribute('data-id')}/")
    expect(page.locator("[data-stage]")).to_contain_text("Drawing")
    expect(page.locator("[data-canvas] img")).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()


@pytest.mark.parametrize(("before", "after"), [("Cancel", "Zoom"), ("Copy the prompt", "Copy the prompt")])
def test_the_keyboard_keeps_its_place_when_the_picture_comes(site: Site, page: Any, before: str, after: str) -> None:
    site.stub.delay = 2.0
    page.goto(site.url)
    card = draw(page, f"drawn with the keyboard on {before}")
    expect(card).to_contain_text("Drawing")
    page.goto(f"{site.url}/images/{card.get_attribute('data-id')}/")
    page.get_by_role("button", name=before).focus()
    expect(page.locator("[data-canvas] img")).to_be_visible()
    expect(page.get_by_role("button", name=after)).to_be_focused()

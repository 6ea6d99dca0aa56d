"""The form: its rules, what it remembers, and its helpers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture
def prompt(site: Site, page: Any) -> Any:
    page.goto(site.url)
    return page.get_by_label("What should the picture show?")


def press_draw(page: Any) -> None:
    page.get_by_role("button", name="Draw", exact=True).click()


def test_an_empty_prompt_is_refused_beside_its_field(prompt: Any, page: Any) -> None:
    press_draw(page)
    expect(page.get_by_text("Type what the picture should show.")).to_be_visible()
    expect(prompt).to_be_focused()
    prompt.fill("something")
    expect(page.get_by_text("Type what the picture should show.")).to_be_hidden()


def test_the_counter_counts_as_the_server_does(prompt: Any, page: Any) -> None:
    prompt.fill("  🦊🦊  ")
    expect(page.locator("[data-counter]")).to_have_text("2 of 2,000")
    prompt.fill("x" * 2001)
    press_draw(page)
    expect(page.get_by_text("Use at most 2000 characters. This text has 2001.")).to_be_visible()


def test_a_wrong_number_opens_the_settings_and_is_explained(prompt: Any, page: Any) -> None:
    prompt.fill("a fox")
    page.get_by_text("More settings").click()
    page.get_by_label("Steps").fill("1000")
    page.get_by_text("More settings").click()
    press_draw(page)
    expect(page.get_by_text("Use a whole number from 1 to 100.")).to_be_visible()
    expect(page.get_by_label("Steps")).to_be_focused()


def test_draft_and_settings_survive_a_reload(prompt: Any, page: Any) -> None:
    prompt.fill("half a thought")
    page.get_by_text("More settings").click()
    page.get_by_text("Landscape").click()
    page.get_by_text("Anime").click()
    page.reload()
    expect(prompt).to_have_value("half a thought")
    expect(page.get_by_role("radio", name=re.compile("Landscape"))).to_be_checked()
    expect(page.locator("[data-slot=summary]")).to_have_text("Landscape Anime")
    page.get_by_role("button", name="Back to the usual settings").click()
    expect(page.get_by_role("radio", name=re.compile("^Square"))).to_be_checked()


def test_what_is_typed_before_the_scripts_came_is_kept_and_not_an_older_draft(site: Site, page: Any) -> None:
    page.goto(site.url)
    page.get_by_label("What should the picture show?").fill("an older draft")
    late = list[Any]()
    page.route("**/js/home*.js", lambda script: late.append(script))
    with page.expect_request("**/js/home*.js"):
        page.goto(site.url, wait_until="commit")
    page.get_by_label("What should the picture show?").fill("typed on a slow line")
    page.get_by_text("More settings").click()
    page.get_by_text("Landscape").click()
    late[0].continue_()
    expect(page.locator("[data-counter]")).to_have_text("20 of 2,000")
    expect(page.get_by_label("What should the picture show?")).to_have_value("typed on a slow line")
    expect(page.get_by_label("Landscape")).to_be_checked()


def test_the_lock_keeps_a_seed_and_the_dice_throws_another(prompt: Any, page: Any) -> None:
    page.get_by_text("More settings").click()
    seed, lock = page.get_by_label("Seed", exact=True), page.get_by_role("button", name="Keep this seed")
    expect(lock).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Another number").click()
    expect(seed).to_have_value(re.compile(r"^\d+$"))
    expect(lock).to_have_attribute("aria-pressed", "true")
    lock.click()
    expect(seed).to_have_value("")


def test_the_theme_button_goes_round_and_is_remembered(prompt: Any, page: Any) -> None:
    button = page.get_by_role("button", name="Theme: dark")
    button.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_a_link_can_bring_a_prompt_and_a_reload_keeps_what_was_typed_since(site: Site, page: Any) -> None:
    page.goto(f"{site.url}/?prompt=A+given+prompt")
    prompt = page.get_by_label("What should the picture show?")
    expect(prompt).to_have_value("A given prompt")
    prompt.fill("A changed prompt")
    page.reload()
    expect(prompt).to_have_value("A changed prompt")


def test_the_usual_settings_come_back_after_those_of_a_picture(site: Site, page: Any) -> None:
    picture = Client(site.url).picture("a portrait", size="832x1216", style="anime", seed=4711)
    page.goto(f"{site.url}/?from={picture['id']}")
    page.get_by_text("More settings").click()
    expect(page.get_by_role("radio", name=re.compile("Portrait"))).to_be_checked()
    page.get_by_role("button", name="Back to the usual settings").click()
    expect(page.get_by_role("radio", name=re.compile("^Square"))).to_be_checked()
    expect(page.get_by_role("radio", name="No style")).to_be_checked()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("")
    expect(page.get_by_label("What should not be in it?")).to_have_value(re.compile("blurry"))
    expect(page.get_by_label("What should the picture show?")).to_have_value("a portrait")


def test_the_other_settings_fit_the_model(prompt: Any, page: Any) -> None:
    page.get_by_text("More settings").click()
    page.get_by_label("Model").select_option(label="Z-Image Turbo (quick)")
    expect(page.get_by_label("Steps")).to_be_hidden()
    expect(page.get_by_text("This model does not use it.")).to_be_visible()
    page.get_by_label("Model").select_option(label="FLUX.1 dev (fine detail)")
    expect(page.get_by_label("Steps")).to_have_attribute("placeholder", "28")
    page.reload()
    expect(page.get_by_label("Model")).to_have_value("black-forest-labs/FLUX.1-dev")


def test_a_style_and_a_kept_seed_are_sent_with_the_prompt(site: Site, prompt: Any, page: Any) -> None:
    page.get_by_text("More settings").click()
    page.get_by_text("Watercolour").click()
    page.get_by_label("Seed", exact=True).fill("99")
    expect(draw(page, "a quiet harbour")).to_have_attribute("data-state", "succeeded")
    expect(draw(page, "a quiet harbour again")).to_have_attribute("data-state", "succeeded")
    assert [call.seed for call in site.stub.calls] == [99, 99]
    assert all("watercolour on paper" in call.prompt for call in site.stub.calls)


def test_a_setting_that_the_model_does_not_use_stops_nobody(site: Site, page: Any) -> None:
    picture = Client(site.url).picture("a portrait", steps=30)
    page.goto(f"{site.url}/?from={picture['id']}")
    page.get_by_text("More settings").click()
    page.get_by_label("How closely to follow the words").fill("99")
    page.get_by_label("Model").select_option(label="Z-Image Turbo (quick)")
    expect(page.get_by_label("Steps")).to_be_hidden()
    expect(draw(page, "a quick portrait")).to_have_attribute("data-state", "succeeded")


def test_a_refused_size_is_explained_until_it_is_mended(prompt: Any, page: Any) -> None:
    refusal = page.get_by_text("This model draws at most 1024 pixels a side.")
    prompt.fill("a wide valley")
    page.get_by_text("More settings").click()
    page.get_by_text("Wide", exact=True).click()
    page.get_by_label("Model").select_option(label="Stable Diffusion 3 medium")
    press_draw(page)
    expect(refusal).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile("Wide"))).to_be_focused()
    expect(page.get_by_role("group", name="Shape")).to_have_accessible_description(refusal.text_content() or "")
    page.get_by_text("Square", exact=True).click()
    expect(refusal).to_be_hidden()


def test_the_usual_settings_have_no_problem(prompt: Any, page: Any) -> None:
    prompt.fill("a fox")
    page.get_by_text("More settings").click()
    page.get_by_label("Seed", exact=True).fill("abc")
    press_draw(page)
    expect(page.get_by_text("Use a whole number from 0 to 4294967295.")).to_be_visible()
    page.get_by_role("button", name="Back to the usual settings").click()
    expect(page.get_by_text("Use a whole number from 0 to 4294967295.")).to_be_hidden()


def test_the_usual_settings_have_no_problem_where_a_model_hid_it(prompt: Any, page: Any) -> None:
    prompt.fill("a fox")
    page.get_by_text("More settings").click()
    page.get_by_label("Steps").fill("1000")
    press_draw(page)
    page.get_by_label("Model").select_option(label="Z-Image Turbo (quick)")
    page.get_by_role("button", name="Back to the usual settings").click()
    page.get_by_label("Model").select_option(label="FLUX.1 dev (fine detail)")
    expect(page.get_by_label("Steps")).to_be_visible()
    expect(page.get_by_text("Use a whole number from 1 to 100.")).to_be_hidden()


def test_who_deletes_everything_leaves_no_words_in_the_browser(site: Site, prompt: Any, page: Any) -> None:
    prompt.fill("something private")
    page.goto(f"{site.url}/privacy/")
    page.get_by_label("Yes, delete everything of mine").check()
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Everything of yours is gone.")).to_be_visible()
    page.goto(site.url)
    expect(prompt).to_have_value("")


def test_nor_does_a_second_tab_or_the_back_button_bring_the_words_again(site: Site, prompt: Any, page: Any) -> None:
    prompt.fill("something private")
    second = page.context.new_page()
    second.goto(site.url)
    page.goto(f"{site.url}/privacy/")
    page.get_by_label("Yes, delete everything of mine").check()
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Everything of yours is gone.")).to_be_visible()
    second.goto(f"{site.url}/gallery/")
    page.evaluate("history.go(-2)")
    expect(page.locator("[data-counter]")).to_have_text("0 of 2,000")
    expect(prompt).to_have_value("")
    assert "private" not in second.evaluate("JSON.stringify({...localStorage})")

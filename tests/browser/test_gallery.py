"""All pictures: scroll, search, filter, choose many."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, painter_of, visit_as
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PICTURES = 56


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    return painter_of(site, PICTURES)


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


def test_the_arrows_of_a_picture_go_on_behind_what_the_search_had_loaded(site: Site, gallery: Any) -> None:
    gallery.route(re.compile("cursor="), lambda route: route.abort())
    gallery.goto(f"{site.url}/gallery/?q=picture&mine=1")
    loaded = cards(gallery).evaluate_all("cards => cards.map((card) => card.dataset.id)")
    assert len(loaded) == 48
    cards(gallery).last.locator(".frame-link").click()
    for _ in range(2):
        here = gallery.locator("[data-view]").get_attribute("data-id")
        expect(gallery.get_by_role("button", name="Zoom")).to_be_visible()
        gallery.keyboard.press("ArrowRight")
        expect(gallery.locator("[data-view]")).not_to_have_attribute("data-id", str(here))
        assert gallery.locator("[data-view]").get_attribute("data-id") not in loaded
    gallery.reload()
    gallery.get_by_role("link", name="Newer picture").click()
    expect(gallery).to_have_url(re.compile(r"/images/.*\?q=picture&mine=1$"))
    expect(gallery.get_by_role("button", name="Zoom")).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(gallery).to_have_url(re.compile(r"/gallery/\?q=picture&mine=1$"))


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
    expect(gallery.locator("[data-nothing]")).to_have_text(
        re.compile(r"^\s*No picture fits\.\s*Show all pictures\s*$"), use_inner_text=True
    )
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
    expect(bar(gallery)).to_contain_text("4 chosen")
    gallery.get_by_role("region", name="Chosen pictures").get_by_role("button", name="Delete").click()
    expect(gallery.get_by_text("4 pictures deleted.")).to_be_visible()
    expect(cards(gallery).first).to_have_attribute("data-id", kept)
    assert gallery.evaluate("document.activeElement.closest('[data-card]')?.dataset.id") == kept
    gallery.get_by_role("button", name="Undo").click()
    expect(cards(gallery).nth(4)).to_have_attribute("data-id", kept)
    gallery.reload()
    expect(cards(gallery).nth(4)).to_have_attribute("data-id", kept)


def test_a_picture_with_the_focus_shows_its_words_and_actions(gallery: Any) -> None:
    gallery.locator(".frame-link").first.focus()
    gallery.keyboard.press("Tab")
    gallery.keyboard.press("Shift+Tab")
    gallery.get_by_role("link", name="Download").first.click(trial=True)  # nothing lies on it


def test_chosen_pictures_come_as_one_zip(gallery: Any) -> None:
    cards(gallery).first.locator(".frame-link").focus()
    gallery.keyboard.press("x")
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("x")
    expect(bar(gallery)).to_contain_text("2 chosen")
    with gallery.expect_download() as download:
        gallery.get_by_role("region", name="Chosen pictures").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "pictures.zip"
    archive = zipfile.ZipFile(download.value.path())
    listed = json.loads(archive.read("settings.json"))
    assert [one["file"] for one in listed] == archive.namelist()[:2]
    assert all(re.fullmatch(r"picture-number-\d+-\w{8}\.png", one["file"]) for one in listed)
    gallery.keyboard.press("Escape")
    expect(gallery.get_by_role("region", name="Chosen pictures")).to_be_hidden()


def test_a_stranger_has_no_buttons_that_change_pictures(site: Site, painter: Client, page: Any) -> None:
    page.goto(f"{site.url}/gallery/")
    expect(cards(page)).to_have_count(48)
    assert page.locator("[data-action=delete], [data-action=star], .pick").count() == 0


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE", '"number', "number%", "num_ber*", "\\", "🦊", "نص", "NUMBER (1)", "a" * 300]
)
def test_a_search_for_odd_characters_is_answered(gallery: Any, words: str) -> None:
    gallery.get_by_label("Search all prompts").fill(words)
    expect(gallery.locator("[data-announce]")).to_contain_text(re.compile("Pictures found|No picture fits"))
    expect(gallery.locator("[data-toasts]")).to_be_empty()


def test_the_last_of_quickly_typed_words_is_what_is_shown(gallery: Any) -> None:
    """The answer to the first words comes after the answer to the last ones."""
    gallery.route("**/gallery/?q=number+1", lambda route: (gallery.wait_for_timeout(1000), route.continue_()))
    search = gallery.get_by_label("Search all prompts")
    search.fill("number 1")
    gallery.wait_for_timeout(400)
    search.fill("number 3")
    expect(cards(gallery)).to_have_count(4)
    gallery.wait_for_timeout(1200)
    expect(cards(gallery).first).to_contain_text("picture number 3")
    expect(gallery).to_have_url(re.compile(r"q=number\+3$"))


def test_scrolling_does_not_break_off_a_search(gallery: Any) -> None:
    gallery.route("**/gallery/?q=number+0", lambda route: (gallery.wait_for_timeout(1000), route.continue_()))
    gallery.get_by_label("Search all prompts").fill("number 0")
    gallery.wait_for_timeout(300)
    gallery.keyboard.press("Tab")
    gallery.mouse.wheel(0, 5000)
    expect(cards(gallery)).to_have_count(4)


def test_pictures_that_did_not_come_are_asked_for_again(gallery: Any) -> None:
    answers = iter([503, 500, 503])

    def break_some(route: Any) -> None:
        status = next(answers, None)
        route.fulfill(status=status, body="") if status else route.continue_()

    gallery.route("**/gallery/?cursor=*", break_some)
    gallery.keyboard.press("End")
    expect(gallery.get_by_role("link", name="More pictures did not come. Try again.")).to_be_visible()
    expect(cards(gallery)).to_have_count(PICTURES)


def choose(page: Any, *numbers: int) -> None:
    expect(page.get_by_role("button", name="Select")).to_be_visible()
    page.get_by_role("button", name="Select").click()
    for number in numbers:
        cards(page).nth(number).click()
    expect(bar(page)).to_contain_text(f"{len(numbers)} chosen")


def bar(page: Any) -> Any:
    return page.get_by_role("region", name="Chosen pictures")


def test_many_are_chosen_with_the_keyboard_across_pages_and_starred(gallery: Any) -> None:
    expect(gallery.get_by_role("button", name="Select")).to_be_visible()
    gallery.keyboard.press("End")
    expect(cards(gallery)).to_have_count(PICTURES)
    cards(gallery).nth(46).locator(".frame-link").focus()
    gallery.keyboard.press("x")
    gallery.keyboard.press("Shift+ArrowDown")
    expect(bar(gallery)).to_contain_text("6 chosen")
    gallery.keyboard.press("Control+a")
    expect(bar(gallery)).to_contain_text(f"{PICTURES} chosen")
    bar(gallery).get_by_role("button", name="Star").click()
    expect(gallery.locator("[data-starred]")).to_have_count(PICTURES)
    expect(bar(gallery)).to_be_hidden()


def test_the_keyboard_goes_on_where_it_was_after_choosing(gallery: Any) -> None:
    choose(gallery, 0, 1)
    bar(gallery).get_by_role("button", name="Done").press("Enter")
    expect(gallery.get_by_role("button", name="Select")).to_be_focused()
    first = cards(gallery).nth(0).locator(".frame-link")
    first.focus()
    gallery.keyboard.press("x")
    gallery.keyboard.press("Delete")
    gallery.get_by_role("button", name="Undo").press("Enter")
    expect(first).to_be_focused()
    expect(gallery.get_by_text("It is back.")).to_be_attached()


def test_shift_and_an_arrow_choose_from_where_the_keyboard_is(gallery: Any) -> None:
    expect(gallery.get_by_role("button", name="Select")).to_be_visible()
    cards(gallery).nth(2).locator(".frame-link").focus()
    gallery.keyboard.press("Shift+ArrowRight")
    expect(bar(gallery)).to_contain_text("2 chosen")
    gallery.keyboard.press("Escape")
    cards(gallery).nth(6).locator(".frame-link").focus()
    gallery.keyboard.press("Shift+ArrowRight")
    expect(bar(gallery)).to_contain_text("2 chosen")


def test_a_sheet_names_the_keys_and_turns_the_letters_off(gallery: Any) -> None:
    search, sheet = gallery.get_by_label("Search all prompts"), gallery.get_by_role("dialog", name="Keys")
    gallery.get_by_role("button", name="Keys").click()
    for key in ("x", "/", "?", "Shift", "Ctrl", "Delete", "Esc"):
        expect(sheet.get_by_text(key, exact=True).first).to_be_visible()
    gallery.keyboard.press("/")
    expect(search).not_to_be_focused()
    gallery.keyboard.press("Escape")
    gallery.keyboard.press("/")
    expect(search).to_be_focused()
    gallery.keyboard.press("?")
    expect(search).to_have_value("?")
    search.fill("")
    search.blur()
    gallery.keyboard.press("?")
    sheet.get_by_label("Use single keys").uncheck()
    gallery.keyboard.press("Escape")
    cards(gallery).first.locator(".frame-link").focus()
    for key in ("x", "/", "?"):
        gallery.keyboard.press(key)
    expect(bar(gallery)).to_be_hidden()
    expect(search).not_to_be_focused()
    expect(sheet).to_be_hidden()


def test_what_was_deleted_alone_is_no_start_of_a_range_and_not_chosen(gallery: Any) -> None:
    choose(gallery, 2)
    name = cards(gallery).nth(2).get_attribute("data-id")
    gallery.evaluate("document.querySelectorAll('[data-card]')[2].querySelector('[data-action=delete]').click()")
    expect(gallery.locator(f'[data-id="{name}"]')).to_have_count(0)
    cards(gallery).nth(4).click(modifiers=["Shift"])
    expect(bar(gallery)).to_contain_text("1 chosen")
    gallery.get_by_role("button", name="Undo").click()
    expect(cards(gallery).nth(2)).to_have_attribute("data-id", str(name))


def test_a_search_leaves_nothing_chosen_that_is_not_seen(gallery: Any) -> None:
    choose(gallery, 0, 1)
    gallery.get_by_label("Search all prompts").fill("number 3")
    expect(cards(gallery)).to_have_count(4)
    expect(bar(gallery)).to_contain_text("0 chosen")


def test_a_refused_zip_is_told_beside_what_is_chosen(painter: Client, gallery: Any) -> None:
    choose(gallery, 0)
    name = cards(gallery).first.get_attribute("data-id")
    painter.post(f"/delete/{name}/")
    bar(gallery).get_by_role("button", name="Download").click()
    expect(gallery.get_by_text("These pictures are gone.")).to_be_visible()
    expect(bar(gallery)).to_contain_text("1 chosen")
    painter.post(f"/restore/{name}/")
    with gallery.expect_download():
        bar(gallery).get_by_role("button", name="Download").click()


def test_a_double_click_deletes_once_and_undo_brings_all_back(gallery: Any) -> None:
    asked = list[str]()
    gallery.on("request", lambda request: request.url.endswith("/bulk/") and asked.append(request.url))
    names = cards(gallery).evaluate_all("cards => cards.slice(0, 2).map((card) => card.dataset.id)")
    choose(gallery, 0, 1)
    bar(gallery).get_by_role("button", name="Delete").dblclick()
    gallery.get_by_role("button", name="Undo").click()
    for number, name in enumerate(names):
        expect(cards(gallery).nth(number)).to_have_attribute("data-id", name)
    assert len(asked) == 2  # deleted, and brought back


def test_a_list_that_was_emptied_says_so(painter: Client, gallery: Any) -> None:
    painter.picture("the only zebra", size="512x512")
    gallery.goto(f"{painter.url}/gallery/?q=zebra")
    expect(gallery.get_by_text("No picture fits.")).to_be_hidden()
    cards(gallery).hover()
    cards(gallery).get_by_role("button", name="Delete").click()
    expect(gallery.get_by_text("No picture fits.")).to_be_visible()
    gallery.get_by_role("button", name="Undo").click()
    expect(gallery.get_by_text("No picture fits.")).to_be_hidden()
    cards(gallery).hover()
    cards(gallery).get_by_role("button", name="Delete").click()
    expect(cards(gallery)).to_have_count(0)


def test_undo_waits_for_the_line(gallery: Any) -> None:
    name = cards(gallery).nth(1).get_attribute("data-id")
    choose(gallery, 1)
    bar(gallery).get_by_role("button", name="Delete").click()
    expect(gallery.get_by_text("1 picture deleted.")).to_be_visible()
    gallery.context.set_offline(True)
    gallery.get_by_role("button", name="Undo").click()
    expect(gallery.get_by_text("No connection. Check it and try again.")).to_be_visible()
    gallery.context.set_offline(False)
    expect(gallery.get_by_role("button", name="Undo")).to_be_focused()
    gallery.keyboard.press("Enter")
    expect(cards(gallery).nth(1)).to_have_attribute("data-id", str(name))


def test_undo_finds_the_place_although_the_next_page_came_meanwhile(gallery: Any) -> None:
    held = list[Any]()
    gallery.route("**/gallery/?cursor=*", lambda route: held.append(route))
    name = cards(gallery).nth(47).get_attribute("data-id")
    expect(gallery.get_by_role("button", name="Select")).to_be_visible()
    cards(gallery).nth(47).locator(".frame-link").focus()
    gallery.keyboard.press("x")
    bar(gallery).get_by_role("button", name="Delete").click()
    expect(gallery.get_by_text("1 picture deleted.")).to_be_visible()
    held[0].continue_()
    expect(cards(gallery)).to_have_count(PICTURES - 1)
    gallery.get_by_role("button", name="Undo").click()
    expect(cards(gallery).nth(47)).to_have_attribute("data-id", str(name))


def test_only_mine_are_shown_when_asked_for(site: Site, painter: Client, gallery: Any) -> None:
    other = Client(site.url)
    other.picture("by somebody else", size="512x512")
    gallery.reload()
    expect(cards(gallery).first).to_contain_text("by somebody else")
    gallery.get_by_role("link", name="Mine", exact=True).click()
    expect(cards(gallery).first).to_contain_text("picture number")
    gallery.get_by_label("Search all prompts").fill("somebody")
    expect(gallery.get_by_text("Show all pictures")).to_be_visible()
    gallery.get_by_text("Show all pictures").click()
    expect(cards(gallery).first).to_contain_text("by somebody else")

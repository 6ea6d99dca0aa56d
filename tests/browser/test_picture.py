"""One picture: its keys, its settings, and what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, visit_as
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    client = Client(site.url)
    for name in ("oldest", "middle", "newest"):
        client.picture(f"the {name} picture", size="768x512", seed=4711)
    return client


@pytest.fixture
def view(site: Site, painter: Client, page: Any) -> Any:
    """The picture in the middle, opened from the gallery."""
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.get_by_role("link", name="the middle picture", exact=True).click()
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    return page


def prompt(page: Any) -> Any:
    return page.locator("[data-prompt]")


def test_arrow_keys_turn_over_and_escape_returns_to_the_gallery(view: Any) -> None:
    view.keyboard.press("ArrowLeft")
    expect(prompt(view)).to_have_text("the newest picture")
    view.keyboard.press("ArrowRight")
    expect(prompt(view)).to_have_text("the middle picture")
    view.keyboard.press("ArrowRight")
    expect(prompt(view)).to_have_text("the oldest picture")
    view.keyboard.press("Escape")
    expect(view).to_have_url(re.compile("/gallery/$"))


@pytest.mark.parametrize("key", ["ArrowLeft", "a", "r", "s", "p"])
def test_without_a_connection_the_keys_stay_on_the_page_and_say_so(view: Any, key: str) -> None:
    view.context.set_offline(True)
    view.keyboard.press(key)
    expect(view.get_by_text("No connection. Check it and try again.")).to_be_visible()
    expect(prompt(view)).to_have_text("the middle picture")
    view.context.set_offline(False)
    view.keyboard.press("ArrowLeft")
    expect(prompt(view)).to_have_text("the newest picture")


def test_without_a_connection_escape_stays_where_no_list_came_before(site: Site, view: Any) -> None:
    alone = view.context.new_page()
    alone.goto(view.url)
    expect(prompt(alone)).to_have_text("the middle picture")
    view.context.set_offline(True)
    alone.keyboard.press("Escape")
    expect(alone.get_by_text("No connection. Check it and try again.")).to_be_visible()
    view.context.set_offline(False)
    alone.keyboard.press("Escape")
    expect(alone).to_have_url(re.compile("/gallery/"))


def test_a_server_on_the_same_machine_is_reached_without_a_network(view: Any) -> None:
    view.evaluate("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
    view.keyboard.press("ArrowLeft")
    expect(prompt(view)).to_have_text("the newest picture")


def test_delete_goes_on_to_the_neighbour_and_can_be_undone(view: Any) -> None:
    view.keyboard.press("Delete")
    expect(prompt(view)).to_have_text("the oldest picture")
    view.get_by_role("button", name="Undo").click()
    expect(prompt(view)).to_have_text("the middle picture")


def test_delete_held_down_deletes_one_picture(view: Any) -> None:
    for _ in range(20):
        view.keyboard.down("Delete")
        view.wait_for_timeout(50)
    view.keyboard.up("Delete")
    expect(prompt(view)).to_have_text("the oldest picture")
    view.get_by_role("button", name="Undo").click()
    expect(prompt(view)).to_have_text("the middle picture")


def test_star_zoom_and_help_have_keys(view: Any) -> None:
    star = view.get_by_role("button", name="Star")
    view.keyboard.press(".")
    expect(star).to_have_attribute("aria-pressed", "true")
    view.keyboard.press(".")
    expect(star).to_have_attribute("aria-pressed", "false")
    view.keyboard.press("z")
    expect(view.get_by_role("button", name="Zoom")).to_have_attribute("aria-pressed", "true")
    view.keyboard.press("Escape")
    expect(view.get_by_role("button", name="Zoom")).to_have_attribute("aria-pressed", "false")
    view.keyboard.press("?")
    view.get_by_role("dialog", name="Keys").get_by_label("Use single keys").uncheck()
    view.keyboard.press("Escape")
    view.keyboard.press(".")
    expect(star).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_zoom_goes_to_the_place_that_was_pressed(view: Any, direction: str) -> None:
    view.evaluate("direction => { document.documentElement.dir = direction; }", direction)
    canvas, stage = view.locator("[data-canvas]"), view.locator("[data-stage]").bounding_box()
    before = canvas.bounding_box()
    canvas.click(position={"x": before["width"] * 0.4, "y": before["height"] / 2})
    after = canvas.bounding_box()
    assert after["width"] >= 2 * before["width"] - 1
    assert abs(after["x"] + after["width"] * 0.4 - stage["x"] - stage["width"] / 2) < 3


def test_all_settings_can_be_used_again(view: Any) -> None:
    view.keyboard.press("a")
    expect(view.get_by_label("What should the picture show?")).to_have_value("the middle picture")
    view.get_by_text("More settings").click()
    expect(view.get_by_label("Seed", exact=True)).to_have_value("4711")


@pytest.mark.parametrize("by", ["key", "link"])
def test_a_remix_takes_a_new_seed(view: Any, by: str) -> None:
    view.keyboard.press("r") if by == "key" else view.get_by_role("link", name="Remix").click()
    expect(view.get_by_label("What should the picture show?")).to_have_value("the middle picture")
    view.get_by_text("More settings").click()
    expect(view.get_by_label("Seed", exact=True)).to_have_value("")


def test_the_seed_alone_can_be_kept(view: Any) -> None:
    view.keyboard.press("s")
    expect(view.get_by_text("The seed is set.")).to_be_visible()
    view.get_by_text("More settings").click()
    expect(view.get_by_label("Seed", exact=True)).to_have_value("4711")


def test_the_prompt_alone_can_be_used_again(view: Any) -> None:
    view.keyboard.press("p")
    expect(view.get_by_label("What should the picture show?")).to_have_value("the middle picture")
    view.get_by_text("More settings").click()
    expect(view.get_by_label("Seed", exact=True)).to_have_value("")


def test_the_link_is_copied_and_opens_the_picture_for_a_stranger(view: Any, window: Callable[..., Any]) -> None:
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.get_by_role("button", name="Copy the link").click()
    expect(view.get_by_text("Link copied.")).to_be_visible()
    other = window()
    other.goto(view.evaluate("navigator.clipboard.readText()"))
    expect(prompt(other)).to_have_text("the middle picture")
    expect(other.get_by_role("button", name="Delete")).to_have_count(0)


def test_the_arrows_stay_within_the_search_one_came_from(site: Site, painter: Client, page: Any) -> None:
    for name in ("first needle", "hay", "second needle", "more hay", "third needle"):
        painter.picture(name, size="512x512")
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/?q=needle")
    page.get_by_role("link", name="third needle", exact=True).click()
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(prompt(page)).to_have_text("second needle")
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("Delete")
    expect(prompt(page)).to_have_text("first needle")
    expect(page.get_by_role("link", name="Older picture")).to_have_count(0)
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(prompt(page)).to_have_text("third needle")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("q=needle"))
    expect(page.locator("[data-card]")).to_have_count(2)


def test_a_picture_that_was_deleted_in_another_tab_can_be_brought_back(site: Site, painter: Client, view: Any) -> None:
    name = view.locator("[data-view]").get_attribute("data-id")
    painter.post(f"/delete/{name}/")
    view.reload()
    expect(view.locator("[data-stage]")).to_contain_text("This picture is gone.")
    view.get_by_role("button", name="Bring it back").click()
    expect(view.locator("[data-stage]").get_by_role("img", name="the middle picture")).to_be_visible()


def test_every_setting_is_shown(view: Any) -> None:
    facts = view.locator(".facts")
    for fact in ("Size", "768 × 512", "Seed", "4711", "Steps", "How closely", "Model", "Drawn by", "When"):
        expect(facts).to_contain_text(fact)


def test_a_key_downloads_the_picture(view: Any) -> None:
    with view.expect_download() as download:
        view.keyboard.press("d")
    assert download.value.suggested_filename.endswith(".png")


@pytest.mark.parametrize("by", ["key", "button"])
def test_the_prompt_is_copied(view: Any, by: str) -> None:
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.keyboard.press("c") if by == "key" else view.get_by_role("button", name="Copy the prompt").click()
    expect(view.get_by_text("Prompt copied.")).to_be_visible()
    assert view.evaluate("navigator.clipboard.readText()") == "the middle picture"


@pytest.mark.parametrize(("name", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WebP", "webp")])
def test_a_picture_can_be_kept_in_each_format(view: Any, name: str, ending: str) -> None:
    view.locator("[data-menu] summary").click()
    with view.expect_download() as download:
        view.get_by_role("link", name=name, exact=True).click()
    assert re.fullmatch(rf"the-middle-picture-\w+\.{ending}", download.value.suggested_filename)
    expect(view.get_by_role("link", name=name, exact=True)).to_be_hidden()


def test_the_menu_of_downloads_closes_with_a_click_beside_it(view: Any) -> None:
    link = view.get_by_role("link", name="PNG")
    view.locator("[data-menu] summary").click()
    expect(link).to_be_visible()
    prompt(view).click()
    expect(link).to_be_hidden()


def test_a_picture_is_printed_with_its_facts_and_without_buttons(view: Any) -> None:
    view.emulate_media(media="print")
    expect(view.locator("[data-canvas] img")).to_be_visible()
    expect(view.locator(".facts")).to_be_visible()
    expect(view.locator("[data-prompt]")).to_have_css("color", "rgb(0, 0, 0)")
    for part in view.locator("button, nav a, .panel-again a, [data-leave], [data-next], summary.tool").all():
        expect(part).to_be_hidden()

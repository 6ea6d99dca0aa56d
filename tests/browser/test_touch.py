"""One picture on a touch screen: a finger turns over, and still scrolls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, visit_as, wait_for_script
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PHONE = {"viewport": {"width": 390, "height": 700}, "has_touch": True, "is_mobile": True}
MIDDLE = (195, 250)  # of the picture
STEPS = 8


class Finger:
    """A finger on the glass: the browser makes of it what it makes of a real one."""

    def __init__(self, page: Any) -> None:
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def swipe(self, across: int, down: int = 0) -> None:
        x, y = MIDDLE
        self.send("touchStart", (x - across / 2, y - down / 2))
        for step in range(1, STEPS + 1):
            part = step / STEPS - 0.5
            self.send("touchMove", (x + across * part, y + down * part))
        self.send("touchEnd")

    def pinch(self) -> None:
        """Two fingers go apart: the page is magnified."""
        x, y = MIDDLE
        self.send("touchStart", (x - 20, y), (x + 20, y))
        for step in range(1, STEPS + 1):
            self.send("touchMove", (x - 20 - 12 * step, y), (x + 20 + 12 * step, y))
        self.send("touchEnd")


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    client = Client(site.url)
    for name in ("oldest", "middle", "newest"):
        client.picture(f"the {name} picture", size="832x1216")
    return client


@pytest.fixture
def view(site: Site, painter: Client, window: Callable[..., Any]) -> Any:
    """The picture in the middle, on a phone."""
    page = window(**PHONE)
    visit_as(page, painter)
    page.goto(f"{site.url}/gallery/")
    page.goto(page.get_by_role("link", name="the middle picture", exact=True).evaluate("link => link.href"))
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    return page


def prompt(page: Any) -> Any:
    return page.locator("[data-prompt]")


def note_lifting(page: Any) -> None:
    page.evaluate(
        "for (const end of ['touchend', 'touchcancel']) addEventListener(end, () => { window.lifted = true; })"
    )


def test_a_swipe_turns_to_the_neighbour_on_that_side(view: Any) -> None:
    Finger(view).swipe(-200)
    expect(prompt(view)).to_have_text("the oldest picture")
    expect(view.get_by_role("button", name="Zoom")).to_be_visible()
    Finger(view).swipe(200)
    expect(prompt(view)).to_have_text("the middle picture")
    expect(view.get_by_role("button", name="Zoom")).to_be_visible()
    Finger(view).swipe(200)
    expect(prompt(view)).to_have_text("the newest picture")


def test_from_right_to_left_a_swipe_turns_the_other_way(view: Any) -> None:
    view.evaluate("document.documentElement.dir = 'rtl'")
    Finger(view).swipe(200)
    expect(prompt(view)).to_have_text("the oldest picture")


def test_a_finger_that_scrolls_does_not_turn_over(view: Any) -> None:
    Finger(view).swipe(30, -200)
    wait_for_script(view, "scrollY > 100")
    expect(prompt(view)).to_have_text("the middle picture")


@pytest.mark.parametrize(("across", "down"), [(-40, 0), (-100, -80)], ids=["short", "slanting"])
def test_a_small_movement_does_not_turn_over(view: Any, across: int, down: int) -> None:
    note_lifting(view)
    Finger(view).swipe(across, down)
    wait_for_script(view, "window.lifted")
    expect(prompt(view)).to_have_text("the middle picture")


def test_two_fingers_magnify_and_then_a_swipe_moves_the_picture(view: Any) -> None:
    Finger(view).pinch()
    wait_for_script(view, "visualViewport.scale > 1.5")
    note_lifting(view)
    Finger(view).swipe(-200)
    wait_for_script(view, "window.lifted")
    expect(prompt(view)).to_have_text("the middle picture")


@pytest.mark.parametrize("name", ["Close", "Zoom", "Newer picture", "Older picture"])
def test_the_buttons_of_a_tall_picture_lie_on_it(view: Any, name: str) -> None:
    picture = view.locator("[data-canvas]").bounding_box()
    button = view.get_by_title(name, exact=True).bounding_box()
    assert picture["width"] < PHONE["viewport"]["width"]
    assert picture["x"] <= button["x"]
    assert button["x"] + button["width"] <= picture["x"] + picture["width"]


def test_a_swipe_in_the_panel_does_not_turn_over(view: Any) -> None:
    view.locator("[data-panel]").evaluate("panel => scrollTo(0, panel.offsetTop)")
    note_lifting(view)
    Finger(view).swipe(-200)
    wait_for_script(view, "window.lifted")
    expect(prompt(view)).to_have_text("the middle picture")


def test_a_picture_that_was_drawn_while_one_looked_can_be_swiped_too(site: Site, view: Any) -> None:
    site.stub.delay = 2.0
    view.goto(site.url)
    card = draw(view, "seen while it was drawn")
    expect(card).to_contain_text("Drawing")
    view.goto(f"{site.url}/images/{card.get_attribute('data-id')}/")
    expect(view.locator("[data-canvas] img")).to_be_visible()
    Finger(view).swipe(-200)
    expect(prompt(view)).to_have_text("the newest picture")

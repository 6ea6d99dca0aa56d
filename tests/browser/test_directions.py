"""Languages that are written from right to left: the pages are the mirror image, and so are arrows and progress."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, visit_as
from tests.services import ROOT, Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

SIZES = ({"width": 360, "height": 740}, {"width": 1440, "height": 900})
PAGES = ("/", "/gallery/", "picture")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The sides of all that can be seen and is not as wide as the page, in the order of the page.
PLACES = """(() => {
  const width = document.documentElement.clientWidth;
  const parts = `a, button, input, textarea, select, summary, label, legend, h1, h2, dt, meter,
    .icon, .tile, .stage, .canvas, .panel`;
  return [...document.querySelectorAll(parts)].filter((part) => part.checkVisibility()).map((part) => {
    const { left, right } = part.getBoundingClientRect();
    return { name: part.outerHTML.slice(0, 120), before: left, after: width - right };
  }).filter(({ before, after }) => before + after < width - 2);
})()"""
# Controls and texts that lie on each other without one being inside the other, or that end at an edge.
FAULTS = """(() => {
  const parts = "a, button, input, textarea, select, summary, label, legend, h1, h2, dt, dd";
  const seen = [...document.querySelectorAll(parts)].filter((part) =>
    part.checkVisibility({ opacityProperty: true }) && part.offsetWidth > 2);
  const boxes = new Map(seen.map((part) => [part, part.getBoundingClientRect()]));
  const lieOnEachOther = (one, other) => {
    const [a, b] = [boxes.get(one), boxes.get(other)];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return across > 1 && down > 1 && !one.contains(other) && !other.contains(one);
  };
  const isCut = (part) => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== "visible";
  const isOutside = (part) => boxes.get(part).left < -1 || boxes.get(part).right > innerWidth + 1;
  const name = (part) => part.outerHTML.slice(0, 90);
  const liesOn = (part, others) => others.filter((other) => lieOnEachOther(part, other));
  return seen.flatMap((part, at) => [
    ...liesOn(part, seen.slice(at + 1)).map((other) => [name(part), "on", name(other)]),
    ...(isCut(part) ? [[name(part), "is cut"]] : []),
    ...(isOutside(part) ? [[name(part), "is outside"]] : []),
  ]);
})()"""
MIRRORED = "matrix(-1, 0, 0, 1, 0, 0)"


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    client = Client(site.url)
    for number, shape in enumerate(("1024x1024", "1216x832", "832x1216")):
        client.picture(f"a tower in the fog {number}", size=shape, style="drawing")
    client.wait(client.submit("a refused picture [scenario:content_policy]", size="1344x768"))
    return client


@pytest.fixture
def addresses(painter: Client) -> dict[str, str]:
    """Of the three pages; the picture has a neighbour on each side."""
    middle = painter.get("/gallery/").text.split('<a class="frame-link" href="')[2].split('"')[0]
    return {name: painter.url + (middle if name == "picture" else name) for name in PAGES}


@pytest.fixture
def open_page(painter: Client, addresses: dict[str, str], window: Callable[..., Any]) -> Callable[..., Any]:
    def open_it(name: str, *, turned: bool = True, **options: Any) -> Any:
        page = window(**options)
        visit_as(page, painter)
        if turned:
            page.route("**/*", turn_round)
        page.goto(addresses[name], wait_until="networkidle")
        for fold in page.locator("[data-more-settings]:not([open]) > summary").all():
            fold.click()
        return page

    return open_it


def turn_round(route: Any) -> None:
    """The page as base.html makes it for such a language."""
    if route.request.resource_type != "document":
        return route.continue_()
    names = json.loads((ROOT / "staticfiles" / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    answer = route.fetch()
    body = answer.text().replace('dir="ltr"', 'dir="rtl"', 1)
    styles = [names[f"bootstrap/css/bootstrap{kind}.min.css"] for kind in ("", ".rtl")]
    return route.fulfill(response=answer, body=body.replace(*styles))


each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
each_page = pytest.mark.parametrize("name", PAGES, ids=("home", "gallery", "picture"))


@each_page
@each_size
def test_the_page_from_right_to_left_is_the_mirror_image(
    open_page: Callable[..., Any], name: str, size: dict[str, int]
) -> None:
    usual = open_page(name, turned=False, viewport=size).evaluate(PLACES)
    turned = open_page(name, viewport=size).evaluate(PLACES)
    assert len(usual) == len(turned) > 10
    pairs = zip(usual, turned, strict=True)
    assert [(one, other) for one, other in pairs if abs(one["before"] - other["after"]) > 2] == []


@each_page
@each_size
def test_nothing_lies_on_something_else_or_is_cut(
    open_page: Callable[..., Any], name: str, size: dict[str, int]
) -> None:
    page = open_page(name, viewport=size)
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(FAULTS) == []


def test_arrows_point_and_lead_to_the_side_where_the_neighbour_is(open_page: Callable[..., Any]) -> None:
    page = open_page("picture")
    icon = page.locator(".turn-on .icon")
    assert icon.evaluate("icon => getComputedStyle(icon).transform") == MIRRORED
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-prompt]")).to_have_text("a tower in the fog 0")
    expect(page.get_by_role("button", name="Zoom")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-prompt]")).to_have_text("a tower in the fog 1")


def test_progress_grows_from_the_right(site: Site, open_page: Callable[..., Any]) -> None:
    site.stub.delay = 30.0
    page = open_page("/")
    card = draw(page, "from the right")
    expect(card).to_contain_text("Drawing")
    start = card.locator(".frame-line > span").evaluate(  # in one go: the next poll sets its own share
        "bar => { bar.style.transition = 'none'; bar.closest('[role]').style.setProperty('--share', 0.25);"
        " return bar.getBoundingClientRect().x; }"
    )
    frame = card.locator(".frame").bounding_box()
    assert start > frame["x"] + frame["width"] / 2
    card.get_by_role("button", name="Cancel").click()

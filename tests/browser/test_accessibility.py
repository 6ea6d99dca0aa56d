"""axe-core finds nothing on any page and state, in both themes, and nothing runs off a narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, draw, visit_as
from tests.services import Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def visitor(site: Site) -> Client:
    """A visitor with a picture and a failed job."""
    client = Client(site.url)
    client.wait(client.submit("a bridge in fog") + client.submit("no [scenario:content_policy]"))
    return client


@pytest.fixture(scope="module")
def operator(site: Site) -> dict[str, str]:
    """What to write into the login form."""
    names = {"username": "operator", "email": "operator@example.com", "password": "correct horse battery"}
    given = {f"DJANGO_SUPERUSER_{key.upper()}": value for key, value in names.items()}
    site.app.manage("createsuperuser", "--noinput", **given)
    return names


@pytest.fixture(params=["dark", "light"])
def page(request: pytest.FixtureRequest, site: Site, visitor: Client, window: Callable[..., Any]) -> Any:
    page = window(viewport={"width": 320, "height": 700}, bypass_csp=True)
    page.add_init_script(f"localStorage.setItem('theme', '{request.param}')")
    visit_as(page, visitor)
    return page


def problems(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    too_wide = ["the page is wider than its window"] if wide > window else []
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] + too_wide


@pytest.mark.parametrize("path", ["/", "/gallery/", "/gallery/?q=nothing", "/login/", "/privacy/", "/no-such-page/"])
def test_pages_are_accessible(site: Site, page: Any, axe: str, path: str) -> None:
    page.goto(site.url + path)
    assert problems(page, axe) == []


def test_a_running_job_is_accessible(site: Site, page: Any, axe: str) -> None:
    site.stub.delay = 30.0
    page.goto(site.url)
    card = draw(page, "slowly")
    expect(card).to_contain_text("Drawing")
    assert problems(page, axe) == []
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Canceled.")
    assert problems(page, axe) == []


def test_the_open_settings_with_problems_are_accessible(site: Site, page: Any, axe: str) -> None:
    page.goto(site.url)
    page.get_by_text("More settings").click()
    page.get_by_label("Steps").fill("many")
    page.get_by_role("button", name="Draw", exact=True).click()
    assert problems(page, axe) == []


def test_the_picture_view_and_its_sheets_are_accessible(site: Site, page: Any, axe: str) -> None:
    page.goto(f"{site.url}/gallery/?q=bridge")
    page.get_by_role("link", name="a bridge in fog", exact=True).click()
    expect(page.locator("[data-canvas] img")).to_be_visible()
    assert problems(page, axe) == []
    page.locator("[data-menu] summary").click()
    assert problems(page, axe) == []
    page.get_by_role("button", name="Keys").click()
    assert problems(page, axe) == []


def test_choosing_many_is_accessible(site: Site, page: Any, axe: str) -> None:
    page.goto(f"{site.url}/gallery/?q=bridge")
    page.get_by_role("button", name="Select").click()
    page.locator("[data-card]").first.click()
    expect(page.locator(".selection-count")).to_have_text("1 chosen")
    assert problems(page, axe) == []
    page.get_by_role("button", name="Keys").click()
    assert problems(page, axe) == []


def test_forced_colours_keep_the_edges_and_what_is_chosen(site: Site, page: Any) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{site.url}/gallery/?q=bridge")
    page.get_by_role("button", name="Select").click()
    for part in (".frame", ".bar-link[aria-current]", ".chip[aria-current]", "[data-select-mode]"):
        assert page.locator(part).first.evaluate("part => getComputedStyle(part).outlineStyle") == "solid", part


def test_the_operators_pages_are_accessible(site: Site, page: Any, axe: str, operator: dict[str, str]) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site.url}/admin/")
    page.get_by_label("Name").fill(operator["username"])
    page.get_by_label("Password").fill(operator["password"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Control")).to_be_visible()
    assert problems(page, axe) == []
    for path in ("control/", "images/generatedimage/", "images/job/"):
        page.goto(f"{site.url}/admin/{path}")
        assert problems(page, axe) == [], path
    page.locator("#result_list th a").first.click()
    expect(page.get_by_text("What happened")).to_be_visible()
    assert problems(page, axe) == []

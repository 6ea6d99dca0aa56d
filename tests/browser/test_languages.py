"""German, whose words are long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import expect

from tests.browser.conftest import Site, visit_as
from tests.services import ROOT, Client
from workers.providers.errors import KINDS

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})
SHAPES = ("1024x1024", "1344x768", "768x1344", "1536x512")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT_OFF = """sentences => [...document.querySelectorAll('[data-card][data-state="failed"]')].flatMap((card) =>
  sentences.filter((sentence) => {
    card.querySelector('[data-slot="ended"]').textContent = sentence;
    const frame = card.querySelector('.frame-state');
    return frame.scrollHeight > frame.clientHeight || frame.scrollWidth > frame.clientWidth;
  }).map((sentence) => `${card.dataset.width} x ${card.dataset.height}: ${sentence}`))"""

# Cards that wait until somebody lets drawing go on, and the sentences that they cut or hide.
HELD_UP = """([shapes, words, sentences]) => shapes.flatMap(([width, height]) => {
  const template = document.getElementById('card-template').content.cloneNode(true);
  const card = template.querySelector('[data-card]');
  card.querySelectorAll('[data-for]:not([data-for="live"])').forEach((part) => part.remove());
  card.dataset.state = 'queued';
  card.dataset.rows = Math.round(24 * height / width);
  card.classList.add('is-retrying', 'is-paused');
  document.querySelector('[data-grid]').prepend(card);
  const [state, why] = ['.frame-state', '.frame-why'].map((part) => card.querySelector(part));
  card.querySelector('[data-slot="words"]').textContent = words;
  why.hidden = false;
  return sentences.filter((sentence) => {
    why.textContent = sentence;
    return !why.clientHeight || [state, why].some((part) => part.scrollHeight > part.clientHeight + 1);
  }).map((sentence) => `${width} x ${height}: ${sentence}`);
})"""


@pytest.fixture(scope="module")
def painter(site: Site) -> Client:
    client = Client(site.url)
    client.picture("a tower in the fog", size="832x1216", style="drawing")
    for shape in SHAPES:
        client.wait(client.submit("a refused picture [scenario:content_policy]", size=shape))
    return client


@pytest.fixture
def paths(painter: Client) -> list[str]:
    """The three pages, the last one of a picture."""
    found = painter.get("/gallery/").text
    picture = found.split('<a class="frame-link" href="')[1].split('"')[0]
    return ["/", "/gallery/", picture]


def german(open_window: Callable[..., Any], painter: Client, **options: Any) -> Any:
    page = open_window(locale="de-DE", **options)
    visit_as(page, painter)
    return page


def kept_in_german() -> list[str]:
    with (ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalog = read_po(file)
    return [str(catalog[sentence].string) for _kind, sentence in KINDS.values()]


def test_a_picture_is_drawn_in_german(site: Site, painter: Client, window: Callable[..., Any]) -> None:
    page = german(window, painter)
    page.goto(site.url)
    expect(page).to_have_title("Ein Bild zeichnen · Bildgenerator")
    expect(page.get_by_label("Wie genau nach den Worten")).to_have_attribute("placeholder", "7,5")
    site.stub.delay = 1.0
    page.get_by_label("Was soll auf dem Bild sein?").fill("ein Fuchs im Schnee")
    page.get_by_role("button", name="Zeichnen", exact=True).click()
    card = page.locator("[data-card]", has_text="ein Fuchs im Schnee").first
    expect(card).to_contain_text("Wird gezeichnet")
    expect(page.locator("[data-announce]")).to_contain_text("Bild fertig: ein Fuchs im Schnee")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_every_german_sentence_fits_its_card(
    site: Site, painter: Client, window: Callable[..., Any], size: dict[str, int]
) -> None:
    page = german(window, painter, viewport=size)
    page.goto(site.url)
    expect(page.locator('[data-card][data-state="failed"]')).to_have_count(len(SHAPES))
    assert page.evaluate(CUT_OFF, kept_in_german()) == []


@pytest.mark.parametrize("width", [320, 360, 600, 720, 1000, 1280, 1800])
def test_a_card_that_is_held_up_says_who_can_mend_it(
    site: Site, painter: Client, window: Callable[..., Any], width: int
) -> None:
    page = german(window, painter, viewport={"width": width, "height": 740})
    page.goto(site.url)
    shapes = [shape.split("x") for shape in SHAPES]
    sentences = [f"{reason} Dein Bild beginnt von selbst." for reason in kept_in_german()]
    assert page.evaluate(HELD_UP, [shapes, "Wartet", sentences]) == []


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_german_pages_are_not_too_wide(
    site: Site, painter: Client, paths: list[str], window: Callable[..., Any], size: dict[str, int]
) -> None:
    page = german(window, painter, viewport=size)
    for path in paths:
        page.goto(site.url + path)
        open_settings(page)
        assert page.evaluate(TOO_WIDE) <= 0, path


def test_the_names_of_the_keys_stand_beside_what_they_do(
    site: Site, painter: Client, window: Callable[..., Any]
) -> None:
    page = german(window, painter, viewport=SIZES[0])
    page.goto(f"{site.url}/gallery/")
    page.get_by_role("button", name="Tasten").click()
    for row in page.locator(".keys > div").all():
        key, does = row.locator("kbd").last.bounding_box(), row.locator("dd").bounding_box()
        assert key["x"] + key["width"] + 8 <= does["x"], row.inner_text()
    assert page.locator(".keys").evaluate("keys => keys.scrollWidth <= keys.clientWidth")


def test_letters_twice_as_large_stay_within_a_phone(
    site: Site, painter: Client, paths: list[str], window: Callable[..., Any]
) -> None:
    page = german(window, painter, viewport=SIZES[0])
    for path in [*paths, "/privacy/", "/login/"]:
        page.goto(site.url + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        open_settings(page)
        assert page.evaluate(TOO_WIDE) <= 0, path
        skip = page.locator(".skip").bounding_box()
        assert skip["y"] + skip["height"] <= 0, path


@pytest.mark.parametrize("width", [320, 640, 700])
def test_what_can_be_done_with_chosen_pictures_stands_in_one_line(
    site: Site, painter: Client, window: Callable[..., Any], width: int
) -> None:
    page = german(window, painter, viewport={"width": width, "height": 640})
    page.goto(f"{site.url}/gallery/?q=tower")
    page.get_by_role("button", name="Auswählen", exact=True).click()
    page.locator("[data-card]").first.click()
    bar = page.get_by_role("region", name="Ausgewählte Bilder")
    expect(bar).to_contain_text("1 ausgewählt")
    assert len({button.bounding_box()["y"] for button in bar.get_by_role("button").all()}) == 1
    assert page.evaluate(TOO_WIDE) <= 0


def test_the_words_of_another_try_are_not_cut_on_a_small_card(
    site: Site, painter: Client, window: Callable[..., Any]
) -> None:
    (job,) = painter.submit("a sleeping model [scenario:loading]", size="1344x768")
    page = german(window, painter, viewport={"width": 320, "height": 640})
    page.goto(site.url)
    card = page.locator(f"[data-id='{job['id']}']")
    expect(card.locator(".frame-words").first).to_contain_text("Das Modell wacht auf")
    assert card.locator(".frame").evaluate("frame => frame.scrollHeight <= frame.clientHeight + 1")


def open_settings(page: Any) -> None:
    for fold in page.locator("[data-more-settings]:not([open]) > summary").all():
        fold.click()

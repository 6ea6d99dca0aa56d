"""What a real browser asks for, and from whom; and that no prompt breaks a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services import AppProcesses, Client

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OUR_OWN = ("data:", "blob:", "about:")
VIEWPORTS = [{"width": 360, "height": 740}, {"width": 1280, "height": 800}]
PROMPTS = [
    "a red fox",
    "x" * 1990,
    "قِطٌّ عَلَى سَرِيرٍ " * 60,
    "\u202eegnahc\u202c fox \u2066 right to left",
    "".join(letter + "\u0301\u0323\u0302\u0330\u0303\u0324\u0304\u0325" for letter in "zalgo" * 30),
    "👩‍👩‍👧‍👦" * 250,
    "\u200b".join("zero width" * 99),
    '<b>bold</b> & "quotes" </script> {{ 7*7 }}',
    "line\n" * 300,
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = AppProcesses(tmp_path_factory.mktemp("privacy"), RATE_LIMIT="")
    web = app.embedded().wait_ready()
    code = "from django.contrib.auth.models import User as U; U.objects.create_superuser('op', password='a long word')"
    app.manage("shell", "--no-imports", "-c", code)
    client = Client(web.url)
    client.wait([job for prompt in PROMPTS for job in client.submit(prompt, size="512x512")])
    yield web.url
    app.kill_all()


class Watched:
    """A page, every address that it asked for, and what its console complained about."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page = self.context.new_page()
        self.page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))

    def foreign(self, ours: str) -> set[str]:
        host = urlsplit(ours).netloc
        return {url for url in self.asked if not url.startswith(OUR_OWN) and urlsplit(url).netloc != host}

    def see(self, address: str) -> None:
        self.page.goto(address, wait_until="networkidle")
        self.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def watched(browser: Any) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(**options: Any) -> Watched:
        made.append(Watched(browser, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def test_no_page_asks_anybody_else_for_anything(home: str, watched: Callable[..., Watched]) -> None:
    seen = watched()
    for place in ("/", "/gallery/", "/gallery/?q=fox", "/privacy/", "/login/"):
        seen.see(home + place)
    seen.page.goto(f"{home}/gallery/", wait_until="networkidle")
    seen.page.locator("[data-card] a").first.click()
    seen.page.wait_for_load_state("networkidle")
    seen.page.goto(f"{home}/", wait_until="networkidle")
    seen.page.fill("#id_prompt", "a blue owl")
    seen.page.locator("[data-submit]").click()
    seen.page.locator("[data-card][data-state=succeeded]", has_text="a blue owl").first.wait_for(state="attached")
    seen.page.wait_for_load_state("networkidle")
    assert len(seen.asked) > 50
    assert (seen.foreign(home), seen.complaints) == (set(), [])


def test_nor_does_an_error_page(home: str, watched: Callable[..., Watched]) -> None:
    seen = watched()
    for place in ("/nowhere", "/gallery/?cursor=x", "/gallery/?q=%00"):
        seen.see(home + place)
    assert seen.foreign(home) == set()
    assert not [text for text in seen.complaints if "the server responded with a status of 40" not in text]


def test_nor_does_the_admin(home: str, watched: Callable[..., Watched]) -> None:
    seen = watched()
    seen.see(f"{home}/admin/")
    seen.page.fill("[name=username]", "op")
    seen.page.fill("[name=password]", "a long word")
    seen.page.locator("main [type=submit]").click()
    seen.page.wait_for_load_state("networkidle")
    assert seen.page.url == f"{home}/admin/"
    places = ["control/", "images/job/", "images/job/?status=failed", "images/generatedimage/", "auth/user/"]
    for place in [*places, "auth/user/add/", "password_change/", "admin/logentry/"]:
        seen.see(f"{home}/admin/{place}")
    seen.page.goto(f"{home}/admin/images/job/", wait_until="networkidle")
    seen.page.locator("#result_list th a").first.click()
    seen.page.wait_for_load_state("networkidle")
    assert "/change/" in seen.page.url
    assert (seen.foreign(home), seen.complaints) == (set(), [])


@pytest.mark.parametrize("viewport", VIEWPORTS, ids=lambda viewport: f"{viewport['width']} pixels")
def test_no_prompt_makes_a_page_wider_than_the_window(
    home: str, watched: Callable[..., Watched], viewport: dict[str, int]
) -> None:
    seen = watched(viewport=viewport)
    seen.page.goto(f"{home}/gallery/", wait_until="networkidle")
    links = seen.page.locator("[data-card] a[data-slot=link]").evaluate_all("links => links.map(link => link.href)")
    assert len(links) >= len(PROMPTS)
    for place in (f"{home}/gallery/", f"{home}/", *links[: len(PROMPTS) + 1]):
        seen.page.goto(place, wait_until="domcontentloaded")
        wide = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (place, wide)
    assert not seen.complaints


def test_a_prompt_that_turns_the_reading_direction_turns_nothing_else(
    home: str, watched: Callable[..., Watched]
) -> None:
    seen = watched()
    seen.see(f"{home}/gallery/")
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068") & set(seen.page.content())

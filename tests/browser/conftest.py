"""One running app with a token, its worker and a stub of the provider, and windows to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.services import AppProcesses, Client, wait_until
from tests.stub_huggingface import HuggingFaceStub

DESK = {"width": 1280, "height": 900}
PATIENCE_MS = 15_000


expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Site:
    """The app at `url`; `stub` draws its pictures, after `stub.delay` seconds each."""

    url: str
    stub: HuggingFaceStub
    app: AppProcesses


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with HuggingFaceStub() as stub:
        settings = {"HF_TOKEN": "hf_test_token", "HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url}
        app = AppProcesses(tmp_path_factory.mktemp("site"), RATE_LIMIT="1000/minute", **settings)
        try:
            yield Site(app.embedded().wait_ready().url, stub, app)
        finally:
            app.kill_all()
            print(app.logs)


@pytest.fixture(autouse=True)
def quick_stub(request: pytest.FixtureRequest) -> None:
    if "site" in request.fixturenames:
        site = request.getfixturevalue("site")
        site.stub.reset()
        site.stub.delay = 0.0


@pytest.fixture
def window(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of a new visitor. A script error or a breach of the content security policy fails the test."""
    contexts, complaints = list[Any](), list[str]()

    def note(message: Any) -> None:
        if "Security Policy" in message.text:
            complaints.append(message.text)

    def open_window(**options: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **options}))
        page = contexts[-1].new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def page(window: Callable[..., Any]) -> Any:
    return window()


def visit_as(page: Any, client: Client) -> None:
    """The window becomes the same visitor as the client."""
    cookies = [{"name": cookie.name, "value": cookie.value, "url": client.url} for cookie in client.session.cookies]
    page.context.add_cookies(cookies)


def painter_of(site: Site, pictures: int) -> Client:
    """A visitor who has drawn so many pictures, four at a time."""
    client = Client(site.url)
    jobs = [client.submit(f"picture number {number}", size="512x512", count=4) for number in range(pictures // 4)]
    client.wait([job for batch in jobs for job in batch])
    return client


def draw(page: Any, prompt: str) -> Any:
    """Submit a prompt on the open page; returns its newest card."""
    page.get_by_label("What should the picture show?").fill(prompt)
    page.get_by_role("button", name="Draw", exact=True).click()
    return page.locator("[data-card]", has_text=prompt).first


def wait_for_script(page: Any, condition: str) -> None:
    """Until the expression is true. The policy of our pages forbids what Playwright does for the same purpose."""
    wait_until(lambda: page.evaluate(condition), PATIENCE_MS / 1000, condition)

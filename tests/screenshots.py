"""`make screenshots`: the pictures of the README, taken of the real app with the demo provider in a real Chromium."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.services import ROOT, AppProcesses, Client, chromium_path

PROMPTS = (
    "A lighthouse on a cliff at sunset, gentle waves",
    "A fox asleep in fresh snow under a starry sky",
    "Green hills in morning mist",
    "A sailing boat on a calm blue sea",
    "A desert road under a red sky",
    "A forest lake in autumn colours",
    "Snowy mountains at night",
    "A field of lavender in summer",
)
SIZES = ("1024x1024", "832x1216", "1216x832", "768x768")


def fill(client: Client) -> None:
    jobs = [
        client.submit(prompt, size=SIZES[number % len(SIZES)], seed=number)[0] for number, prompt in enumerate(PROMPTS)
    ]
    client.wait(jobs)


def take(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("What should the picture show?").fill("An owl in a moonlit forest")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=ROOT / "docs" / "screenshot.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = AppProcesses(Path(folder))
        try:
            process = app.embedded().wait_ready()
            fill(Client(process.url))
            browser = playwright.chromium.launch(executable_path=chromium_path(whole=True), args=["--no-sandbox"])
            take(browser.new_page(viewport={"width": 1280, "height": 800}), process.url)
        finally:
            app.kill_all()


if __name__ == "__main__":
    main()

"""`make lighthouse`: Lighthouse's scores for the home page, a gallery of 500 pictures and a picture, as a table.

It needs npm and the internet: Lighthouse is fetched when it is wanted, and is not one of our packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.services import AppProcesses, Client, chromium_path

LIGHTHOUSE = "lighthouse@12.8.2"
PICTURES, AT_ONCE = 500, 4
SIZES = ("1024x1024", "832x1216", "1216x832", "768x768")
WANTED, TRIES = 95, 3
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def fill(client: Client) -> str:
    """Draw as many pictures as are wanted; returns the address of one."""
    jobs = [
        job
        for number in range(PICTURES // AT_ONCE)
        for job in client.submit(f"A lighthouse at dusk, number {number}", size=SIZES[number % 4], count=AT_ONCE)
    ]
    return f"/images/{client.wait(jobs, 600)[-1]['id']}/"


def measure(url: str, screen: str) -> dict[str, Any]:
    """Lighthouse's own report of one page on a slow phone or on a desk."""
    command = ["npm", "exec", "--yes", f"--package={LIGHTHOUSE}", "--", "lighthouse", url, "--quiet", "--output=json"]
    options = [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={' '.join(CHROMIUM)}"]
    options += ["--preset=desktop"] if screen == "desk" else []
    env = os.environ | {"CHROME_PATH": chromium_path(whole=True) or ""}
    for _ in range(TRIES):  # now and then Chromium loses its trace (NO_NAVSTART), and Lighthouse says: run again
        told = subprocess.run([*command, *options], env=env, timeout=300, stdout=subprocess.PIPE)
        if told.returncode == 0:
            return dict(json.loads(told.stdout))
    raise SystemExit(f"Lighthouse did not measure {url}.")


def findings(report: dict[str, Any]) -> list[str]:
    """What it would mend, in its own words."""
    audits = report["audits"]
    weighed = {ref["id"] for one in report["categories"].values() for ref in one["auditRefs"] if ref["weight"]}
    low = [audits[name] for name in sorted(weighed) if (audits[name]["score"] or 0) < 0.9]
    return [f"{one['title']} {one.get('displayValue', '')}" for one in low if one["score"] is not None]


def main() -> int:
    below = False
    with tempfile.TemporaryDirectory() as folder:
        app = AppProcesses(Path(folder), RATE_LIMIT="", MAX_WAITING=PICTURES)
        try:
            site = app.embedded().wait_ready().url
            pages = ("/", "/gallery/", fill(Client(site)))
            print(f"{'page':<12}{'screen':<8}" + "".join(f"{name:>16}" for name in CATEGORIES))
            for screen, page in [(screen, page) for screen in ("phone", "desk") for page in pages]:
                report = measure(site + page, screen)
                scores = [round(report["categories"][name]["score"] * 100) for name in CATEGORIES]
                below = below or min(scores) < WANTED
                print(f"{page[:10]:<12}{screen:<8}" + "".join(f"{score:>16}" for score in scores), flush=True)
                print("".join(f"{'':<20}{finding}\n" for finding in findings(report)), end="", flush=True)
        finally:
            app.kill_all()
    return int(below)


if __name__ == "__main__":
    sys.exit(main())

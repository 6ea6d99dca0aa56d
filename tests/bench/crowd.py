"""Many users at once, each sending the next picture when the last one is in hand."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.bench.browser import Browser, Shown
from tests.bench.stage import Stage

PROMPT = "a lighthouse at dusk"


@dataclass(frozen=True)
class Round:
    """What one round gave. Seconds; `cpu` is the app's own, over all of its processes."""

    shown: list[Shown]
    took: float
    cpu: float

    @property
    def per_second(self) -> float:
        return len(self.shown) / self.took

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor for each job."""
        return self.cpu / len(self.shown) * 1000


class Crowd:
    """Users with open connections, who all begin at the same moment."""

    def __init__(self, app: Stage, users: int) -> None:
        self.app, self.users = app, users
        self.browsers = [Browser(app.url) for _ in range(users)]
        self.pool = ThreadPoolExecutor(users)
        for browser in self.browsers:
            browser.open_home()

    def round(self, jobs: int, pause: float = 0.0) -> Round:
        """Every user draws so many pictures, one after the other."""
        barrier = threading.Barrier(self.users + 1)

        def draw(browser: Browser) -> list[Shown]:
            barrier.wait()
            return [one for _ in range(jobs) for one in browser.picture(PROMPT, pause)]

        waiting = [self.pool.submit(draw, browser) for browser in self.browsers]
        cpu = self.app.cpu()
        barrier.wait()
        start = time.perf_counter()
        shown = [one for future in waiting for one in future.result()]
        return Round(shown, time.perf_counter() - start, self.app.cpu() - cpu)

    def burst(self) -> float:
        """Seconds until the last of one submit each is accepted."""
        barrier = threading.Barrier(self.users + 1)

        def send(browser: Browser) -> None:
            barrier.wait()
            browser.submit(PROMPT)

        waiting = [self.pool.submit(send, browser) for browser in self.browsers]
        barrier.wait()
        start = time.perf_counter()
        for future in waiting:
            future.result()
        return time.perf_counter() - start

    def close(self) -> None:
        self.pool.shutdown()
        for browser in self.browsers:
            browser.close()

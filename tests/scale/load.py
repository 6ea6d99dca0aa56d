"""People who submit, watch and look while the test does something to the servers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

import requests

from tests.services import Client


class Load:
    """Each of `people` submits a picture, asks for its state, looks at the gallery, and so on until the end.

    Every request has a connection of its own, as from a proxy in front. What is not a 200 or 202 is in `failures`.
    """

    def __init__(self, url: str, people: int = 4, pause: float = 0.05) -> None:
        self.url, self.pause = url, pause
        self.ids: list[str] = []
        self.failures: list[str] = []
        self.requests: Counter[str] = Counter()
        self.slowest = 0.0
        self._ended = threading.Event()
        self._people = [threading.Thread(target=self._live, daemon=True) for _ in range(people)]

    def __enter__(self) -> Self:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for person in self._people:
            person.join(60)

    def _live(self) -> None:
        client = Client(self.url)
        client.session.headers["Connection"] = "close"
        while not self._ended.wait(self.pause):
            self._do("submit", lambda: self._submit(client))
            self._do("status", lambda: client.status(*self.ids[-20:]))
            self._do("gallery", lambda: client.get("/gallery/").raise_for_status())

    def _submit(self, client: Client) -> None:
        self.ids.extend(str(job["id"]) for job in client.submit("a fox", size="512x512"))

    def _do(self, name: str, act: Callable[[], object]) -> None:
        started = time.monotonic()
        try:
            act()
        except (requests.RequestException, AssertionError) as error:
            self.failures.append(f"{name}: {error!r}"[:500])
        self.requests[name] += 1
        self.slowest = max(self.slowest, time.monotonic() - started)

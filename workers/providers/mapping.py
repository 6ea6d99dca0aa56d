"""Who draws a model's pictures today: the Hub knows, and its answer is kept for an hour."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import quote

from workers.providers.adapters import Served
from workers.providers.answer import Answer, joined, split
from workers.providers.base import Deadline, ProviderUnavailable, RateLimited
from workers.providers.errors import from_answer
from workers.providers.http import Http

FRESH = 3600.0
KEPT = 24 * 3600  # an old answer is better than none while the Hub is away


class Cache(Protocol):
    """What is used of Django's cache."""

    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: Any, timeout: int) -> Any: ...


class ServedModels:
    """A cache that fails is as good as none."""

    def __init__(self, http: Http, hub_url: str, cache: Cache | None) -> None:
        self._http = http
        self._hub_url = hub_url.rstrip("/")
        self._cache = cache

    def serving(self, model: str, deadline: Deadline) -> list[Served]:
        """The live providers in the Hub's order; empty when nobody serves the model."""
        at, kept = self._kept(model)
        if 0 <= time.time() - at < FRESH:
            return kept
        try:
            served = self._ask(model, deadline)
        except (ProviderUnavailable, RateLimited):
            if kept and deadline.remaining():
                return kept
            raise
        self.keep(model, served)
        return served

    def forget(self, model: str) -> None:
        self.keep(model, [], at=0.0)

    def keep(self, model: str, served: list[Served], at: float | None = None) -> None:
        pairs = [[one.provider, one.id] for one in served]
        with suppress(Exception):
            if self._cache is not None:
                self._cache.set(self._key(model), {"at": time.time() if at is None else at, "served": pairs}, KEPT)

    def _ask(self, model: str, deadline: Deadline) -> list[Served]:
        url = f"{self._hub_url}/api/models/{quote(model)}?expand[]=inferenceProviderMapping"
        answer = self._http.send("GET", url, deadline)
        if answer.status in (301, 302, 307, 308):  # the model was renamed
            answer = self._http.send("GET", self._moved(url, answer), deadline)
        if answer.status != 200:
            raise from_answer(answer, "model_not_served" if answer.status == 404 else "")
        if not isinstance(answer.json, dict):
            raise from_answer(answer, "service_fault")
        return served_in(answer.at("inferenceProviderMapping"))

    def _moved(self, url: str, answer: Answer) -> str:
        target = joined(url, answer.headers.get("Location", ""))
        if split(target)[:2] != split(url)[:2]:
            raise from_answer(answer)  # the token goes to no other host
        return target

    def _kept(self, model: str) -> tuple[float, list[Served]]:
        """When it was stored and what; never raises."""
        with suppress(Exception):
            found = self._cache.get(self._key(model)) if self._cache is not None else None
            if found:
                return float(found["at"]), [Served(str(name), str(model_id)) for name, model_id in found["served"]]
        return float("-inf"), []

    def _key(self, model: str) -> str:
        return "who-draws-" + hashlib.sha256(f"{self._hub_url} {model}".encode()).hexdigest()[:40]


def served_in(mapping: object) -> list[Served]:
    """The Hub sends a dict by provider for one model, and a list elsewhere."""
    if isinstance(mapping, dict):
        mapping = [{**entry, "provider": name} for name, entry in mapping.items() if isinstance(entry, dict)]
    served = []
    for entry in mapping if isinstance(mapping, list) else ():
        match entry:
            case {"provider": str(name), "providerId": str(model_id), "status": "live", "task": "text-to-image"}:
                served.append(Served(name, model_id))
    return served

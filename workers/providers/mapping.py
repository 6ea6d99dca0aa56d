"""Who draws a model's pictures today: the Hub knows, and its answer is kept for an hour."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from workers.providers.answer import Answer, joined, split
from workers.providers.auth import BearerAuth
from workers.providers.base import Deadline, ProviderUnavailable, RateLimited
from workers.providers.errors import failure, from_answer
from workers.providers.http import Http

FRESH = 3600.0
KEPT = 24 * 3600  # an old answer is better than none while the Hub is away
TASK = "text-to-image"


class Cache(Protocol):
    """What is used of Django's cache."""

    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: Any, timeout: int) -> Any: ...
    def delete(self, key: str) -> Any: ...


@dataclass(frozen=True)
class Served:
    """A provider, and the model's name there."""

    provider: str
    id: str


class ServedModels:
    """A cache that fails is as good as none."""

    def __init__(self, http: Http, hub_url: str, token: str, cache: Cache | None) -> None:
        self._http = http
        self._hub_url = hub_url.rstrip("/")
        self._auth = BearerAuth(token)
        self._cache = cache

    def serving(self, model: str, deadline: Deadline) -> list[Served]:
        """The live providers in the Hub's order; empty when nobody serves the model."""
        at, kept = self._kept(model)
        if 0 <= time.time() - at < FRESH:
            return kept
        try:
            return self._store(model, self._ask(model, deadline))
        except (ProviderUnavailable, RateLimited):
            if kept and deadline.remaining():
                return kept
            raise

    def without(self, model: str, provider: str, deadline: Deadline) -> list[Served]:
        """Ask anew, and leave out a provider that has just refused the model, for as long as this is kept."""
        self.forget(model)
        served = [one for one in self._ask(model, deadline) if one.provider != provider]
        return self._store(model, served) if served else served

    def forget(self, model: str) -> None:
        if self._cache is not None:
            with suppress(Exception):
                self._cache.delete(self._key(model))

    def _ask(self, model: str, deadline: Deadline) -> list[Served]:
        url = f"{self._hub_url}/api/models/{quote(model)}?expand[]=inferenceProviderMapping"
        answer = self._http.send("GET", url, deadline, auth=self._auth)
        if answer.status in (301, 302, 307, 308):  # the model was renamed
            answer = self._http.send("GET", self._moved(url, answer), deadline, auth=self._auth)
        if answer.status == 404:
            raise from_answer(answer, "model_not_served")
        if answer.status != 200:
            raise from_answer(answer)
        if not isinstance(answer.json, dict):
            raise failure("service_fault", f"{answer.where} answered without JSON", http_status=200)
        return served_in(answer.json.get("inferenceProviderMapping"))

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

    def _store(self, model: str, served: list[Served]) -> list[Served]:
        if self._cache is not None:
            value = {"at": time.time(), "served": [[one.provider, one.id] for one in served]}
            with suppress(Exception):
                self._cache.set(self._key(model), value, KEPT)
        return served

    def _key(self, model: str) -> str:
        return "who-draws-" + hashlib.sha256(f"{self._hub_url} {model}".encode()).hexdigest()[:40]


def served_in(mapping: object) -> list[Served]:
    """The Hub sends a dict by provider for one model, and a list elsewhere."""
    if isinstance(mapping, dict):
        rows = [(name, entry) for name, entry in mapping.items() if isinstance(entry, dict)]
    elif isinstance(mapping, list):
        rows = [(entry.get("provider"), entry) for entry in mapping if isinstance(entry, dict)]
    else:
        return []
    live = [(name, e.get("providerId")) for name, e in rows if e.get("status") == "live" and e.get("task") == TASK]
    return [Served(name, model_id) for name, model_id in live if isinstance(name, str) and isinstance(model_id, str)]

"""Drawing through Hugging Face: whoever serves the model, or one fixed provider, or the owner's own endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests

from workers.providers.adapters import ADAPTERS, ENDPOINT
from workers.providers.auth import BearerAuth
from workers.providers.base import Deadline, Generation, GenerationRequest, ProviderError
from workers.providers.connection import Resolve, addresses_of
from workers.providers.drawing import Desk
from workers.providers.errors import failure
from workers.providers.http import DEFAULT_LIMITS, Http, Limits
from workers.providers.mapping import Cache, Served, ServedModels
from workers.providers.result_url import ResultLinks

TRY_ANOTHER = ("model_not_served", "payment_not_enabled", "model_gone")


@dataclass(frozen=True, kw_only=True)
class HuggingFaceConfig:
    """`provider`: "auto", the name of one in ADAPTERS, or the address of the owner's own endpoint."""

    token: str = field(repr=False)
    router_url: str = "https://router.huggingface.co"
    hub_url: str = "https://huggingface.co"
    provider: str = "auto"
    bill_to: str = ""
    limits: Limits = DEFAULT_LIMITS

    @property
    def is_endpoint(self) -> bool:
        return self.provider.startswith(("http://", "https://"))

    @property
    def base_url(self) -> str:
        return (self.provider if self.is_endpoint else self.router_url).rstrip("/")


class HuggingFaceProvider:
    """May be used by many threads at once."""

    name: str = "huggingface"

    def __init__(
        self,
        config: HuggingFaceConfig,
        session: requests.Session,
        cache: Cache | None = None,
        *,
        resolve: Resolve = addresses_of,
    ) -> None:
        self._config = config
        self._auth = BearerAuth(config.token)
        self._http = Http(session, config.limits, (config.token,), resolve)
        self._links = ResultLinks(config.base_url, config.limits, resolve)
        self._models = ServedModels(self._http, config.hub_url, config.token, cache)

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        deadline = deadline or self._http.deadline()
        if self._config.is_endpoint:
            return self._draw(request, Served("endpoint", request.model), deadline)
        if not self._config.token:
            raise failure("token_missing")
        first = self._first(request.model, deadline)
        try:
            return self._draw(request, first, deadline)
        except ProviderError as error:
            second = self._instead(first, request.model, error, deadline)
            if second is None:
                raise
        return self._draw(request, second, deadline)

    def serving(self, model: str, deadline: Deadline | None = None) -> list[Served]:
        """Who can draw this model's pictures for us, the preferred one first."""
        fixed = self._config.provider
        if fixed == "hf-inference":
            return [Served(fixed, model)]
        served = self._models.serving(model, deadline or self._http.deadline())
        return [one for one in served if one.provider in ADAPTERS and fixed in ("auto", one.provider)]

    def _first(self, model: str, deadline: Deadline) -> Served:
        served = self.serving(model, deadline)
        if not served:
            raise failure("model_not_served", f"no live provider for {model} (HF_PROVIDER={self._config.provider})")
        return served[0]

    def _instead(self, failed: Served, model: str, error: ProviderError, deadline: Deadline) -> Served | None:
        if self._config.provider == "hf-inference" or error.code not in TRY_ANOTHER:
            return None
        if self._config.provider != "auto":
            self._models.forget(model)
            return None
        try:
            others = self._models.without(model, failed.provider, deadline)
        except ProviderError:
            return None
        return next((one for one in others if one.provider in ADAPTERS), None)

    def _draw(self, request: GenerationRequest, served: Served, deadline: Deadline) -> Generation:
        if self._config.is_endpoint:
            return self._desk("").draw(ENDPOINT, request, served.provider, served.id, deadline)
        return self._desk(f"/{served.provider}").draw(
            ADAPTERS[served.provider], request, served.provider, served.id, deadline
        )

    def _desk(self, path: str) -> Desk:
        bill_to = "" if self._config.is_endpoint else self._config.bill_to
        headers = {"X-HF-Bill-To": bill_to} if bill_to else {}
        url = self._config.base_url + path
        return Desk(http=self._http, links=self._links, url=url, auth=self._auth, headers=headers)

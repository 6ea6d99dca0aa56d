"""Drawing through Hugging Face: whoever serves the model, or one fixed provider, or the owner's own endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.providers.adapters import ADAPTERS, ENDPOINT, Served
from workers.providers.base import Deadline, Generation, GenerationRequest, ProviderError
from workers.providers.connection import Session
from workers.providers.drawing import Desk
from workers.providers.errors import failure
from workers.providers.mapping import Cache, ServedModels

TRY_ANOTHER = ("model_not_served", "payment_not_enabled", "model_gone")


@dataclass(frozen=True, kw_only=True)
class HuggingFaceConfig:
    """`provider`: "auto", the name of one in ADAPTERS, or the address of the owner's own endpoint."""

    token: str = field(repr=False)
    router_url: str = "https://router.huggingface.co"
    hub_url: str = "https://huggingface.co"
    provider: str = "auto"
    bill_to: str = ""

    @property
    def is_endpoint(self) -> bool:
        return self.provider.startswith(("http://", "https://"))

    @property
    def base_url(self) -> str:
        return (self.provider if self.is_endpoint else self.router_url).rstrip("/")


class HuggingFaceProvider:
    """May be used by many threads at once."""

    def __init__(self, config: HuggingFaceConfig, session: Session, cache: Cache | None = None) -> None:
        self._config = config
        bill_to = {"X-HF-Bill-To": config.bill_to} if config.bill_to and not config.is_endpoint else {}
        self._desk = Desk(session, config.base_url, config.token, bill_to)
        self._models = ServedModels(self._desk.http, config.hub_url, cache)

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        deadline = deadline or Deadline()
        if self._config.is_endpoint:
            return self._desk.draw(ENDPOINT, request, Served("endpoint", request.model), deadline)
        if not self._config.token:
            raise failure("token_missing")
        served = self.serving(request.model, deadline)
        if not served:
            detail = f"no live provider for {request.model} (HF_PROVIDER={self._config.provider})"
            raise failure("model_not_served", detail)
        try:
            return self._draw(request, served[0], deadline)
        except ProviderError as error:
            others = self._others(served[0], request.model, deadline) if error.code in TRY_ANOTHER else []
            if not others:
                raise
        return self._draw(request, others[0], deadline)

    def serving(self, model: str, deadline: Deadline) -> list[Served]:
        """Who can draw this model's pictures for us, the preferred one first."""
        fixed = self._config.provider
        if fixed == "hf-inference":
            return [Served(fixed, model)]
        served = self._models.serving(model, deadline)
        return [one for one in served if one.provider in ADAPTERS and fixed in ("auto", one.provider)]

    def _others(self, refused: Served, model: str, deadline: Deadline) -> list[Served]:
        """Who may draw it instead. Whoever refused it is left out as long as the Hub's answer is kept."""
        self._models.forget(model)
        if self._config.provider != "auto":
            return []
        try:
            others = [one for one in self.serving(model, deadline) if one.provider != refused.provider]
        except ProviderError:
            return []
        if others:
            self._models.keep(model, others)
        return others

    def _draw(self, request: GenerationRequest, served: Served, deadline: Deadline) -> Generation:
        return self._desk.draw(ADAPTERS[served.provider], request, served, deadline, at=f"/{served.provider}")

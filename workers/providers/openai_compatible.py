"""Drawing through any server that speaks OpenAI's images API (OpenAI, LocalAI, vLLM ...)."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests

from workers.providers.adapters import OPENAI
from workers.providers.auth import BearerAuth
from workers.providers.base import Deadline, Generation, GenerationRequest
from workers.providers.connection import Resolve, addresses_of
from workers.providers.drawing import Desk
from workers.providers.http import DEFAULT_LIMITS, Http, Limits
from workers.providers.result_url import ResultLinks


@dataclass(frozen=True, kw_only=True)
class OpenAIConfig:
    """`base_url` with or without its /v1; a server of one's own may need no key."""

    base_url: str = "https://api.openai.com"
    api_key: str = field(default="", repr=False)
    limits: Limits = DEFAULT_LIMITS

    @property
    def root(self) -> str:
        return self.base_url.rstrip("/").removesuffix("/v1")


class OpenAIProvider:
    """May be used by many threads at once."""

    name: str = "openai"

    def __init__(self, config: OpenAIConfig, session: requests.Session, *, resolve: Resolve = addresses_of) -> None:
        self._desk = Desk(
            http=Http(session, config.limits, (config.api_key,), resolve),
            links=ResultLinks(config.root, config.limits, resolve),
            url=config.root,
            auth=BearerAuth(config.api_key),
        )

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        return self._desk.draw(OPENAI, request, self.name, request.model, deadline or self._desk.http.deadline())

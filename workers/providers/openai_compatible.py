"""Drawing through any server that speaks OpenAI's images API (OpenAI, LocalAI, vLLM ...)."""

from __future__ import annotations

from workers.providers.adapters import OPENAI, Served
from workers.providers.base import Deadline, Generation, GenerationRequest
from workers.providers.connection import Session
from workers.providers.drawing import Desk


class OpenAIProvider:
    """May be used by many threads at once. `base_url` with or without its /v1; one's own server may need no key."""

    def __init__(self, base_url: str, api_key: str, session: Session) -> None:
        self._desk = Desk(session, base_url.rstrip("/").removesuffix("/v1"), api_key)

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        return self._desk.draw(OPENAI, request, Served("openai", request.model), deadline or Deadline())

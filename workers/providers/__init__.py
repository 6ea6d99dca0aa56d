"""Who draws the pictures. Nothing here knows Django or Celery."""

from __future__ import annotations

from workers.providers.base import (
    AuthenticationFailed,
    Deadline,
    Generation,
    GenerationRequest,
    InvalidResponse,
    ModelLoading,
    OutOfCredit,
    Provider,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)
from workers.providers.huggingface import HuggingFaceConfig, HuggingFaceProvider
from workers.providers.models import KNOWN_MODELS, ModelInfo, model_info
from workers.providers.openai_compatible import OpenAIConfig, OpenAIProvider

__all__ = [
    "KNOWN_MODELS",
    "AuthenticationFailed",
    "Deadline",
    "Generation",
    "GenerationRequest",
    "HuggingFaceConfig",
    "HuggingFaceProvider",
    "InvalidResponse",
    "ModelInfo",
    "ModelLoading",
    "OpenAIConfig",
    "OpenAIProvider",
    "OutOfCredit",
    "Provider",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "RequestRejected",
    "model_info",
]

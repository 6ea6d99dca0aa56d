"""The Hub's side: who serves which model, and whose token it is."""

from __future__ import annotations

from typing import Any

Serving = dict[str, dict[str, str]]

SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
SERVING: Serving = {
    SDXL: {"fal-ai": "fal-ai/fast-sdxl", "nscale": SDXL},
    "black-forest-labs/FLUX.1-schnell": {"nscale": "black-forest-labs/FLUX.1-schnell", "fal-ai": "fal-ai/flux/schnell"},
    "black-forest-labs/FLUX.1-dev": {
        "fal-ai": "fal-ai/flux/dev",
        "replicate": "black-forest-labs/flux-dev",
        "wavespeed": "wavespeed-ai/flux-dev",
    },
    "Tongyi-MAI/Z-Image-Turbo": {"fal-ai": "fal-ai/z-image/turbo", "replicate": "prunaai/z-image-turbo:0870559"},
    "Qwen/Qwen-Image": {"wavespeed": "wavespeed-ai/qwen-image/text-to-image", "together": "Qwen/Qwen-Image"},
    "stabilityai/stable-diffusion-3-medium-diffusers": {
        "hf-inference": "stabilityai/stable-diffusion-3-medium-diffusers"
    },
    "nobody/serves-this": {},
}


def model(serving: Serving, model_id: str) -> dict[str, Any] | None:
    if model_id not in serving:
        return None
    mapping = {
        provider: {"status": "live", "providerId": there, "task": "text-to-image"}
        for provider, there in serving[model_id].items()
    }
    facts = {"_id": "1", "id": model_id, "modelId": model_id, "pipeline_tag": "text-to-image", "tags": []}
    return {**facts, "inferenceProviderMapping": mapping}


def models(serving: Serving, provider: str) -> list[dict[str, Any]]:
    """The list call, where a mapping is a list of objects."""
    found = [entry for model_id in serving if (entry := model(serving, model_id))]
    for entry in found:
        mapping = entry["inferenceProviderMapping"]
        entry["inferenceProviderMapping"] = [{"provider": name, **facts} for name, facts in mapping.items()]
    return [e for e in found if not provider or any(m["provider"] == provider for m in e["inferenceProviderMapping"])]


WHOAMI = {"type": "user", "name": "somebody", "auth": {"type": "access_token", "accessToken": {"role": "fineGrained"}}}

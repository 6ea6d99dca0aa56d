"""What each model can use: the form shows only that, and the providers send only that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ModelInfo:
    """`name` is what people read; `steps` and `guidance_scale` are good starting values; sizes in pixels."""

    id: str
    name: str
    steps: int = 30
    max_steps: int = 100
    guidance_scale: float = 7.0
    max_side: int = 1536
    negative_prompt: bool = True
    steps_adjustable: bool = True
    guidance: bool = True

    @property
    def unusable(self) -> frozenset[str]:
        """The request's fields that change nothing with this model."""
        usable = {
            "negative_prompt": self.negative_prompt,
            "steps": self.steps_adjustable,
            "guidance_scale": self.guidance,
        }
        return frozenset(field for field, can in usable.items() if not can)


DISTILLED: dict[str, Any] = {"guidance_scale": 0.0, "guidance": False, "negative_prompt": False}
KNOWN_MODELS = (  # id, name, steps, most steps, guidance
    ModelInfo("stabilityai/stable-diffusion-xl-base-1.0", "Stable Diffusion XL", 30, 100, 7.5),
    ModelInfo("black-forest-labs/FLUX.1-schnell", "FLUX.1 schnell (quick)", 4, 8, **DISTILLED),
    ModelInfo("black-forest-labs/FLUX.1-dev", "FLUX.1 dev (fine detail)", 28, 50, 3.5, negative_prompt=False),
    ModelInfo("Tongyi-MAI/Z-Image-Turbo", "Z-Image Turbo (quick)", 8, 8, steps_adjustable=False, **DISTILLED),
    ModelInfo("Qwen/Qwen-Image", "Qwen-Image (writes words well)", 30, 50, 4.0),
    ModelInfo("stabilityai/stable-diffusion-3-medium-diffusers", "Stable Diffusion 3 medium", 28, 50, max_side=1024),
)
_BY_ID = {model.id.lower(): model for model in KNOWN_MODELS}


def model_info(model_id: str) -> ModelInfo:
    """What is known about a model; for an unknown one, that it can use everything."""
    known = _BY_ID.get(model_id.lower())
    return known or ModelInfo(model_id, model_id.rsplit("/", 1)[-1] or model_id)

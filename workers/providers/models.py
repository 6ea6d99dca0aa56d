"""What each model can use: the form shows only that, and the providers send only that."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """`name` is what people read; `steps` and `guidance_scale` are good starting values; sizes in pixels."""

    id: str
    name: str
    steps: int = 30
    max_steps: int = 100
    guidance_scale: float = 7.0
    min_side: int = 512
    max_side: int = 1536
    multiple_of: int = 64
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


KNOWN_MODELS = (
    ModelInfo(id="stabilityai/stable-diffusion-xl-base-1.0", name="Stable Diffusion XL", guidance_scale=7.5),
    ModelInfo(
        id="black-forest-labs/FLUX.1-schnell",
        name="FLUX.1 schnell (quick)",
        steps=4,
        max_steps=8,
        guidance_scale=0.0,
        negative_prompt=False,
        guidance=False,
    ),
    ModelInfo(
        id="black-forest-labs/FLUX.1-dev",
        name="FLUX.1 dev (fine detail)",
        steps=28,
        max_steps=50,
        guidance_scale=3.5,
        negative_prompt=False,
    ),
    ModelInfo(
        id="Tongyi-MAI/Z-Image-Turbo",
        name="Z-Image Turbo (quick)",
        steps=8,
        max_steps=8,
        guidance_scale=0.0,
        negative_prompt=False,
        steps_adjustable=False,
        guidance=False,
    ),
    ModelInfo(id="Qwen/Qwen-Image", name="Qwen-Image (writes words well)", max_steps=50, guidance_scale=4.0),
    ModelInfo(
        id="stabilityai/stable-diffusion-3-medium-diffusers",
        name="Stable Diffusion 3 medium",
        steps=28,
        max_steps=50,
        max_side=1024,
    ),
)
_BY_ID = {model.id.lower(): model for model in KNOWN_MODELS}


def model_info(model_id: str) -> ModelInfo:
    """What is known about a model; for an unknown one, that it can use everything."""
    known = _BY_ID.get(model_id.lower())
    return known or ModelInfo(id=model_id, name=model_id.rsplit("/", 1)[-1] or model_id)

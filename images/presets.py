"""Sizes, styles and sample prompts that the form offers, and what a job asks for with them."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from images.models import Job
from workers.providers.base import GenerationRequest

SIZES: list[tuple[str, Any]] = [
    ("1024x1024", _("Square")),
    ("768x768", _("Small square")),
    ("832x1216", _("Portrait")),
    ("768x1344", _("Tall")),
    ("1216x832", _("Landscape")),
    ("1344x768", _("Wide")),
]
DEFAULT_SIZE = "1024x1024"
DEFAULT_NEGATIVE_PROMPT = "blurry, low quality, distorted, extra fingers, text, watermark"


class Style(NamedTuple):
    """Its name, and the words that it adds after the prompt."""

    name: Any
    words: str


STYLES = {
    "photo": Style(_("Photo"), "photograph, natural light, sharp focus, 50mm lens"),
    "painting": Style(_("Painting"), "oil painting, visible brush strokes, rich colours"),
    "watercolour": Style(_("Watercolour"), "watercolour on paper, soft edges, light washes"),
    "drawing": Style(pgettext_lazy("style", "Drawing"), "pencil drawing, fine lines, shaded, white paper"),
    "anime": Style(_("Anime"), "anime style, clean lines, vivid colours"),
    "3d": Style(_("3D"), "3D render, soft studio light, high detail"),
    "pixel": Style(_("Pixel art"), "pixel art, 16-bit, limited palette"),
}

SAMPLES: list[Any] = [
    _("A lighthouse on a cliff at sunset, gentle waves"),
    _("A fox asleep in fresh snow under a starry sky"),
    _("A cosy reading room with tall windows and plants"),
]


def request_for(job: Job) -> GenerationRequest:
    """What the provider is asked: the prompt is what was typed, then what the style adds."""
    style = STYLES.get(job.style)
    return GenerationRequest(
        prompt=f"{job.prompt}, {style.words}" if style else job.prompt,
        negative_prompt=job.negative_prompt,
        model=job.model,
        width=job.width,
        height=job.height,
        steps=job.steps,
        guidance_scale=job.guidance_scale,
        seed=job.seed,
    )

"""Sizes, styles and sample prompts that the form offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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


@dataclass(frozen=True)
class Style:
    """Words that a style adds after the prompt."""

    key: str
    name: Any
    words: str


STYLES = {
    style.key: style
    for style in (
        Style("photo", _("Photo"), "photograph, natural light, sharp focus, 50mm lens"),
        Style("painting", _("Painting"), "oil painting, visible brush strokes, rich colours"),
        Style("watercolour", _("Watercolour"), "watercolour on paper, soft edges, light washes"),
        Style("drawing", pgettext_lazy("style", "Drawing"), "pencil drawing, fine lines, shaded, white paper"),
        Style("anime", _("Anime"), "anime style, clean lines, vivid colours"),
        Style("3d", _("3D"), "3D render, soft studio light, high detail"),
        Style("pixel", _("Pixel art"), "pixel art, 16-bit, limited palette"),
    )
}

SAMPLES: list[Any] = [
    _("A lighthouse on a cliff at sunset, gentle waves"),
    _("A fox asleep in fresh snow under a starry sky"),
    _("A cosy reading room with tall windows and plants"),
]


def styled(prompt: str, style: str) -> str:
    """The prompt as it is sent: what was typed, then what the style adds."""
    return f"{prompt}, {STYLES[style].words}" if style in STYLES else prompt

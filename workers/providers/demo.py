"""Pictures without any account: layered landscapes and waters, drawn from the prompt, the seed and the size.

Words choose scene, mood and colour; the prompt's hash chooses what they leave open; the seed chooses the view.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable
from functools import partial
from random import Random

from PIL import Image, ImageColor

from workers.providers.base import Deadline, Generation, GenerationRequest
from workers.providers.errors import raise_if_over
from workers.providers.painting import Colour, Painting, mix

# Sky above, sky in the middle, horizon, nearest land, light. The first that fits wins, so times come before places.
MOODS = {
    "night moon dark midnight nacht mond": "060a1f 14265a 4a6fa8 050813 eef3ff",
    "sunset dusk evening golden fire autumn abend sonnenuntergang": "2a2559 c2506f ffb56b 1d1233 ffe9b8",
    "dawn morning sunrise spring romantic morgen": "5c83bd e9b4bd ffe6c7 34425f fff6e0",
    "storm rain cloud fog mist gothic regen nebel": "4b5b6d 7c8c9b c3d0d4 18222c f4f8f8",
    "snow winter ice frozen arctic schnee": "6f9fce bcd7ee fbf3ee 3d5877 ffffff",
    "fantasy magic dream neon cyberpunk aurora galaxy nebula": "1d1252 7e46b8 ff9fc6 140a33 ffe3f4",
    "day summer noon beach sky tropical sommer": "2568b0 7bb7e3 f7ead0 153c4c fff6d8",
    "desert dune sand sahara canyon savanna": "3d8296 eebb85 ffe4b5 5e2519 fff2cc",
    "forest jungle garden tree nature meadow wald": "5f9a94 b4d6b0 f6f0c4 0e2f2a fffbe0",
}
SCENES = {
    "sea ocean lake beach wave boat ship island coast cliff river meer whale fish city street": "sea",
    "forest tree jungle wood garden plant wald deer fox bear wolf bird owl": "forest",
    "desert dune sand sahara canyon camel car silk flow portrait woman man face": "dunes",
    "mountain alps peak snow valley berg hill castle dragon house planet galaxy space star": "mountains",
}


def meanings(words: Iterable[str], table: dict[str, str]) -> list[str]:
    """What the words stand for, in their order; a longer form fits too (snow: snowy, snowing)."""
    keys = {key: value for names, value in table.items() for key in names.split()}
    fits = [
        [key for key in keys if word in (key, key + "s") or (len(key) > 3 and word.startswith(key))] for word in words
    ]
    return [keys[max(found, key=len)] for found in fits if found]


def palette(words: list[str], idea: Random) -> list[Colour]:
    """High sky, middle, haze, near land, light. The first colour word paints the sky, the last one the land."""
    moods = meanings(words, MOODS) or [idea.choice(list(MOODS.values()))]
    mood = min(moods, key=list(MOODS.values()).index)
    *sky, land, light = list[Colour](ImageColor.getrgb(f"#{code}") for code in mood.split())
    colours = [word for word in words if word in ImageColor.colormap and not meanings([word], MOODS)]  # snow is one
    named = [ImageColor.getrgb(word)[:3] for word in colours]
    if named:
        sky, land = [mix(colour, named[0], 0.45) for colour in sky], mix(land, named[-1], 0.45)
    return [*sky, land, light]


class DemoProvider:
    """Draws at once: the same picture for the same prompt, seed and size. Needs no account and no network."""

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        """A JPEG. ProviderError ("canceled" or "timeout") if the deadline ends first."""

        pause = partial(raise_if_over, deadline or Deadline(), "demo")
        ignored = tuple(name for name in ("negative_prompt", "steps", "guidance_scale") if getattr(request, name))
        out = io.BytesIO()
        paint(request, pause).save(out, "JPEG", quality=92, subsampling=0)
        return Generation(data=out.getvalue(), provider="demo", ignored=ignored)


def paint(request: GenerationRequest, pause: Callable[[], None]) -> Image.Image:
    words = re.findall(r"\w+", request.prompt.casefold())
    text = request.prompt.encode(errors="replace")
    idea = Random(hashlib.sha256(text).digest())  # noqa: S311
    view = Random(hashlib.sha256(b"%d %s" % (request.seed, text)).digest())  # noqa: S311
    scene = (meanings(words, SCENES) or [idea.choice(list(SCENES.values()))])[0]
    painting = Painting((request.width, request.height), palette(words, idea), view, pause)
    getattr(painting, scene)()
    return painting.finished()

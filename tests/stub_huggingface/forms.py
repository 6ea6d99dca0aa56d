"""What each provider expects and how it answers. Strict, so that a client's mistakes show here."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.stub_huggingface import pictures

Json = dict[str, Any]
DIFFUSERS = {"negative_prompt", "num_inference_steps", "guidance_scale", "width", "height", "seed", "scheduler"}


class BadRequest(Exception):
    """Answered with status 400."""


@dataclass(frozen=True)
class Asked:
    """A drawing call, understood."""

    provider: str
    model: str
    prompt: str
    width: int = 1024
    height: int = 1024
    seed: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def picture(self) -> bytes:
        return pictures.png(self.width, self.height, self.seed or 0)

    def link(self) -> str:
        return f"/results/{self.width}/{self.height}/{self.seed or 0}.png"


ROUTES: tuple[tuple[str, str], ...] = (
    (r"/hf-inference/models/(?P<model>.+)", "hf-inference"),
    (r"/nscale/v1/images/generations", "nscale"),
    (r"/together/v1/images/generations", "together"),
    (r"/replicate/v1/models/(?P<model>.+)/predictions", "replicate"),
    (r"/replicate/v1/predictions", "replicate"),
    (r"/wavespeed/api/v3/(?P<model>.+)", "wavespeed"),
    (r"/fal-ai/(?P<model>.+)", "fal-ai"),
    (r"/v1/images/generations", "openai"),
    (r"/endpoint", "endpoint"),
)


def understand(path: str, body: Json, headers: Mapping[str, str]) -> Asked | None:
    """None for a path that no provider has."""
    for pattern, provider in ROUTES:
        if found := re.fullmatch(pattern, path):
            return READERS[provider](
                provider, found.groupdict().get("model") or str(body.get("model", "")), body, headers
            )
    return None


def known_only(values: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(values) - known:
        raise BadRequest(f"unknown parameters: {', '.join(sorted(unknown))}")


def asked(provider: str, model: str, prompt: object, values: Mapping[str, Any], **size: int) -> Asked:
    if not isinstance(prompt, str) or not prompt:
        raise BadRequest("the prompt is missing")
    if any(value is None for value in values.values()):
        raise BadRequest("null is not allowed")
    sides = size or {side: values.get(side, 1024) for side in ("width", "height")}
    if any(not isinstance(side, int) or side % 8 or not 64 <= side <= 2048 for side in sides.values()):
        raise BadRequest("width and height must be multiples of 8")
    return Asked(provider, model, prompt, seed=values.get("seed"), values=dict(values), **sides)


def raw(provider: str, model: str, body: Json, headers: Mapping[str, str]) -> Asked:
    known_only(body, {"inputs", "parameters"})
    if "," in headers.get("Accept", ""):
        raise BadRequest("Accept must be one plain type")
    values = body.get("parameters", {})
    known_only(values, DIFFUSERS)
    return asked(provider, model, body.get("inputs"), values)


def sized(provider: str, model: str, body: Json, headers: Mapping[str, str]) -> Asked:
    more = {"seed", "negative_prompt"} if provider == "nscale" else {"n"}
    known_only(body, {"model", "prompt", "response_format", "size"} | more)
    if body.get("response_format") != "b64_json" or not body.get("model"):
        raise BadRequest("model and response_format are needed")
    width, height = map(int, body["size"].split("x"))
    return asked(provider, model, body.get("prompt"), body, width=width, height=height)


def together(provider: str, model: str, body: Json, headers: Mapping[str, str]) -> Asked:
    known_only(body, {"model", "prompt", "response_format", "steps"} | DIFFUSERS - {"num_inference_steps"})
    if body.get("response_format") != "base64" or not body.get("model"):
        raise BadRequest("model and response_format are needed")
    return asked(provider, model, body.get("prompt"), body)


def fal(provider: str, model: str, body: Json, headers: Mapping[str, str]) -> Asked:
    known_only(body, {"prompt", "image_size"} | DIFFUSERS - {"width", "height"})
    size = body.get("image_size", {"width": 1024, "height": 1024})
    return asked(provider, model, body.get("prompt"), body, width=size["width"], height=size["height"])


def replicate(provider: str, model: str, body: Json, headers: Mapping[str, str]) -> Asked:
    known_only(body, {"input", "version"})
    if headers.get("Prefer") != "wait":
        raise BadRequest("this stub answers at once only: Prefer: wait")
    if not model and not body.get("version"):
        raise BadRequest("version is needed")
    values = dict(body.get("input", {}))
    known_only(values, {"prompt"} | DIFFUSERS)
    return asked(provider, model or body["version"], values.get("prompt"), values)


def flat(provider: str, model: str, body: Json, headers: Mapping[str, str]) -> Asked:
    known_only(body, {"prompt"} | DIFFUSERS)
    return asked(provider, model, body.get("prompt"), body)


READERS = {
    "hf-inference": raw,
    "endpoint": raw,
    "nscale": sized,
    "openai": sized,
    "together": together,
    "fal-ai": fal,
    "replicate": replicate,
    "wavespeed": flat,
}


def answer(call: Asked, url: str, task: str) -> Json | None:
    """The JSON around the picture; None where the bytes themselves are sent."""
    link = url + call.link()
    poll = {"id": task, "status": "created", "outputs": [], "urls": {"get": f"{url}/api/v3/predictions/{task}/result"}}
    forms: dict[str, Json] = {
        "fal-ai": {"images": [{"url": link}], "seed": call.seed, "has_nsfw_concepts": [False]},
        "replicate": {"id": task, "status": "succeeded", "output": [link], "error": None},
        "wavespeed": {"code": 200, "message": "success", "data": poll},
    }
    if call.provider in ("nscale", "together", "openai"):
        return {"created": 1, "data": [{"b64_json": base64.b64encode(call.picture()).decode()}]}
    return forms.get(call.provider)

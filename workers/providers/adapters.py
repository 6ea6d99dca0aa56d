"""How each provider wants to be asked: one adapter per form, one table from provider to adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from workers.providers.base import GenerationRequest
from workers.providers.models import model_info

Values = dict[str, object]

SETTINGS = ("negative_prompt", "steps", "guidance_scale", "width", "height", "seed")
DIFFUSERS = {name: name for name in SETTINGS} | {"steps": "num_inference_steps"}
SIZE = {"width": "width", "height": "height"}
JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Served:
    """A provider, and the model's name there."""

    provider: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """`names`: our field -> theirs; a field that is not there is not sent. `{id}` in `path` is their model id."""

    path: str
    body: Callable[[str, str, Values], Values]
    names: Mapping[str, str] = field(default_factory=lambda: DIFFUSERS)
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    polled: bool = False

    def path_to(self, model_id: str) -> str:
        path = "/v1/predictions" if self is REPLICATE and ":" in model_id else self.path
        return path.format(id=quote(model_id, safe="/:@"))

    def usable(self, request: GenerationRequest) -> tuple[Values, tuple[str, ...]]:
        """What is sent, under their names, and the request's fields that are left out."""
        given = {name: getattr(request, name) for name in SETTINGS if getattr(request, name) not in (None, "")}
        unusable = model_info(request.model).unusable | (given.keys() - self.names)
        sent = {self.names[name]: value for name, value in given.items() if name not in unusable}
        return sent, tuple(name for name in given if name in unusable)


def nested(prompt: str, model_id: str, values: Values) -> Values:
    return {"inputs": prompt, "parameters": values}


def flat(prompt: str, model_id: str, values: Values) -> Values:
    return {"prompt": prompt, **values}


def fal(prompt: str, model_id: str, values: Values) -> Values:
    size = {"width": values.pop("width"), "height": values.pop("height")}
    return {"prompt": prompt, **values, "image_size": size}


def replicate(prompt: str, model_id: str, values: Values) -> Values:
    body: Values = {"input": {"prompt": prompt, **values}}
    _, colon, version = model_id.partition(":")
    return {**body, "version": version} if colon else body


def together(prompt: str, model_id: str, values: Values) -> Values:
    return {"model": model_id, "prompt": prompt, "response_format": "base64", **values}


def nscale(prompt: str, model_id: str, values: Values) -> Values:
    size = f"{values.pop('width')}x{values.pop('height')}"
    return {"model": model_id, "prompt": prompt, "response_format": "b64_json", "size": size, **values}


def openai(prompt: str, model_id: str, values: Values) -> Values:
    body = {**nscale(prompt, model_id, values), "n": 1}
    if model_id.startswith(("gpt-image", "chatgpt-image")):  # always base64, and refuses to be told so
        del body["response_format"]
    return body


RAW = {"Accept": "image/png"}
NSCALE = {**SIZE, "seed": "seed", "negative_prompt": "negative_prompt"}
TOGETHER = {**DIFFUSERS, "steps": "steps"}
IMAGES = "/v1/images/generations"

ENDPOINT = Adapter(path="", body=nested, headers=RAW)
REPLICATE = Adapter(path="/v1/models/{id}/predictions", body=replicate, headers={**JSON, "Prefer": "wait"})
OPENAI = Adapter(path=IMAGES, body=openai, names=SIZE)

ADAPTERS: Mapping[str, Adapter] = {
    "hf-inference": Adapter(path="/models/{id}", body=nested, headers=RAW),
    "fal-ai": Adapter(path="/{id}", body=fal),
    "nscale": Adapter(path=IMAGES, body=nscale, names=NSCALE),
    "together": Adapter(path=IMAGES, body=together, names=TOGETHER),
    "replicate": REPLICATE,
    "wavespeed": Adapter(path="/api/v3/{id}", body=flat, polled=True),
}

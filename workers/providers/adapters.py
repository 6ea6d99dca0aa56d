"""How each provider wants to be asked: one adapter per form, one table from provider to adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from workers.providers.base import GenerationRequest
from workers.providers.models import model_info

Values = dict[str, object]

DIFFUSERS = {
    "negative_prompt": "negative_prompt",
    "steps": "num_inference_steps",
    "guidance_scale": "guidance_scale",
    "width": "width",
    "height": "height",
    "seed": "seed",
}


@dataclass(frozen=True)
class Asking:
    """What to POST, and the request's fields that are left out of it."""

    path: str
    body: Values
    headers: dict[str, str]
    ignored: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """`names`: our field -> theirs; a field that is not there is not sent. `{id}` in `path` is their model id."""

    path: str
    body: Callable[[str, str, Values], Values]
    names: Mapping[str, str] = field(default_factory=lambda: DIFFUSERS)
    headers: Mapping[str, str] = field(default_factory=dict)
    polled: bool = False

    def asking(self, request: GenerationRequest, model_id: str) -> Asking:
        values, ignored = self._usable(request)
        path = (
            "/v1/predictions"
            if self is REPLICATE and ":" in model_id
            else self.path.format(id=quote(model_id, safe="/:@"))
        )
        body = self.body(request.prompt, model_id, values)
        return Asking(path, body, {"Accept": "image/png", **self.headers}, ignored)

    def _usable(self, request: GenerationRequest) -> tuple[Values, tuple[str, ...]]:
        wanted: Values = {
            "negative_prompt": request.negative_prompt or None,
            "steps": request.steps,
            "guidance_scale": request.guidance_scale,
            "width": request.width,
            "height": request.height,
            "seed": request.seed,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        ignored = tuple(name for name in given if name in model_info(request.model).unusable or name not in self.names)
        return {self.names[name]: value for name, value in given.items() if name not in ignored}, ignored


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


SIZE = {"width": "width", "height": "height"}
NSCALE = {**SIZE, "seed": "seed", "negative_prompt": "negative_prompt"}
JSON = {"Accept": "application/json"}

ENDPOINT = Adapter(path="", body=nested)
REPLICATE = Adapter(path="/v1/models/{id}/predictions", body=replicate, headers={**JSON, "Prefer": "wait"})
OPENAI = Adapter(path="/v1/images/generations", body=openai, names=SIZE, headers=JSON)

ADAPTERS: Mapping[str, Adapter] = {
    "hf-inference": Adapter(path="/models/{id}", body=nested),
    "fal-ai": Adapter(path="/{id}", body=fal, headers=JSON),
    "nscale": Adapter(path="/v1/images/generations", body=nscale, names=NSCALE, headers=JSON),
    "together": Adapter(
        path="/v1/images/generations", body=together, names={**DIFFUSERS, "steps": "steps"}, headers=JSON
    ),
    "replicate": REPLICATE,
    "wavespeed": Adapter(path="/api/v3/{id}", body=flat, headers=JSON, polled=True),
}

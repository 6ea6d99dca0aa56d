"""Does drawing work, and if not, what to change? Answers in plain lines for the site's owner."""

from __future__ import annotations

import time
from dataclasses import dataclass

import requests

from workers.providers.base import Deadline, GenerationRequest, Provider, ProviderError
from workers.providers.errors import from_answer
from workers.providers.http import Http
from workers.providers.huggingface import HuggingFaceConfig, HuggingFaceProvider

QUICK = 15.0  # seconds for one question


@dataclass(frozen=True)
class Line:
    ok: bool
    text: str


def check_huggingface(
    config: HuggingFaceConfig, session: requests.Session, model: str, *, draw: bool = False
) -> list[Line]:
    """`draw` makes one small picture, which may cost money."""
    provider = HuggingFaceProvider(config, session)
    lines = [] if config.is_endpoint else [_token(config, session), _serving(config, provider, model)]
    if draw and all(line.ok for line in lines):
        lines.append(check_drawing(provider, model))
    return lines or [Line(True, f"Your own endpoint {config.base_url} is used. Draw a picture to test it.")]


def check_drawing(provider: Provider, model: str) -> Line:
    """For any provider: one picture of 512 × 512."""
    request = GenerationRequest(prompt="a red apple", model=model, width=512, height=512, seed=int(time.time()))
    started = time.monotonic()
    try:
        drawn = provider.generate(request)
    except ProviderError as error:
        return _wrong("No picture came", error)
    seconds = time.monotonic() - started
    return Line(True, f"A picture came from {drawn.provider} after {seconds:.1f} s ({len(drawn.data) // 1024} kB).")


def _token(config: HuggingFaceConfig, session: requests.Session) -> Line:
    if not config.token:
        return Line(False, "There is no token. Make one at https://huggingface.co/settings/tokens and set HF_TOKEN.")
    http = Http(session, config.token)
    try:
        answer = http.send("GET", f"{config.hub_url.rstrip('/')}/api/whoami-v2", Deadline(QUICK))
        if answer.status != 200:
            raise from_answer(answer)
    except ProviderError as error:
        return _wrong("The token could not be checked", error)
    return Line(True, f"The token is valid and belongs to {answer.at('name') or 'somebody without a name'}.")


def _serving(config: HuggingFaceConfig, provider: HuggingFaceProvider, model: str) -> Line:
    try:
        served = provider.serving(model, Deadline(QUICK))
    except ProviderError as error:
        return _wrong("Could not ask who draws with this model", error)
    if served:
        return Line(True, f"{model} is drawn by {', '.join(one.provider for one in served)}.")
    return Line(False, f"Nobody draws with {model} (HF_PROVIDER={config.provider}). Choose another HF_MODEL.")


def _wrong(what: str, error: ProviderError) -> Line:
    return Line(False, f"{what}: {error.message} [{error.code}] {error.detail}".strip())

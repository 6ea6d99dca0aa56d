from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.stub_huggingface import SDXL, HuggingFaceStub
from workers.providers.base import GenerationRequest
from workers.providers.connection import Session
from workers.providers.huggingface import HuggingFaceConfig, HuggingFaceProvider

TOKEN = "hf_verySecretTokenForTests"

Draw = Callable[..., Any]


@pytest.fixture(scope="session")
def shared_stub() -> Iterator[HuggingFaceStub]:
    with HuggingFaceStub(drip=0.03) as stub:
        yield stub


@pytest.fixture
def stub(shared_stub: HuggingFaceStub, monkeypatch: pytest.MonkeyPatch) -> Iterator[HuggingFaceStub]:
    monkeypatch.setattr("workers.providers.drawing.FIRST_PAUSE", 0.01)
    shared_stub.reset()
    serving = {model: dict(providers) for model, providers in shared_stub.serving.items()}
    yield shared_stub
    shared_stub.reset()
    shared_stub.serving, shared_stub.delay = serving, 0.0


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        yield session


@pytest.fixture
def make(stub: HuggingFaceStub, session: Session) -> Callable[..., HuggingFaceProvider]:
    """A provider that speaks to the stub."""

    def make(provider: str = "hf-inference", cache: Any = None, **options: Any) -> HuggingFaceProvider:
        options = {"token": TOKEN, "router_url": stub.url, "hub_url": stub.url, **options}
        return HuggingFaceProvider(HuggingFaceConfig(provider=provider, **options), session, cache)

    return make


def asked(prompt: str = "a fox", **options: Any) -> GenerationRequest:
    return GenerationRequest(**{"prompt": prompt, "model": SDXL, "width": 512, "height": 512, "seed": 7, **options})


class DictCache(dict[str, Any]):
    """Like Django's cache, as far as it is used."""

    def set(self, key: str, value: Any, timeout: int) -> None:
        self[key] = value

"""Which provider the settings name, built once per process."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_noop as _

from workers.providers.base import Provider
from workers.providers.check import Line, check_drawing, check_huggingface
from workers.providers.connection import Session
from workers.providers.demo import DemoProvider
from workers.providers.huggingface import HuggingFaceConfig, HuggingFaceProvider
from workers.providers.openai_compatible import OpenAIProvider


def chosen() -> str:
    """The name of the provider that new jobs go to."""
    if settings.IMAGE_PROVIDER != "auto":
        return str(settings.IMAGE_PROVIDER)
    return "huggingface" if settings.HF_TOKEN else "demo"


def token_mark(name: str) -> str:
    """Tells one token from another without giving it away."""
    token = {"huggingface": settings.HF_TOKEN, "openai": settings.OPENAI_API_KEY}.get(name, "")
    return hashlib.sha256(f"{settings.SECRET_KEY}{token}".encode()).hexdigest()[:16]


@lru_cache
def provider(name: str) -> Provider:
    if name == "huggingface":
        return HuggingFaceProvider(huggingface_config(), Session(), cache)
    if name == "openai":
        return OpenAIProvider(settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, Session())
    return DemoProvider()


def huggingface_config() -> HuggingFaceConfig:
    return HuggingFaceConfig(
        token=settings.HF_TOKEN,
        router_url=settings.HF_ROUTER_URL,
        hub_url=settings.HF_HUB_URL,
        provider=settings.HF_PROVIDER,
        bill_to=settings.HF_BILL_TO,
    )


def check(*, draw: bool = False) -> list[Line]:
    """Does drawing work, and if not, what to change? `draw` makes one small picture, which may cost money."""
    name = chosen()
    if name == "huggingface":
        with Session() as session:
            return check_huggingface(huggingface_config(), session, settings.HF_MODEL, draw=draw)
    if draw:
        return [check_drawing(provider(name), settings.HF_MODEL)]
    if name != "demo":
        return [Line(True, _("%(name)s is not asked before it draws. Draw a picture to test it."), {"name": name})]
    if settings.IMAGE_PROVIDER == "demo":
        return [Line(True, _("%(name)s draws, and needs no check."), {"name": name})]
    return [Line(True, _("demo draws, and needs no check. Set HF_TOKEN for real pictures."))]

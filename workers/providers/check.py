"""Does drawing work, and if not, what to change? Answers in plain lines for the site's owner."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from workers.providers.base import Deadline, GenerationRequest, Provider, ProviderError
from workers.providers.connection import Session
from workers.providers.errors import from_answer
from workers.providers.http import Http
from workers.providers.huggingface import HuggingFaceConfig, HuggingFaceProvider

QUICK = 15.0  # seconds for one question


_ = str  # marks a line for translation: the admin translates it where it is shown


@dataclass(frozen=True)
class Line:
    """`words` have places for the facts."""

    ok: bool
    words: str
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return (self.words % self.facts).strip()


NO_TOKEN = _("There is no token. Make one at https://huggingface.co/settings/tokens and set HF_TOKEN.")


def check_huggingface(config: HuggingFaceConfig, session: Session, model: str, *, draw: bool = False) -> list[Line]:
    """`draw` makes one small picture, which may cost money."""
    provider = HuggingFaceProvider(config, session)
    lines = [] if config.is_endpoint else [_token(config, session), _serving(config, provider, model)]
    if draw and all(line.ok for line in lines):
        lines.append(check_drawing(provider, model))
    own = _("Your own endpoint %(url)s is used. Draw a picture to test it.")
    return lines or [Line(True, own, {"url": config.base_url})]


def check_drawing(provider: Provider, model: str) -> Line:
    """For any provider: one picture of 512 × 512."""
    request = GenerationRequest(prompt="a red apple", model=model, width=512, height=512, seed=int(time.time()))
    started = time.monotonic()
    try:
        drawn = provider.generate(request)
    except ProviderError as error:
        return _wrong(_("No picture came: %(why)s [%(code)s] %(detail)s"), error)
    facts = {"seconds": f"{time.monotonic() - started:.1f}", "kb": str(len(drawn.data) // 1024)}
    came = _("A picture came from %(provider)s after %(seconds)s s (%(kb)s kB).")
    return Line(True, came, {"provider": drawn.provider, **facts})


def _token(config: HuggingFaceConfig, session: Session) -> Line:
    if not config.token:
        return Line(False, NO_TOKEN)
    http = Http(session, config.token)
    try:
        answer = http.send("GET", f"{config.hub_url.rstrip('/')}/api/whoami-v2", Deadline(QUICK))
        if answer.status != 200:
            raise from_answer(answer)
    except ProviderError as error:
        return _wrong(_("The token could not be checked: %(why)s [%(code)s] %(detail)s"), error)
    name = answer.at("name")
    if not name:
        return Line(True, _("The token is valid."))
    return Line(True, _("The token is valid and belongs to %(name)s."), {"name": str(name)})


def _serving(config: HuggingFaceConfig, provider: HuggingFaceProvider, model: str) -> Line:
    try:
        served = provider.serving(model, Deadline(QUICK))
    except ProviderError as error:
        return _wrong(_("Could not ask who draws with this model: %(why)s [%(code)s] %(detail)s"), error)
    if served:
        names = ", ".join(one.provider for one in served)
        return Line(True, _("%(model)s is drawn by %(names)s."), {"model": model, "names": names})
    nobody = _("Nobody draws with %(model)s (HF_PROVIDER=%(provider)s). Choose another HF_MODEL.")
    return Line(False, nobody, {"model": model, "provider": config.provider})


def _wrong(words: str, error: ProviderError) -> Line:
    return Line(False, words, {"why": error.message, "code": error.code, "detail": error.detail})

"""What a provider is: a request goes in, a picture's bytes come out, or a ProviderError says why not."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """One picture to draw. Sizes in pixels; None leaves the choice to the model."""

    prompt: str
    negative_prompt: str = ""
    model: str
    width: int = 1024
    height: int = 1024
    steps: int | None = None
    guidance_scale: float | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Generation:
    """The picture as it came (`data`, not yet checked) and who drew it.

    `provider` is the name people know ("demo", "fal-ai"); `ignored` names the request's fields it could not use.
    """

    data: bytes
    provider: str
    request_id: str = ""
    http_status: int | None = None
    ignored: tuple[str, ...] = ()


@dataclass(eq=False)
class ProviderError(Exception):
    """Why there is no picture: `message` for the person, `detail` for the operator (no secrets, no HTML).

    `retry_after` is in seconds. `billed` says that the provider may have done, and charged, the work.
    """

    retryable: ClassVar[bool] = False

    code: str
    message: str
    detail: str = ""
    retry_after: float | None = None
    http_status: int | None = None
    request_id: str = ""
    provider: str = ""
    billed: bool = False

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or self.message}"


class ProviderUnavailable(ProviderError):
    """No answer, or a fault on their side: worth trying again, counts against the breaker."""

    retryable = True


class ModelLoading(ProviderUnavailable):
    """The model is waking up: worth waiting for, not a fault."""


class RateLimited(ProviderError):
    """Asked too often: everybody waits for `retry_after`."""

    retryable = True


class InvalidResponse(ProviderError):
    """An answer that is no picture."""

    retryable = True


class RequestRejected(ProviderError):
    """This prompt or these settings will never work."""


class AuthenticationFailed(ProviderError):
    """The token is refused: every job would fail, so the provider is paused."""


class OutOfCredit(AuthenticationFailed):
    """The account must be topped up: likewise."""


class Deadline:
    """The end of one attempt, in seconds from now; another thread may cancel it earlier."""

    def __init__(self, seconds: float = 180.0) -> None:
        self._end = time.monotonic() + seconds
        self._canceled = threading.Event()

    def cancel(self) -> None:
        self._canceled.set()

    @property
    def canceled(self) -> bool:
        return self._canceled.is_set()

    def remaining(self) -> float:
        """Seconds left, never below zero; zero once canceled."""
        return 0.0 if self.canceled else max(0.0, self._end - time.monotonic())

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end, and not after being canceled."""
        self._canceled.wait(min(seconds, self.remaining()))


class Provider(Protocol):
    """Draws one picture per call."""

    def generate(self, request: GenerationRequest, deadline: Deadline | None = None) -> Generation:
        """Raise ProviderError when there is no picture."""

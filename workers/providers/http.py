"""One HTTP call with an end: connect, read and total deadlines, a cap on the decoded bytes, no redirects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from workers.providers.answer import Answer, plain, split
from workers.providers.auth import NoAuth
from workers.providers.base import Deadline, ProviderError
from workers.providers.connection import CURRENT, WATCH, Call, Resolve, addresses_of, watched
from workers.providers.errors import failure

USER_AGENT = "image-generator/1.0 (python-requests)"
MEGABYTE = 1024 * 1024
ERROR_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds and bytes; `total` counts where no deadline was given."""

    connect: float = 5.0
    read: float = 120.0
    total: float = 180.0
    decoded_bytes: int = 25 * MEGABYTE


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Http:
    """`session` may be shared by many threads; `secrets` are cut out of every text."""

    session: requests.Session
    limits: Limits = DEFAULT_LIMITS
    secrets: tuple[str, ...] = field(default=(), repr=False)
    resolve: Resolve = addresses_of

    def __post_init__(self) -> None:
        watched(self.session)

    def deadline(self) -> Deadline:
        return Deadline(self.limits.total)

    def send(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        auth: requests.auth.AuthBase | None = None,
    ) -> Answer:
        """The answer, whatever its status; ProviderError when there is none."""
        request = requests.Request(
            method, url, headers={"User-Agent": USER_AGENT, **(headers or {})}, json=json, auth=auth or NoAuth()
        )
        with WATCH.over(Call(deadline, self.resolve)) as call:
            kept = CURRENT.set(call)
            try:
                return self._send(request, call)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise self._unanswered(error, request, call) from None
            finally:
                CURRENT.reset(kept)

    def _send(self, request: requests.Request, call: Call) -> Answer:
        raise_if_over(call.deadline, where(request), billed=False)
        left = call.deadline.remaining()
        prepared = self.session.prepare_request(request)
        options = self.session.merge_environment_settings(prepared.url, {}, True, None, None)
        timeout = (min(self.limits.connect, left), min(self.limits.read, left))
        with self.session.send(prepared, timeout=timeout, allow_redirects=False, **options) as response:
            body = self._read(response, call)
            raise_if_over(call.deadline, where(request), billed=request.method == "POST")
            return Answer(response.status_code, response.headers, body, where(request), self.secrets)

    def _read(self, response: requests.Response, call: Call) -> bytes:
        """All bytes of a success; of a refusal whatever can be had."""
        body = bytearray()
        cap = self.limits.decoded_bytes if response.ok else ERROR_BYTES
        try:
            for chunk in response.iter_content(ERROR_BYTES):
                body += chunk
                if len(body) > cap:
                    break
        except (requests.RequestException, HTTPError, OSError, ValueError):
            if response.ok or call.deadline.canceled:
                raise
        if response.ok and len(body) > cap:
            raise failure("too_large", f"more than {cap} bytes", http_status=response.status_code, billed=True)
        return bytes(body[:cap])

    def _unanswered(self, error: Exception, request: requests.Request, call: Call) -> ProviderError:
        posted = call.sent and request.method == "POST"
        try:
            raise_if_over(call.deadline, where(request), billed=posted)
        except ProviderError as over:
            return over
        code = code_of(error)
        billed = posted and code in ("timeout", "broken_off")
        return failure(code, plain(f"{where(request)}: {type(error).__name__}: {error}", self.secrets), billed=billed)


def raise_if_over(deadline: Deadline, detail: str, *, billed: bool) -> None:
    if deadline.canceled:
        raise failure("canceled", detail, billed=billed)
    if not deadline.remaining():
        raise failure("timeout", f"{detail}: not finished before its deadline", billed=billed)


def code_of(error: Exception) -> str:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "unreachable"
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return "timeout"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "broken_off"
    if isinstance(error, requests.ConnectionError | OSError) and not isinstance(error, ValueError):
        return "unreachable"
    return "wrong_address"


def where(request: requests.Request) -> str:
    """The method and address, without query and credentials."""
    parts = split(request.url)
    return f"{request.method} {parts.hostname}{parts.path}"[:200]

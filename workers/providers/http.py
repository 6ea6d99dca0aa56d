"""One HTTP call with an end: connect, read and total deadlines, a cap on the decoded bytes, no redirects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from workers.providers.answer import Answer, plain, split
from workers.providers.base import Deadline
from workers.providers.connection import Call, Resolve, Session, addresses_of
from workers.providers.errors import failure, raise_if_over

USER_AGENT = "image-generator/1.0 (python-requests)"
CONNECT_SECONDS, READ_SECONDS = 5.0, 120.0
MOST_BYTES = 25 * 1024 * 1024
ERROR_BYTES = 64 * 1024
UNANSWERED = (OSError, HTTPError, ValueError)  # every exception of requests is an OSError
QUERY = re.compile(r"\?\S+")  # that of a signed link opens it to everybody
CODES: tuple[tuple[type[Exception], str], ...] = (
    (requests.ConnectTimeout, "unreachable"),
    (requests.Timeout, "timeout"),
    (requests.exceptions.ChunkedEncodingError, "broken_off"),
    (requests.exceptions.ContentDecodingError, "broken_off"),
    (ValueError, "wrong_address"),
    (OSError, "unreachable"),
)


@dataclass(frozen=True)
class Http:
    """`session` may be shared by many threads; the `token`, if there is one, goes with every call."""

    session: Session
    token: str = field(default="", repr=False)
    resolve: Resolve = addresses_of

    def send(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str] | None = None, json: object = None
    ) -> Answer:
        """The answer, whatever its status; ProviderError when there is none."""
        where = f"{method} {split(url).hostname}{split(url).path}"[:200]
        raise_if_over(deadline, where)
        with Call(deadline, self.resolve) as call:
            try:
                status, found, body = self._exchange(call, method, url, headers or {}, json)
            except UNANSWERED as error:
                posted = call.sent and method == "POST"
                raise_if_over(deadline, where, billed=posted)
                code = code_of(error)
                told = plain(f"{where}: {type(error).__name__}: {QUERY.sub('', str(error))}", self.token)
                raise failure(code, told, billed=posted and code in ("timeout", "broken_off")) from None
        raise_if_over(deadline, where, billed=method == "POST")
        return Answer(status, found, body, where, self.token)

    def _exchange(
        self, call: Call, method: str, url: str, headers: Mapping[str, str], json: object
    ) -> tuple[int, Mapping[str, str], bytes]:
        left = call.deadline.remaining()
        with self.session.request(
            method,
            url,
            headers={"User-Agent": USER_AGENT, **headers},
            json=json,
            auth=self._sign,
            timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            return response.status_code, response.headers, self._read(response, call)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Without it requests would look into ~/.netrc."""
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise failure("token_refused", "the token holds characters that no token has")
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def _read(self, response: requests.Response, call: Call) -> bytes:
        """All bytes of a success; of a refusal whatever can be had."""
        body = bytearray()
        cap = MOST_BYTES if response.ok else ERROR_BYTES
        try:
            for chunk in response.iter_content(ERROR_BYTES):
                body += chunk
                if len(body) > cap:
                    break
        except UNANSWERED:
            if response.ok or call.deadline.canceled:
                raise
        if response.ok and len(body) > cap:
            raise failure("too_large", f"more than {cap} bytes", http_status=response.status_code, billed=True)
        return bytes(body[:cap])


def code_of(error: Exception) -> str:
    if "Read timed out" in str(error):  # while reading, requests calls it a ConnectionError
        return "timeout"
    return next((code for kind, code in CODES if isinstance(error, kind)), "wrong_address")

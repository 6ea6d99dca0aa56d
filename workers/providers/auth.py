"""What proves who we are. Given to requests explicitly, because without it requests would look into ~/.netrc."""

from __future__ import annotations

from requests import PreparedRequest
from requests.auth import AuthBase

from workers.providers.errors import failure


class NoAuth(AuthBase):
    """Sends nothing."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


class BearerAuth(AuthBase):
    """Sends the token, if there is one."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if not self._token.isascii() or not self._token.isprintable() or " " in self._token:
            raise failure("token_refused", "the token holds characters that no token has")
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

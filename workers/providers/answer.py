"""What came back from one HTTP call, and reading it without trusting it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urljoin, urlsplit

SECRET = re.compile(r"(?i:hf_\w+|sk-[\w-]+|bearer\s+[\w.~+/=-]{8,})|(?i:basic|key)\s+(?=\S*[A-Z\d=])[\w.~+/=:-]{8,}")
HIDDEN_HTML = re.compile(r"<(script|style|head)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*(>|$)")
TOLD_UNDER = ("error", "errors", "detail", "message", "msg", "error_message", "title")
REQUEST_IDS = ("x-request-id", "x-amzn-trace-id", "x-amz-cf-id")
EXCERPT = 500


@dataclass(frozen=True)
class Answer:
    """`where` is the method and the address without its query; `secrets` never leave through a text."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    where: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def json(self) -> object:
        """The body's JSON value, or None."""
        return parse_json(self.body)

    @property
    def text(self) -> str:
        """What the body says, as plain text."""
        said = message_in(self.json) or self.body[:20_000].decode("utf-8", "replace")
        return plain(said, self.secrets)

    @property
    def request_id(self) -> str:
        found = next((self.headers[name] for name in REQUEST_IDS if name in self.headers), "")
        return plain(found, self.secrets)[:100]

    @property
    def detail(self) -> str:
        """For the operator: where, status, request id, what was said."""
        name = f", request {self.request_id}" if self.request_id else ""
        return f"{plain(self.where, self.secrets)} answered {self.status}{name}: {self.text or 'nothing'}"


def parse_json(body: bytes | str) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def message_in(value: object, depth: int = 4) -> str:
    """The sentence in an error of any JSON shape."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        return "; ".join(filter(None, (message_in(item, depth - 1) for item in value[:5])))
    if depth and isinstance(value, dict):
        return next(filter(None, (message_in(value.get(key), depth - 1) for key in TOLD_UNDER)), "")
    return ""


def plain(text: str, secrets: tuple[str, ...] = ()) -> str:
    """One line of at most 500 characters, without HTML, control characters and secrets."""
    text = TAG.sub(" ", HIDDEN_HTML.sub(" ", text[:20_000]))
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]").replace(repr(secret)[1:-1], "[secret]")
    text = SECRET.sub("[secret]", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:EXCERPT]


def split(url: str) -> SplitResult:
    """The parts of an address; all empty when it cannot be read."""
    try:
        parts = urlsplit(url)
        readable = parts.port != 0 and parts.hostname  # reading the port checks it
        return parts if readable else urlsplit("")
    except ValueError:
        return urlsplit("")


def joined(base: str, link: str) -> str:
    """Where a redirect leads; empty when it cannot be read."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""

"""What came back from one HTTP call, and reading it without trusting it."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

SECRET = re.compile(r"(?i:hf_\w+|sk-[\w-]+|bearer\s+[\w.~+/=-]{8,})|(?i:basic|key)\s+(?=\S*[A-Z\d=])[\w.~+/=:-]{8,}")
HIDDEN_HTML = re.compile(r"<(script|style|head)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*(>|$)")
TOLD_UNDER = ("error", "errors", "detail", "message", "msg", "error_message", "title")
REQUEST_IDS = ("x-request-id", "x-amzn-trace-id", "x-amz-cf-id")
EXCERPT = 500
MOST_VALUES = 100_000  # a few zipped kilobytes can hold millions of `{}`, which take hundreds of megabytes when parsed
USED_UP = re.compile(r";\s*r\s*=\s*0+\s*(?=;|,|$)")
RESET = re.compile(r";\s*t\s*=\s*(\d{1,9})\b")
LONGEST_WAIT = 600.0


@dataclass(frozen=True)
class Answer:
    """`where` is the method and the address without its query; the `secret` never leaves through a text."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    where: str = ""
    secret: str = field(default="", repr=False)

    @cached_property
    def json(self) -> object:
        """The body's JSON value, or None."""
        if sum(map(self.body.count, (b"{", b"[", b","))) > MOST_VALUES:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def at(self, *keys: str) -> Any:
        """What stands under these keys of the body's JSON, one inside the other; None when there is no such place."""
        value: Any = self.json
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @property
    def text(self) -> str:
        """What the body says, as plain text."""
        said = message_in(self.json) or self.body[:20_000].decode("utf-8", "replace")
        return plain(said, self.secret)

    @property
    def request_id(self) -> str:
        found = next((self.headers[name] for name in REQUEST_IDS if name in self.headers), "")
        return plain(found, self.secret)[:100]

    @property
    def detail(self) -> str:
        """For the operator: where, status, request id, what was said."""
        name = f", request {self.request_id}" if self.request_id else ""
        return f"{plain(self.where, self.secret)} answered {self.status}{name}: {self.text or 'nothing'}"

    @property
    def retry_after(self) -> float | None:
        """Retry-After, else a used-up RateLimit, else the body's `estimated_time`; None when nothing is said."""
        said = (
            from_header(self.headers.get("Retry-After", "")),
            from_rate_limit(self.headers.get("RateLimit", "")),
            sensible(self.at("estimated_time")),
        )
        return next((seconds for seconds in said if seconds is not None), None)


def texts_in(value: object, keys: Sequence[str], depth: int = 4) -> Iterator[str]:
    """The texts in a JSON value of any shape, as far as lists and these keys lead to them."""
    if isinstance(value, str) and value.strip():
        yield value.strip()
    elif depth and isinstance(value, list):
        for item in value[:5]:
            yield from texts_in(item, keys, depth - 1)
    elif depth and isinstance(value, dict):
        for key in keys:
            yield from texts_in(value.get(key), keys, depth - 1)


def message_in(value: object) -> str:
    """What an error says, in whatever shape."""
    return "; ".join(dict.fromkeys(islice(texts_in(value, TOLD_UNDER), 5)))


def plain(text: str, secret: str = "") -> str:
    """One line of at most 500 characters, without HTML, control characters and secrets."""
    text = TAG.sub(" ", HIDDEN_HTML.sub(" ", text[:20_000]))
    if secret:
        text = text.replace(secret, "[secret]").replace(repr(secret)[1:-1], "[secret]")
    text = SECRET.sub("[secret]", text)
    return one_line(text)[:EXCERPT]


def one_line(text: str) -> str:
    """Without control characters; at most 1,000 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[: EXCERPT * 2]


def from_header(value: str) -> float | None:
    """Seconds, or a date."""
    try:
        date = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return sensible(value)
    return sensible(date - time.time())


def from_rate_limit(value: str) -> float | None:
    """`"api";r=0;t=37` is 37; with anything left (r > 0) there is nothing to wait for."""
    resets = (RESET.search(item) for item in value[:1000].split(",") if USED_UP.search(item))
    return max((min(float(found[1]), LONGEST_WAIT) for found in resets if found), default=None)


def sensible(value: Any) -> float | None:
    """A number of seconds between 0 and 600, whatever was sent; None for what is no number."""
    try:
        seconds = float(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)


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

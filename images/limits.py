"""How often one visitor and one address may ask. A broken counter lets people in and is logged."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from limits import parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

logger = logging.getLogger(__name__)

ADDRESS_SHARE = 4  # an address may be a household or an office
# What costs only this process's time is counted in its memory: no poll waits for Redis.
RULES = {
    "poll": "3000/minute",
    "search": "240/minute",
    "download": "120/minute",
    "zip": "60/minute",  # a question and a download each
}
LOGINS = "10/minute"
NAME_LOGINS = "10/minute;60/hour"  # for one account, from wherever they come
LONGEST_NAME = 150
REST_SECONDS = 5.0
REDIS_OPTIONS: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1, "key_prefix": "images:limits"}
_redis_rests_until = 0.0
_parsed = lru_cache(maxsize=32)(parse_many)


@lru_cache
def limiter() -> FixedWindowRateLimiter:
    """Counts for all processes, where there is a Redis."""
    url = settings.REDIS_URL
    return FixedWindowRateLimiter(RedisStorage(url, **REDIS_OPTIONS) if url else MemoryStorage())


@lru_cache
def own_limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


def request_wait(kind: str, request: HttpRequest, owner: str) -> int:
    """Seconds until this visitor, or this address, may ask for this `kind` of RULES again; 0 is now."""
    return _wait_of_both(own_limiter(), RULES[kind], kind, request, owner) if settings.RATE_LIMIT else 0


def submit_wait(request: HttpRequest, owner: str) -> int:
    """The same for what costs money: to submit, and to try again."""
    if not settings.RATE_LIMIT:
        return 0
    return shared_wait(lambda counter: _wait_of_both(counter, settings.RATE_LIMIT, "submit", request, owner))


def login_wait(request: HttpRequest, name: str) -> int:
    """Seconds until this address, or anybody with this account's name, may try again."""
    key, place = hashlib.sha256(spelled(name).encode()).hexdigest(), address(request)
    return shared_wait(lambda by: _wait(by, LOGINS, "login", place) or _wait(by, NAME_LOGINS, "login-name", key))


def spelled(name: str) -> str:
    """As the login form reads it; what is longer than any name is cut off, since some letters take long."""
    return AbstractBaseUser.normalize_username(name.strip()[:LONGEST_NAME]).casefold()


def shared_wait(ask: Callable[[FixedWindowRateLimiter], int]) -> int:
    """Ask Redis; while it is away, this process counts alone."""
    global _redis_rests_until
    if time.monotonic() >= _redis_rests_until:
        try:
            return ask(limiter())
        except Exception as error:  # each storage has its own errors
            _redis_rests_until = time.monotonic() + REST_SECONDS
            logger.warning("requests are counted by each process alone", extra={"reason": str(error)})
    return ask(own_limiter())


def _wait_of_both(counter: FixedWindowRateLimiter, rule: str, kind: str, request: HttpRequest, owner: str) -> int:
    """An address that is over its share makes no new keys; who is over their own takes nothing of its share."""
    place = address(request)
    return (
        _wait(counter, rule, f"{kind}-address", place, ADDRESS_SHARE, count=False)
        or _wait(counter, rule, kind, owner)
        or _wait(counter, rule, f"{kind}-address", place, ADDRESS_SHARE)
    )


def _wait(
    counter: FixedWindowRateLimiter, rule: str, kind: str, who: str, share: int = 1, *, count: bool = True
) -> int:
    """Count this request; 0 if it is within the rule ("30/minute", times `share`), else the seconds to wait."""
    if not who:
        return 0
    items = [type(item)(item.amount * share, item.multiples) for item in _parsed(rule)]
    ask = counter.hit if count else counter.test
    over = [item for item in items if not ask(item, kind, who)]
    resets = [counter.get_window_stats(item, kind, who).reset_time - time.time() for item in over]
    return max((max(1, round(seconds)) for seconds in resets), default=0)


def address(request: HttpRequest) -> str:
    """The address that our outermost trusted proxy saw; without such a proxy the header is not believed.

    All of an IPv6 /64 counts as one: a home has that many addresses. Empty when nothing is known.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        return grouped(hops[-settings.TRUSTED_PROXIES]) or grouped(direct)
    return grouped(direct)


def grouped(text: str) -> str:
    """ "1.2.3.4", or the network of an IPv6 address; empty for what is no address."""
    for candidate in (text, text.rpartition(":")[0].strip("[]")):  # some proxies write the port, too
        with suppress(ValueError):
            ip = ipaddress.ip_address(candidate)
            if isinstance(ip, ipaddress.IPv4Address):
                return str(ip)
            return str(ip.ipv4_mapped or ipaddress.ip_network((ip.packed, 64), strict=False))
    return ""

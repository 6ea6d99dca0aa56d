"""How long an answer asks us to wait, in seconds."""

from __future__ import annotations

import math
import re
import time
from email.utils import parsedate_to_datetime

from workers.providers.answer import Answer

LONGEST = 600.0
USED_UP = re.compile(r";\s*r\s*=\s*0+\s*(?=;|,|$)")
RESET = re.compile(r";\s*t\s*=\s*(\d{1,9})\b")


def retry_after(answer: Answer) -> float | None:
    """Retry-After, else a used-up RateLimit, else the body's `estimated_time`; None when nothing is said."""
    estimate = answer.json.get("estimated_time") if isinstance(answer.json, dict) else None
    said = (
        from_header(answer.headers.get("Retry-After", "")),
        from_rate_limit(answer.headers.get("RateLimit", "")),
        sensible(estimate),
    )
    return next((seconds for seconds in said if seconds is not None), None)


def from_header(value: str) -> float | None:
    """Seconds, or a date."""
    seconds = sensible(value.strip())
    if seconds is not None:
        return seconds
    try:
        return sensible(parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def from_rate_limit(value: str) -> float | None:
    """`"api";r=0;t=37` is 37; with anything left (r > 0) there is nothing to wait for."""
    resets = (RESET.search(item) for item in value[:1000].split(",") if USED_UP.search(item))
    return max((min(float(found[1]), LONGEST) for found in resets if found), default=None)


def sensible(value: object) -> float | None:
    """A number of seconds between 0 and 600, whatever was sent; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST)

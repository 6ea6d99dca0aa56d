"""Finding the picture in an answer of any form. Names and headers are not believed: the bytes are looked at."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from workers.providers.answer import Answer, message_in
from workers.providers.errors import from_answer

Fetch = Callable[[str], bytes]
FOUND_UNDER = ("data", "images", "output", "outputs", "b64_json", "url", "image", "b64")


def is_picture(data: bytes) -> bool:
    """PNG, JPEG or WebP by their first bytes."""
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (data[:4] + data[8:12] == b"RIFFWEBP")


def picture_in(answer: Answer, fetch: Fetch) -> bytes:
    """The picture's bytes, `fetch`ed when the answer holds only a link; ProviderError when there is none."""
    if not 200 <= answer.status < 300:
        raise from_answer(answer)
    if is_picture(answer.body):
        return answer.body
    if not answer.body.strip():
        raise from_answer(answer, "empty_answer", billed=True)
    found = _text_in(answer.json)
    if not found:
        raise _without_picture(answer)
    if _is_hidden(answer.json):
        raise from_answer(answer, "safety_filter", billed=True)
    data = fetch(found) if found.startswith(("http://", "https://")) else _decoded(found)
    if not is_picture(data):
        raise from_answer(answer, "not_a_picture", billed=True)
    return data


def _without_picture(answer: Answer) -> Exception:
    said = answer.json if isinstance(answer.json, dict) else {}
    if said.get("status") in ("failed", "canceled", "aborted"):
        return failed(answer)
    if "output" in said and said["output"] is None and not message_in(said):
        return from_answer(answer, "model_loading", billed=True)  # replicate waits for 60 s at most
    if message_in(answer.json):
        return from_answer(answer, "error_in_answer")
    return from_answer(answer, "not_a_picture", billed=True)


def failed(answer: Answer) -> Exception:
    """The provider tried and gave up: because of the prompt, or for its own reasons."""
    refused = any(word in answer.text.lower() for word in ("nsfw", "safety", "policy", "sensitive"))
    return from_answer(answer, "prompt_refused" if refused else "drawing_failed", billed=True)


def _text_in(value: object, depth: int = 4) -> str:
    """The base64 text or link at one of the places where pictures are put."""
    if isinstance(value, str):
        return value.strip()
    if depth and isinstance(value, list) and value:
        return _text_in(value[0], depth - 1)
    if depth and isinstance(value, dict):
        return next(filter(None, (_text_in(value.get(key), depth - 1) for key in FOUND_UNDER)), "")
    return ""


def _is_hidden(value: object) -> bool:
    marks = value.get("has_nsfw_concepts") if isinstance(value, dict) else None
    return isinstance(marks, list) and bool(marks) and marks[0] is True


def _decoded(text: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return b""

"""One picture from one provider: ask, wait if it wants to be waited for, find the picture in an answer of any form.

Names and headers are not believed: the bytes are looked at.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial

from workers.providers.adapters import Adapter, Served
from workers.providers.answer import Answer, message_in, split, texts_in
from workers.providers.base import Deadline, Generation, GenerationRequest, ProviderError
from workers.providers.connection import Session
from workers.providers.errors import from_answer, raise_if_over
from workers.providers.http import Http
from workers.providers.result_url import ResultLinks

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
WORKING = ("created", "processing", "queued", "pending", "starting")
GAVE_UP = ("failed", "canceled", "aborted")
FOUND_UNDER = ("data", "images", "output", "outputs", "b64_json", "url", "image", "b64")


class Desk:
    """Where drawings are asked for; `headers` go with every question."""

    def __init__(self, session: Session, url: str, token: str, headers: Mapping[str, str] | None = None) -> None:
        self.http = Http(session, token)
        self._links = ResultLinks(url)
        self._url = url
        self._headers = headers or {}

    def draw(
        self, adapter: Adapter, request: GenerationRequest, served: Served, deadline: Deadline, at: str = ""
    ) -> Generation:
        """`at` is the provider's place below the service's address."""
        values, ignored = adapter.usable(request)
        body = adapter.body(request.prompt, served.id, values)
        headers = {**self._headers, **adapter.headers}
        url = self._url + at
        try:
            answer = self.http.send("POST", url + adapter.path_to(served.id), deadline, headers, body)
            if adapter.polled and answer.status < 300:
                answer = self._finished(answer, url, deadline)
            data = picture_in(answer, partial(self._links.fetch, deadline=deadline))
        except ProviderError as error:
            error.provider = served.provider
            raise
        return Generation(
            data=data,
            provider=served.provider,
            request_id=answer.request_id,
            http_status=answer.status,
            ignored=ignored,
        )

    def _finished(self, answer: Answer, url: str, deadline: Deadline) -> Answer:
        """Ask until the drawing is done. Only the path of its link is used: the token goes to our service alone."""
        link = answer.at("data", "urls", "get")
        path = split(link).path if isinstance(link, str) else ""
        if not path:
            raise from_answer(answer, "error_in_answer", billed=True)
        pause = FIRST_PAUSE
        while answer.at("data", "status") in WORKING or answer.status in (429, 500, 502, 503, 504):
            deadline.wait(pause)
            raise_if_over(deadline, f"{answer.where}: still {answer.at('data', 'status')}", billed=True)
            answer = self._asked_again(url + path, deadline)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        if answer.status >= 300:
            gone = answer.status in (404, 410)  # the drawing, not the model: no other provider is to be asked, and paid
            raise from_answer(answer, "result_missing" if gone else "", billed=True)
        if answer.at("data", "status") != "completed":
            raise failed(answer)
        return answer

    def _asked_again(self, url: str, deadline: Deadline) -> Answer:
        try:
            return self.http.send("GET", url, deadline, self._headers)
        except ProviderError as error:
            error.billed = True  # the drawing goes on there
            raise


def is_picture(data: bytes) -> bool:
    """PNG, JPEG or WebP by their first bytes."""
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (data[:4] + data[8:12] == b"RIFFWEBP")


def picture_in(answer: Answer, fetch: Callable[[str], bytes]) -> bytes:
    """The picture's bytes, `fetch`ed when the answer holds only a link; ProviderError when there is none."""
    if not 200 <= answer.status < 300:
        raise from_answer(answer)
    if is_picture(answer.body):
        return answer.body
    if not answer.body.strip():
        raise from_answer(answer, "empty_answer", billed=True)
    found = next(texts_in(answer.json, FOUND_UNDER), "")
    if not found:
        raise _without_picture(answer)
    if answer.at("has_nsfw_concepts") == [True]:
        raise from_answer(answer, "safety_filter", billed=True)
    data = fetch(found) if found.startswith(("http://", "https://")) else _decoded(found)
    if not is_picture(data):
        raise from_answer(answer, "not_a_picture", billed=True)
    return data


def _without_picture(answer: Answer) -> ProviderError:
    if answer.at("status") in GAVE_UP:
        return failed(answer)
    if message_in(answer.json):
        return from_answer(answer, "error_in_answer")
    waits = isinstance(answer.json, dict) and answer.json.get("output", "") is None  # replicate waits 60 s at most
    return from_answer(answer, "model_loading" if waits else "not_a_picture", billed=True)


def failed(answer: Answer) -> ProviderError:
    """The provider tried and gave up: because of the prompt, or for its own reasons."""
    refused = any(word in answer.text.lower() for word in ("nsfw", "safety", "policy", "sensitive"))
    return from_answer(answer, "prompt_refused" if refused else "drawing_failed", billed=True)


def _decoded(text: str) -> bytes:
    """A data URL or bare base64; empty when it cannot be read."""
    try:
        return base64.b64decode(text.rpartition(",")[2])
    except ValueError:
        return b""

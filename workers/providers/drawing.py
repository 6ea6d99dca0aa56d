"""One picture from one provider: ask, wait if it wants to be waited for, fetch, look at the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import requests

from workers.providers.adapters import Adapter
from workers.providers.answer import Answer, split
from workers.providers.base import Deadline, Generation, GenerationRequest, ProviderError
from workers.providers.errors import from_answer
from workers.providers.http import Http, raise_if_over
from workers.providers.picture import failed, picture_in
from workers.providers.result_url import ResultLinks

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
WORKING = ("created", "processing", "queued", "pending", "starting")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where drawings are asked for: `url` is the service's address, for one provider or model."""

    http: Http
    links: ResultLinks
    url: str
    auth: requests.auth.AuthBase
    headers: Mapping[str, str] = field(default_factory=dict)

    def draw(
        self, adapter: Adapter, request: GenerationRequest, provider: str, model_id: str, deadline: Deadline
    ) -> Generation:
        asking = adapter.asking(request, model_id)
        try:
            answer = self._send("POST", asking.path, deadline, {**self.headers, **asking.headers}, asking.body)
            if adapter.polled and answer.status < 300:
                answer = self._finished(answer, deadline)
            data = picture_in(answer, partial(self.links.fetch, deadline=deadline))
        except ProviderError as error:
            error.provider = provider
            raise
        return Generation(
            data=data,
            provider=provider,
            request_id=answer.request_id,
            http_status=answer.status,
            ignored=asking.ignored,
        )

    def _send(
        self, method: str, path: str, deadline: Deadline, headers: Mapping[str, str], json: object = None
    ) -> Answer:
        return self.http.send(method, self.url + path, deadline, headers=headers, json=json, auth=self.auth)

    def _finished(self, started: Answer, deadline: Deadline) -> Answer:
        """Ask until the drawing is done. Only the path of its link is used: the token goes to our service alone."""
        path = split(_link(started)).path
        if not path.startswith("/"):
            raise from_answer(started, "error_in_answer", billed=True)
        answer, pause = started, FIRST_PAUSE
        while _status(answer) in WORKING or answer.status in (429, 500, 502, 503, 504):
            deadline.wait(pause)
            raise_if_over(deadline, f"{answer.where}: still {_status(answer)}", billed=True)
            answer = self._send("GET", path, deadline, self.headers)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        if answer.status >= 300:
            raise from_answer(answer, billed=True)
        if _status(answer) != "completed":
            raise failed(answer)
        return answer


def _data(answer: Answer) -> dict[str, object]:
    data = answer.json.get("data") if isinstance(answer.json, dict) else None
    return data if isinstance(data, dict) else {}


def _status(answer: Answer) -> object:
    return _data(answer).get("status")


def _link(answer: Answer) -> str:
    urls = _data(answer).get("urls")
    link = urls.get("get") if isinstance(urls, dict) else None
    return link if isinstance(link, str) else ""

"""A visitor that does what the page does, with as little work of its own as possible."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

JSON = {"Accept": "application/json"}


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Shown:
    """One picture from the click to its last byte. Seconds."""

    took: float
    submit: float
    polls: int
    bytes: int
    job: dict[str, Any] = field(repr=False)


class Browser:
    """One connection that is kept, cookies, and a CSRF token."""

    def __init__(self, url: str) -> None:
        self.line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | (headers or {})
        if self.line.sock is None:
            self.line.connect()
            self.line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line.request(method, path, body, sent)
        response = self.line.getresponse()
        data = response.read()
        for cookie in response.msg.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, data, dict(response.headers))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        answer = self.ask("GET", path, headers=headers)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:500]!r}"
        return answer

    def open_home(self) -> Answer:
        page = self.get("/")
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
        assert found, page.body[:500]
        self.token = found[1].decode()
        return page

    def submit(self, prompt: str, **fields: object) -> dict[str, Any]:
        """The answer to the form: {"jobs": [...], "status_url", "poll_after_ms"}."""
        values = {"csrfmiddlewaretoken": self.token, "prompt": prompt, **fields}
        headers = JSON | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", "/generate/", urlencode(values).encode(), headers)
        assert answer.status == 202, f"{answer.status} {answer.body[:500]!r}"
        return dict(answer.json)

    def picture(self, prompt: str, pause: float = 0.0, **fields: object) -> list[Shown]:
        """Submit, poll when told to (or each `pause` seconds), and load every picture as soon as it is there."""
        start = time.perf_counter()
        told = self.submit(prompt, **fields)
        submitted = time.perf_counter() - start
        shown: list[Shown] = []
        waiting, polls = [job["id"] for job in told["jobs"]], 0
        while waiting:
            time.sleep(pause or told["poll_after_ms"] / 1000)
            told, polls = self.poll(waiting), polls + 1
            for job in [job for job in told["jobs"] if job["status"] in ("succeeded", "failed", "canceled")]:
                assert job["image"], job
                size = len(self.get(job["image"]["url"]).body)
                shown.append(Shown(time.perf_counter() - start, submitted, polls, size, job))
                waiting.remove(job["id"])
        return shown

    def poll(self, ids: list[str]) -> dict[str, Any]:
        return dict(self.get(f"/status/?{urlencode([('id', one) for one in ids])}", JSON).json)

    def close(self) -> None:
        self.line.close()

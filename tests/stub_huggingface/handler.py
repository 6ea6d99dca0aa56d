"""One connection to the stub: finds what is asked, and answers well or as badly as the scenario says."""

from __future__ import annotations

import io
import json
import re
import socket
import struct
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.stub_huggingface import forms, hub, pictures
from tests.stub_huggingface.behaviours import BEHAVIOURS
from tests.stub_huggingface.forms import Asked
from tests.stub_huggingface.scenarios import Scenario

if TYPE_CHECKING:
    from tests.stub_huggingface.server import HuggingFaceStub

ERROR_401 = {"error": "Invalid username or password."}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    @property
    def stub(self) -> HuggingFaceStub:
        return cast("Any", self.server).stub

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        query = parse_qs(urlsplit(self.path).query)
        self.stub.note("GET", self.path, dict(self.headers))
        if path == "/_stub/calls":
            return self.send(200, self.stub.calls_json())
        if found := re.fullmatch(r"/results/(\d+)/(\d+)/(\d+)\.png", path):
            return self.send_result(*map(int, found.groups()))
        if path.startswith("/redirect"):
            return self.send(302, b"", {"Location": query.get("to", ["/redirect/again"])[0]})
        if found := re.fullmatch(r"(?:/wavespeed)?/api/v3/predictions/(.+)/result", path):
            return self.send_poll(found[1])
        return self.send_hub(path, query)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.stub.note("POST", self.path, dict(self.headers))
        body = json.loads(raw or b"{}")
        path = unquote(urlsplit(self.path).path)
        if path == "/_stub/script":
            self.stub.script(body)
            return self.send(200, {"ok": True})
        if path == "/_stub/reset":
            self.stub.reset()
            return self.send(200, {"ok": True})
        if not self.may_draw(path):
            return self.send(401, ERROR_401)
        try:
            asked = forms.understand(path, body, self.headers)
        except (forms.BadRequest, KeyError, ValueError, TypeError, AttributeError) as error:
            return self.send(400, {"error": str(error) or "bad"})
        if asked is None:
            return self.send(404, "Not Found")
        scenario = self.stub.next_scenario(asked, path, body, dict(self.headers))
        return self.draw(asked, scenario)

    def may_draw(self, path: str) -> bool:
        token = self.headers.get("Authorization", "")
        own = path.startswith(("/v1/", "/endpoint"))
        return "bad" not in token and (own or token.startswith("Bearer hf_"))

    # The Hub

    def send_hub(self, path: str, query: Mapping[str, list[str]]) -> None:
        if self.stub.hub:
            scenario = self.stub.hub.popleft()
            return self.perform(Asked("hub", "", "hub"), scenario)
        if self.headers.get("Authorization", "").startswith("Bearer hf_bad"):
            return self.send(401, ERROR_401)
        if path == "/api/whoami-v2":
            return self.send(*((200, hub.WHOAMI) if "Authorization" in self.headers else (401, ERROR_401)))
        if path == "/api/models":
            return self.send(200, hub.models(self.stub.serving, query.get("inference_provider", [""])[0]))
        found = hub.model(self.stub.serving, path.removeprefix("/api/models/"))
        return self.send(200, found) if found else self.send(404, {"error": "Repository not found"})

    # Drawing

    def draw(self, asked: Asked, scenario: Scenario) -> None:
        self.stub.work(+1)
        try:
            self.stub.closing.wait(self.stub.delay)
        finally:
            self.stub.work(-1)
        self.perform(asked, scenario)

    def perform(self, asked: Asked, scenario: Scenario) -> None:
        if behaviour := BEHAVIOURS.get(scenario.how):
            return behaviour(self, asked, scenario)
        body = scenario.body
        if isinstance(body, dict):
            body = json.loads(json.dumps(body).replace("{url}", self.stub.url))
        headers = {name: value if isinstance(value, str) else value() for name, value in scenario.headers.items()}
        return self.send(scenario.status, body, headers)

    def send_picture(self, asked: Asked, scenario: Scenario) -> None:
        task = self.stub.new_task(asked, scenario) if asked.provider == "wavespeed" else "task-0"
        form = forms.answer(asked, self.stub.url, task)
        if form is not None:
            return self.send(201 if asked.provider == "replicate" else 200, form)
        kind = "png" if self.headers.get("Accept") == "image/png" else "jpeg"
        data = asked.picture() if kind == "png" else pictures.jpeg(asked.width, asked.height, asked.seed or 0)
        headers = {"Content-Type": f"image/{kind}", "x-compute-time": "1.2", **cast("dict[str, str]", scenario.headers)}
        return self.send(200, data, headers)

    def send_result(self, width: int, height: int, seed: int) -> None:
        if "Authorization" in self.headers:
            return self.send(400, {"error": "the token was sent along"})
        return self.send(200, pictures.png(width, height, seed), {"Content-Type": "image/png"})

    def send_poll(self, task: str) -> None:
        asked, scenario, count = self.stub.poll(task)
        if not self.may_draw("/wavespeed"):
            return self.send(401, ERROR_401)
        if scenario.how == "poll_hiccup" and count == 0:
            return self.send(502, "hiccup")
        if scenario.how == "poll_gone":
            return self.send(404, "Not Found")
        status = "completed" if count else "processing"
        status = {"poll_failed": "failed", "poll_for_ever": "processing"}.get(scenario.how, status)
        outputs = [self.stub.url + asked.link()] if status == "completed" else []
        error = "it broke" if status == "failed" else ""
        data = {"id": task, "status": status, "outputs": outputs, "error": error}
        return self.send(200, {"code": 200, "message": "success", "data": data})

    # Sending

    def send(self, status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = "application/json" if isinstance(body, dict | list) else "text/plain"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "x-request-id": "req-1", **(headers or {})}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 204:
            self.wfile.write(data)

    def start(self, length: int | None, *, kind: str = "image/png") -> None:
        """Headers only; without a length the body comes in chunks."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        name, value = ("Content-Length", str(length)) if length is not None else ("Transfer-Encoding", "chunked")
        self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def drip(self, data: bytes) -> None:
        """One byte at a time, until the other side or the test is gone."""
        self.close_connection = True
        for at in range(len(data)):
            if self.stub.closing.wait(self.stub.drip):
                return
            self.connection.sendall(data[at : at + 1])

    def reset(self) -> None:
        """Ends with RST rather than FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.wfile = cast("Any", io.BytesIO())
        self.rfile.close()
        self.connection.close()

"""The stub itself: real sockets, all providers, all failures."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Self

from tests.stub_huggingface.forms import Asked
from tests.stub_huggingface.handler import Handler
from tests.stub_huggingface.hub import SERVING, Serving
from tests.stub_huggingface.scenarios import SCENARIOS, Scenario

IN_PROMPT = re.compile(r"\[scenario:([\w,*]+)\]")


@dataclass(frozen=True)
class Call:
    """One drawing call as it arrived."""

    path: str
    provider: str
    model: str
    prompt: str
    seed: int | None
    scenario: str
    time: float
    body: dict[str, Any]
    headers: dict[str, str] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        names = ("path", "provider", "model", "prompt", "seed", "scenario", "time")
        return {name: getattr(self, name) for name in names}


class Server(ThreadingHTTPServer):
    """Knows its connections, so that closing ends them all."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    stub: HuggingFaceStub

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error here."""


class HuggingFaceStub:
    """`with HuggingFaceStub() as stub:` then point the client's addresses at `stub.url`.

    A drawing call is answered by the next entry of `script`, else by the scenarios named in its prompt
    ("[scenario:busy]", "[scenario:busy*2,ok]": one per call, the last one stays), else with a picture.
    """

    def __init__(self, *, port: int = 0, delay: float = 0.0, drip: float = 1.0) -> None:
        self.delay = delay
        self.drip = drip
        self.serving: Serving = {model: dict(providers) for model, providers in SERVING.items()}
        self.hub: deque[Scenario] = deque()
        self.calls: list[Call] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.per_prompt: Counter[str] = Counter()
        self.peak = self.busy = 0
        self.tasks: dict[str, tuple[Asked, Scenario, int]] = {}
        self.closing = threading.Event()
        self._script: deque[str | Scenario] = deque()
        self._lock = threading.Lock()
        self._server = Server(port)
        self._server.stub = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        for connection in list(self._server.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._server.server_close()

    def script(self, answers: Iterable[str | Scenario]) -> None:
        """The answers of the next drawing calls: names out of SCENARIOS, or scenarios."""
        answers = list(answers)
        for answer in answers:
            assert isinstance(answer, Scenario) or answer in SCENARIOS, answer
        with self._lock:
            self._script.extend(answers)

    def reset(self) -> None:
        with self._lock:
            self._script.clear()
            self.hub.clear()
            self.calls.clear()
            self.requests.clear()
            self.per_prompt.clear()
            self.peak = self.busy

    def next_scenario(self, asked: Asked, path: str, body: dict[str, Any], headers: dict[str, str]) -> Scenario:
        """Note a drawing call and choose its answer."""
        with self._lock:
            count = self.per_prompt[asked.prompt]
            self.per_prompt[asked.prompt] += 1
            chosen = self._script.popleft() if self._script else in_prompt(asked.prompt, count)
            name, scenario = (chosen, SCENARIOS[chosen]) if isinstance(chosen, str) else ("own", chosen)
            call = Call(path, asked.provider, asked.model, asked.prompt, asked.seed, name, time.time(), body, headers)
            self.calls.append(call)
        return scenario

    def note(self, method: str, path: str, headers: dict[str, str]) -> None:
        with self._lock:
            self.requests.append((method, path, headers))

    def work(self, change: int) -> None:
        with self._lock:
            self.busy += change
            self.peak = max(self.peak, self.busy)

    def new_task(self, asked: Asked, scenario: Scenario) -> str:
        with self._lock:
            task = f"task-{len(self.tasks) + 1}"
            self.tasks[task] = (asked, scenario, 0)
        return task

    def poll(self, task: str) -> tuple[Asked, Scenario, int]:
        """The task, and how often it was asked for before."""
        with self._lock:
            asked, scenario, count = self.tasks[task]
            self.tasks[task] = (asked, scenario, count + 1)
        return asked, scenario, count

    def calls_json(self) -> bytes:
        with self._lock:
            return json.dumps({"calls": [call.as_json() for call in self.calls], "peak": self.peak}).encode()


def in_prompt(prompt: str, count: int) -> str:
    found = IN_PROMPT.search(prompt)
    names: list[str] = []
    for item in found[1].split(",") if found else ["ok"]:
        name, _, times = item.partition("*")
        names += [name] * int(times or 1)
    if found and "*" in found[1].split(",")[-1]:
        names.append("ok")
    name = names[min(count, len(names) - 1)]
    return name if name in SCENARIOS else "bad_input"

"""Connections that end when their call must end.

A read timeout starts again with every byte, so a slow server could hold a worker for ever, in the headers too.
Here one thread looks after all calls and shuts the sockets of those whose deadline is over or canceled. A call also
says which addresses it may connect to: the address that was checked is the one that is used.
"""

from __future__ import annotations

import ipaddress
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from http.client import CONTINUE, HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from workers.providers.base import Deadline

TICK = 0.1
POOL_SIZE = 64
Resolve = Callable[[str, int], list[str]]


class Call:
    """One HTTP call, while its block runs: when it must end, how it finds addresses, and the sockets it uses."""

    def __init__(self, deadline: Deadline, resolve: Resolve) -> None:
        self.deadline = deadline
        self.resolve = resolve
        self.sent = False
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Call:
        watcher.add(self)
        self._before = CURRENT.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._before)
        watcher.discard(self)
        for sock in self._sockets:
            sock.close()

    def end_if_over(self) -> None:
        if not self.deadline.remaining():
            for sock in list(self._sockets):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def hold(self, sock: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one apart, and the connection may close its own."""
        self._sockets.append(socket.socket(fileno=os.dup(sock.fileno())))

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """To the first of the host's addresses that answers."""
        problem = OSError(f"{host} has no address")
        for address in self.resolve(host, port):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            try:
                self.hold(sock)
                sock.settimeout(min(timeout, self.deadline.remaining()))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect((address, port))
                return sock
            except OSError as error:
                sock.close()
                problem = error
        raise problem


class Watcher:
    """The thread that ends the calls of this process; it sleeps while there are none."""

    def __init__(self) -> None:
        self._calls: set[Call] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread()

    def add(self, call: Call) -> None:
        with self._changed:
            if not self._thread.is_alive():  # the first call of a process, or of its child
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            self._calls.add(call)
            self._changed.notify()

    def discard(self, call: Call) -> None:
        with self._changed:
            self._calls.discard(call)

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._calls)
                calls = list(self._calls)
            for call in calls:
                call.end_if_over()
            time.sleep(TICK)


watcher = Watcher()
CURRENT: ContextVar[Call | None] = ContextVar("call", default=None)


def addresses_of(host: str, port: int) -> list[str]:
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class FinalResponse(HTTPResponse):
    """Python passes over 100 alone. After a 103 the next call on the connection would get this one's picture."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, CONTINUE if status < 200 else status, reason


class Watched(HTTPConnection):
    response_class = FinalResponse

    def _new_conn(self) -> socket.socket:
        call = CURRENT.get()
        return call.connect(self._dns_host, self.port, self.timeout or math.inf) if call else super()._new_conn()

    def getresponse(self) -> Any:
        if call := CURRENT.get():
            call.hold(self.sock)
            call.sent = True
        return super().getresponse()


class WatchedTLS(Watched, HTTPSConnection):
    pass


class WatchedAdapter(HTTPAdapter):
    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = WatchedTLS if pool.scheme == "https" else Watched
        return pool


class Session(requests.Session):
    """Obeys calls, with room for as many threads as a worker has.

    Which proxy and certificates the environment names is looked up once for each server: it takes as long as a call.
    """

    def __init__(self, *, trust_env: bool = True) -> None:
        super().__init__()
        self.trust_env = trust_env
        self._found: dict[str, Any] = {}
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # kept, they grow until calls are refused
        for scheme in ("http://", "https://"):
            self.mount(scheme, WatchedAdapter(pool_connections=16, pool_maxsize=POOL_SIZE))

    def merge_environment_settings(self, url: Any, *_: Any, **__: Any) -> Any:
        server = "/".join(str(url).split("/", 3)[:3]) if self.trust_env else ""
        if server not in self._found:
            self._found[server] = super().merge_environment_settings(url, {}, None, None, None)
        return self._found[server] | {"stream": True}

"""Connections that end when their call must end.

A read timeout starts again with every byte, so a slow server could hold a worker for ever, in the headers too.
Here one thread watches all calls and shuts the sockets of those whose deadline is over or canceled. A call also
says which addresses it may connect to: the address that was checked is the one that is used.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from workers.providers.base import Deadline

TICK = 0.1
POOL_SIZE = 64
Resolve = Callable[[str, int], list[str]]


class Call:
    """One HTTP call: when it must end, how it finds addresses, and the sockets it uses."""

    def __init__(self, deadline: Deadline, resolve: Resolve) -> None:
        self.deadline = deadline
        self.resolve = resolve
        self.sent = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    def hold(self, sock: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one apart, and the connection may close its own."""
        with self._lock:
            self._sockets.append(socket.socket(fileno=os.dup(sock.fileno())))

    def shut(self) -> None:
        with self._lock:
            for sock in self._sockets:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()


class Watch:
    """The thread that shuts late calls; it lives only while there are calls."""

    def __init__(self) -> None:
        self._calls: set[Call] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, call: Call) -> Iterator[Call]:
        with self._lock:
            self._calls.add(call)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
        try:
            yield call
        finally:
            with self._lock:
                self._calls.discard(call)
            call.close()

    def _run(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                late = [call for call in self._calls if not call.deadline.remaining()]
                if not self._calls:
                    self._thread = None
                    return
            for call in late:
                call.shut()


WATCH = Watch()
CURRENT: ContextVar[Call | None] = ContextVar("call", default=None)


def addresses_of(host: str, port: int) -> list[str]:
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def open_socket(call: Call, host: str, port: int, timeout: float | None) -> socket.socket:
    """Connect to the first of the host's addresses that answers."""
    problem: OSError = OSError(f"{host} has no address")
    for address in call.resolve(host, port):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            call.hold(sock)
            sock.settimeout(timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect((address, port))
        except OSError as error:
            sock.close()
            problem = error
        else:
            return sock
        if not call.deadline.remaining():
            break
    raise problem


class Watched(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        call = CURRENT.get()
        if call is None:
            return super()._new_conn()
        timeout = self.timeout if isinstance(self.timeout, float | int) else None
        return open_socket(call, self._dns_host, self.port, timeout)

    def getresponse(self) -> Any:
        if call := CURRENT.get():
            call.hold(self.sock)
            call.sent = True
        return super().getresponse()


class WatchedTLS(Watched, HTTPSConnection):
    pass


class Pool(HTTPConnectionPool):
    ConnectionCls = Watched


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = WatchedTLS


class WatchedAdapter(HTTPAdapter):
    """Room for as many threads as a worker has; used through `http.Http` only."""

    def __init__(self) -> None:
        super().__init__(pool_connections=16, pool_maxsize=POOL_SIZE)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TLSPool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": Pool, "https": TLSPool}
        return manager


def watched(session: requests.Session) -> requests.Session:
    """Give a session the adapter that obeys calls, unless it has it already."""
    for scheme in ("http://", "https://"):
        if not isinstance(session.adapters.get(scheme), WatchedAdapter):
            session.mount(scheme, WatchedAdapter())
    return session

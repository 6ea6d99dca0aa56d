"""A small TCP load balancer: takes each connection to the next backend in turn, and to another if one refuses."""

from __future__ import annotations

import itertools
import socket
import threading
from contextlib import suppress
from typing import Self

from tests.services import LOOPBACK


class Balancer:
    """`backends` are ports of this machine, and may be changed while it runs."""

    def __init__(self, backends: list[int]) -> None:
        self.backends = backends
        self._turn = itertools.count()
        self._listener = socket.create_server((LOOPBACK, 0), backlog=256)
        self.url = f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._join, args=[client], daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with client, suppress(OSError), self._connect() as backend:
            back = threading.Thread(target=pump, args=[backend, client], daemon=True)
            back.start()
            pump(client, backend)
            back.join()

    def _connect(self) -> socket.socket:
        """The next backend that takes the connection."""
        known = list(self.backends)
        first = next(self._turn)
        for port in (known[(first + further) % len(known)] for further in range(len(known))):
            with suppress(OSError):
                return socket.create_connection((LOOPBACK, port))
        raise ConnectionRefusedError("no backend takes connections")


def pump(source: socket.socket, target: socket.socket) -> None:
    """Until the source has no more to say."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)

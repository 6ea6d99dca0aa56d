"""`python -m tests.bench.hammer PORT CONNECTIONS SECONDS`: the same request over and over; prints answers per second.

The bytes of one or more requests come on stdin. A process of its own, so that it takes no time from who measures.
"""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
WARM_UP = 0.3
BETWEEN = b"\0"


class Line:
    """One connection with one request on its way."""

    def __init__(self, port: int, request: bytes) -> None:
        self.request, self.buffer = request, b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        self.buffer = b""
        self.socket.sendall(self.request)

    def complete(self) -> bool:
        """Read what there is; True once the whole answer is here."""
        part = self.socket.recv(262_144)
        assert part, "the server hung up"
        self.buffer += part
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        assert head[9:12] in (b"200", b"202"), head
        length = LENGTH.search(head)
        return length is not None and len(body) >= int(length[1])


def hammer(port: int, connections: int, seconds: float, requests: list[bytes]) -> float:
    """Each connection has one of the requests for its own."""
    selector = selectors.DefaultSelector()
    for number in range(connections):
        line = Line(port, requests[number % len(requests)])
        selector.register(line.socket, selectors.EVENT_READ, line)
        line.send()
    count, start = 0, 0.0
    end = (now := time.perf_counter()) + WARM_UP + seconds
    begin = now + WARM_UP
    while (now := time.perf_counter()) < end:
        if not start and now >= begin:
            count, start = 0, now
        for key, _ in selector.select(1):
            if key.data.complete():
                count += 1
                key.data.send()
    return count / (time.perf_counter() - start)


def per_second(url: str, requests: Sequence[bytes], connections: int = 8, seconds: float = 1.5) -> float:
    port = url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "tests.bench.hammer", port, str(connections), str(seconds)]
    return float(subprocess.run(command, input=BETWEEN.join(requests), capture_output=True, check=True).stdout)


if __name__ == "__main__":
    print(hammer(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.stdin.buffer.read().split(BETWEEN)))

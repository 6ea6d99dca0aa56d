"""How the stub misbehaves: one function per behaviour, by the names that scenarios use."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from tests.stub_huggingface import pictures
from tests.stub_huggingface.forms import Asked
from tests.stub_huggingface.scenarios import Scenario

if TYPE_CHECKING:
    from tests.stub_huggingface.handler import Handler


def send_picture(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.send_picture(asked, scenario)


def gzipped(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.send(200, pictures.zipped(asked.picture()), cast("Any", scenario.headers))


def bomb(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.send(200, pictures.gzip_bomb(), cast("Any", scenario.headers))


def json_b64(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.send(200, {"data": [{"b64_json": base64.b64encode(asked.picture()).decode()}]})


def jpeg(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.send(200, pictures.jpeg(asked.width, asked.height, asked.seed or 0), cast("Any", scenario.headers))


def black(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.send(200, pictures.black(asked.width, asked.height), {"Content-Type": "image/png"})


def endless(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.start(None)
    block = b"10000\r\n" + bytes(65536) + b"\r\n"
    while not handler.stub.closing.is_set():
        handler.connection.sendall(block)


def truncated(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    data = asked.picture()
    handler.start(len(data))
    handler.wfile.write(data[: len(data) // 2])


def truncated_chunks(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.start(None)
    handler.wfile.write(b"100\r\n" + asked.picture()[:200])


def reset_in_body(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.start(100_000)
    handler.wfile.write(asked.picture()[:100])
    handler.reset()


def hang(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.close_connection = True
    handler.stub.closing.wait(600)


def slow_headers(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.drip(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + b"X-Slow: really\r\n" * 1000)


def slow_body(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    data = asked.picture()
    handler.start(len(data))
    handler.drip(data)


def hints_first(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    handler.send_picture(asked, scenario)


def not_http(handler: Handler, asked: Asked, scenario: Scenario) -> None:
    handler.close_connection = True
    handler.wfile.write(b"220 mail.example.org ESMTP\r\n\r\n")


BEHAVIOURS: dict[str, Callable[[Handler, Asked, Scenario], None]] = {
    "picture": send_picture,
    "poll_failed": send_picture,
    "poll_gone": send_picture,
    "poll_hiccup": send_picture,
    "poll_for_ever": send_picture,
    "gzip": gzipped,
    "gzip_bomb": bomb,
    "json_b64": json_b64,
    "jpeg": jpeg,
    "black": black,
    "endless": endless,
    "truncated": truncated,
    "truncated_chunks": truncated_chunks,
    "reset": lambda handler, asked, scenario: handler.reset(),
    "reset_in_body": reset_in_body,
    "hang": hang,
    "slow_headers": slow_headers,
    "slow_body": slow_body,
    "hints_first": hints_first,
    "not_http": not_http,
}

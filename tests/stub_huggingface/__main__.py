"""`python -m tests.stub_huggingface --port 0 --delay 0.5 --port-file PATH`: the stub as a process."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import threading
from pathlib import Path

from tests.stub_huggingface import HuggingFaceStub


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.stub_huggingface")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds each drawing takes")
    parser.add_argument("--port-file", type=Path, help="where to write the port, once it listens")
    options = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with HuggingFaceStub(port=options.port, delay=options.delay) as stub, contextlib.suppress(KeyboardInterrupt):
        if options.port_file:
            written = options.port_file.with_suffix(".tmp")
            written.write_text(stub.url.rsplit(":", 1)[1])
            os.replace(written, options.port_file)
        print(stub.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()

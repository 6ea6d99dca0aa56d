"""`python -m tests.bench [--only poll,scale] [--no-write]`: measure, print one table, write docs/performance.md."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence

from tests.bench import baselines, endpoint, pages, poll, report, scale, throughput
from tests.bench.table import Row, plain

PARTS: dict[str, tuple[str, Callable[[], Sequence[Row]]]] = {
    "poll": ("One user", poll.run),
    "throughput": ("A crowd", throughput.run),
    "endpoint": ("Status and submit, against the least a Django view can do", endpoint.run),
    "scale": ("A million pictures", scale.run),
    "pages": ("Bytes and starts", pages.run),
    "baselines": ("Other ways", baselines.run),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    busy, found = os.getloadavg()[0], dict[str, Sequence[Row]]()
    for name in options.only.split(","):
        title, run = PARTS[name]
        start = time.perf_counter()
        found[title] = run()
        print(f"\n{title} ({time.perf_counter() - start:.0f} s)\n{plain(found[title])}", flush=True)
    if not options.no_write:
        command = "make bench" if options.only == ",".join(PARTS) else f"python -m tests.bench --only {options.only}"
        report.write(found, command, busy)
        print(f"\nWritten: {report.PAGE}")


if __name__ == "__main__":
    main()

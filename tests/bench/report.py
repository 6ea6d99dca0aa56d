"""docs/performance.md: what was measured, when, where and how; what was found; what it looks like as it grows."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench import chart
from tests.bench.table import Row, markdown

PAGE = chart.DOCS / "performance.md"
METHOD, FOUND = (Path(__file__).with_name(name) for name in ("method.md", "found.md"))
PACKAGES = ("django", "celery", "redis", "psycopg2-binary", "pillow", "gunicorn", "waitress")
CHARTS = {
    "performance-users.svg": "Jobs per second and p95 against users",
    "performance-rows-postgresql.svg": "Page, search and claim times against rows in PostgreSQL",
    "performance-rows-sqlite.svg": "Page, search and claim times against rows in SQLite",
}


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else platform.processor() or platform.machine()}"


def memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"


def machine(busy: float) -> str:
    load = f"load {busy:.1f} before the run"
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{processor()}, {memory()}, {platform.system()}, Python {platform.python_version()}, {load}; {packages}."


def write(parts: Mapping[str, Sequence[Row]], command: str, busy: float) -> None:
    now = datetime.now(UTC)
    lines = [
        "# Performance",
        "",
        f"Measured on {now:%Y-%m-%d %H:%M} UTC with `{command}`. {machine(busy)}",
        "",
        METHOD.read_text(encoding="utf-8"),
    ]
    for title, rows in parts.items():
        lines += [f"## {title}", "", markdown(rows), ""]
    lines += ["## Growth", ""]
    for name, words in CHARTS.items():
        if (chart.DOCS / name).exists():
            lines += [f"![{words}]({name})", ""]
    lines.append(FOUND.read_text(encoding="utf-8"))
    PAGE.write_text("\n".join(lines), encoding="utf-8")

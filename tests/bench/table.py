"""What a measurement gives: rows, each with its target where there is one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`met` is None where no target was set; `note` says what a reader must know."""

    name: str
    value: float
    unit: str = ""
    target: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def figure(self) -> str:
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()

    @property
    def verdict(self) -> str:
        return {None: "", True: "yes", False: "NO"}[self.met]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def plain(rows: Sequence[Row]) -> str:
    """For the terminal."""
    wide = max((len(row.name) for row in rows), default=0)
    return "\n".join(
        f"{row.name:<{wide}}  {row.figure:>14}  {row.target:>12}  {row.verdict:<3}  {row.note}".rstrip() for row in rows
    )


def markdown(rows: Sequence[Row]) -> str:
    head = "| what | measured | target | reached | note |\n|---|---:|---:|---|---|\n"
    cells = ((row.name, row.figure, row.target, row.verdict, row.note) for row in rows)
    return head + "\n".join(f"| {' | '.join(line)} |" for line in cells)

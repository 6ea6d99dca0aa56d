"""How long a model's pictures take, and when to look whether one is there. Seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UNKNOWN_RUN = 12.0
SURE_RUNS = 5
LATE = 0.9  # this share of the last pictures was quicker than the slow ones
SHORTEST_STEP = 0.008
STEPS = 4  # so many steps between the quick and the slow
LATER = 0.2  # overdue by a second: the next step is this long


@dataclass(frozen=True)
class Pace:
    """How long a model's last pictures took: the quick ones, the usual, the slow. `runs` of them are known."""

    early: float = UNKNOWN_RUN / 12
    usual: float = UNKNOWN_RUN
    late: float = UNKNOWN_RUN * 2
    runs: int = 0

    def step(self, elapsed: float) -> float:
        """Until the next poll of a job that has run so long."""
        if elapsed < self.early:
            return max(SHORTEST_STEP, self.early - elapsed)
        return max(SHORTEST_STEP, (self.late - self.early) / STEPS, (elapsed - self.usual) * LATER)


def pace_of(runs: Sequence[float]) -> Pace:
    """From one picture on; those that took much longer than the usual one are no measure."""
    ordered = sorted(runs)
    usual = ordered[len(ordered) // 2]
    ordered = [run for run in ordered if run <= usual * 3]
    early, late = ordered[0], ordered[int(len(ordered) * LATE)]
    if len(runs) < SURE_RUNS:  # few pictures say little about how much they differ
        early, late = min(early, usual * 0.9), max(late, usual * 1.1)
    return Pace(early, usual, late, len(runs))

"""Answers to polls, kept until the moment that they named for the next one, and for a fifth of a second at most.

Who asks as told always gets a new one; who asks sooner costs next to nothing. All processes of one machine share the
moment of the last change that one of them made or saw, so nobody is shown an older state after a newer one.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from mmap import mmap
from typing import NamedTuple

LONGEST_MS = 200
MOST = 200
LARGEST = 50_000  # bytes: a hundred jobs with long prompts have a million, and are read anew
NS_PER_MS = 1_000_000


class Answer(NamedTuple):
    """`asked_at`: nanoseconds of the machine's clock, before the database was asked."""

    asked_at: int
    wait_ms: int
    body: bytes
    etag: str


@dataclass
class Answers:
    """Kept only where it is `on`: in gunicorn's processes, which have their number from the one that started them."""

    on: bool = False
    _kept: dict[Hashable, Answer] = field(default_factory=dict)
    _changed_at: memoryview[int] = field(default_factory=lambda: memoryview(mmap(-1, 8)).cast("q"))  # shared by forks

    def get(self, key: Hashable) -> Answer | None:
        known = self._kept.get(key)
        if not known or known.asked_at <= self._changed_at[0]:
            return None
        age = time.monotonic_ns() - known.asked_at
        return known if age < min(known.wait_ms, LONGEST_MS) * NS_PER_MS else None

    def keep(self, key: Hashable, answer: Answer) -> None:
        """What says something new makes all that was asked for until now old, itself too.

        A neighbour that asked a moment later may have read the state before it.
        """
        if not self.on:
            return
        before = self._kept.pop(key, None)
        if len(self._kept) >= MOST:
            self._kept.clear()
        if len(answer.body) <= LARGEST:
            self._kept[key] = answer
        if not before or before.etag != answer.etag:
            self.forget()

    def forget(self) -> None:
        """Something was changed."""
        self._changed_at[0] = time.monotonic_ns()


answers = Answers()

"""Who goes first when many pictures come at once: they are finished one after the other, their thumbnails afterwards.

Sixteen threads that do the same work side by side are all ready last. In turn, the first is ready after a sixteenth of
the time, and whoever asked for it goes on while the others are finished.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AT_ONCE = max(1, (os.cpu_count() or 1) // 2)  # the web, the database and the thumbnails need processors, too
PATIENCE_SECONDS = 0.25  # then they go side by side: a storage or a database that is far away is waited for together
LONGEST_GAP_WAIT = 2.0

_turns = threading.Semaphore(AT_ONCE)
_nobody = threading.Condition()
_finishing = 0


@contextmanager
def finishing() -> Iterator[None]:
    """Wait for a turn to check and store a picture."""
    _count(1)
    in_turn = _turns.acquire(timeout=PATIENCE_SECONDS)
    try:
        yield
    finally:
        if in_turn:
            _turns.release()
        _count(-1)


def _count(more: int) -> None:
    global _finishing
    with _nobody:
        _finishing += more
        _nobody.notify_all()


def wait_for_gap(enough: Callable[[], bool]) -> bool:
    """Until no picture is being finished, or `enough` wait; but not for ever. Whether there was a wait."""
    with _nobody:
        if not _finishing:
            return False
        _nobody.wait_for(lambda: not _finishing or enough(), LONGEST_GAP_WAIT)
        return True

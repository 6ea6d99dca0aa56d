from __future__ import annotations

import ctypes
from contextlib import suppress

VERSION = "0.1.0"

M_ARENA_MAX = -8  # of glibc's mallopt


def share_freed_memory() -> None:
    """By default glibc keeps what each thread has freed apart: with 30 threads that was 80 MB more."""
    with suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


share_freed_memory()

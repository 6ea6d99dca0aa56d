"""Scripts of East Asia put no space between words, so each of their signs stands for itself in the search's index."""

from __future__ import annotations

import re
from typing import Any

from django.db.backends.signals import connection_created
from django.dispatch import receiver

SIGN = re.compile("[\u2e80-\U0010ffff]")


def spaced(text: str) -> str:
    """ "a 狐狸" -> "a  狐  狸 ". PostgreSQL does the same in its function `images_words`."""
    return SIGN.sub(r" \g<0> ", text)


@receiver(connection_created)
def teach(connection: Any, **_: Any) -> None:
    """SQLite's triggers call it by this name."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("images_spaced", 1, spaced, deterministic=True)

"""The Celery app: `celery -A config worker --pool threads`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.transport import TRANSPORT_ALIASES

from config import problems

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
problems.stop_if_any()

TRANSPORT_ALIASES["memory"] = "config.memory:Transport"
app = Celery("images")
app.config_from_object("django.conf:settings", namespace="CELERY")


@setup_logging.connect
def leave_logging_alone(**_: Any) -> None:
    """Django has set it up. Celery would raise the level to WARNING, and nobody would see what is drawn."""

"""The app with two views more to measure against: `DJANGO_SETTINGS_MODULE=tests.bench.settings`."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"

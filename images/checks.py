"""Bad settings stop every command of manage.py."""

from __future__ import annotations

from typing import Any

from django.core import checks

from config import problems


@checks.register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    return [checks.Error(sentence, id=f"images.E{number:03}") for number, sentence in enumerate(problems.find(), 1)]

"""What Django shows of an error while DEBUG is on: everything but secrets."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter

from config.logs import redact


class RedactingReporter(ExceptionReporter):
    """Addresses of databases carry passwords, and Django knows secrets only by the names of settings."""

    def get_traceback_html(self) -> SafeString:
        return mark_safe(redact(super().get_traceback_html()))  # noqa: S308  Django has escaped it

    def get_traceback_text(self) -> SafeString:
        return mark_safe(redact(super().get_traceback_text()))  # noqa: S308

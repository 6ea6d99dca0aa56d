"""Django's WSGI handler, less one hole: it believes the charset that a request names, before anything else runs."""

from __future__ import annotations

from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """Reads everything as UTF-8. With `charset=hex` and a query string, Django's own ends in a server's bare 500."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Utf8Handler(WSGIHandler):
    request_class = Utf8Request


def get_wsgi_application() -> WSGIHandler:
    """As Django's function of this name."""
    django.setup(set_prefix=False)
    return Utf8Handler()

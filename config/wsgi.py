"""What gunicorn and `make run` serve."""

from __future__ import annotations

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

from config import problems

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
problems.stop_if_any()


class Utf8Request(WSGIRequest):
    """Reads everything as UTF-8. Django believes the charset that a request names before anything else runs, and with
    `charset=hex` and a query string ends in a server's bare 500."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Handler(WSGIHandler):
    request_class = Utf8Request

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """To HEAD without a body: waitress would send it, and a browser takes it for the start of the next answer."""
        answer = super().__call__(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return answer
        answer.close()
        return []


django.setup(set_prefix=False)
application = Handler()

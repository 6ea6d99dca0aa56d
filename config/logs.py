"""One line per event: key=value, or JSON. Secrets never reach a line."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from config import env

SHORTEST = 6  # a shorter text is no secret, and would be found everywhere
SECRET = re.compile(r"\b(hf_|sk-)[A-Za-z0-9_\-]{6,}|(?i:bearer)\s+\S+")
OWN_FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """The text without our own secrets, as they are or quoted in some way, and without what looks like one."""
    for secret in sorted((one for one in env.hidden if len(one) >= SHORTEST), key=len, reverse=True):
        for form in (secret, unquote(secret), quote(secret, ""), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
            text = text.replace(form, "[secret]")
    return SECRET.sub("[secret]", text)


def shown(text: str) -> str:
    """JSON's text without what would move, hide or break up a line."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def plain(value: object) -> object:
    """A request as its method and path: what people search for or type stays out of the log."""
    path = getattr(value, "path", None)
    return f"{getattr(value, 'method', '')} {path}" if path else value


def is_strangers_fault(record: logging.LogRecord) -> bool:
    """A bad request is told in one line: nobody may fill the log with tracebacks."""
    return record.name.startswith("django.security") or (
        record.name == "django.request" and record.levelno < logging.ERROR
    )


class LineFormatter(logging.Formatter):
    """Formats a record with its `extra` fields: `time=… level=… event="claimed" job=… attempt=2`."""

    def __init__(self, json: bool = False) -> None:
        super().__init__()
        self.json = json

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{key: plain(value) for key, value in vars(record).items() if key not in OWN_FIELDS},
        }
        if record.exc_info and not is_strangers_fault(record):
            fields["traceback"] = self.formatException(record.exc_info)
        return redact(self._line(fields))

    def _line(self, fields: dict[str, object]) -> str:
        if self.json:
            return shown(json.dumps(fields, default=str, ensure_ascii=False))
        return " ".join(f"{key}={shown(json.dumps(str(value), ensure_ascii=False))}" for key, value in fields.items())

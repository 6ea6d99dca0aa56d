"""How gunicorn serves the web: `gunicorn -c config/gunicorn.py config.wsgi`. Each value with its reason."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # gunicorn reads this file before it adds the folder

from gunicorn.glogging import Logger

from config import env
from images.answers import answers

# A host that gives a PORT (Heroku, Docker) sends people to it from outside: all addresses. Otherwise only this machine.
host = env.text("HOST") or ("" if env.text("PORT") else "127.0.0.1")
bind = f"{host}:{env.number('PORT', 8000, 0, 65535)}"

# Requests are short and wait for the database, never for a picture: few processes, some threads.
worker_class = "gthread"
workers = env.number("WEB_CONCURRENCY", 2, 1, 64)
threads = 8  # each may hold one database connection: workers x threads of them
preload_app = True  # one copy in memory, and a bad setting ends the start with its sentence instead of a restart loop

graceful_timeout = 25  # requests get this long to end on a stop; Heroku kills after 30
keepalive = 95  # longer than the proxies in front keep theirs (60 to 90), so that they never meet a closed connection

limit_request_line = 8190  # a status request for 100 jobs is 4,021 bytes long, gunicorn's own limit 4,094
forwarder_headers = ""  # by its own list a visitor's SCRIPT_NAME moves the site, past a proxy's rules for some paths
control_socket_disable = True  # it would be written to the home folder, which may be read-only
logconfig_dict = {  # the same lines as Django's
    "formatters": {"generic": {"()": "config.logs.LineFormatter", "json": env.text("LOG_FORMAT") == "json"}},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False}},
}


class logger_class(Logger):  # type: ignore[misc]
    """No access log: the proxy in front writes one, and here it would be mostly status polls."""

    access_log_enabled = False


def when_ready(_server: Any) -> None:
    """The processes are not forked yet: they will share what makes an answer old."""
    answers.on = True

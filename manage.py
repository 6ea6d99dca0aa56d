#!/usr/bin/env python
from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.env import ensure_secret_key

    ensure_secret_key()
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(about_database(error))


def about_database(error: Exception) -> str:
    from config.logs import redact

    reason = redact(str(error).partition("\n")[0])
    advice = "Check DATABASE_URL; if tables are missing, run “manage.py migrate” (--traceback shows more)."
    return f"The database cannot be used: {reason}. {advice}"


if __name__ == "__main__":
    main()

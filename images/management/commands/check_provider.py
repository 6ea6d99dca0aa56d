"""`manage.py check_provider`: does drawing work, and if not, what to change?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from workers import backends


class Command(BaseCommand):
    help = "Check the token and who draws with your model. Says in plain words what to change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--draw", action="store_true", help="also draw one small picture; this may cost money")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{backends.chosen()} draws with {settings.HF_MODEL}.")
        if options["draw"]:
            self.stderr.write("Drawing; this may take a minute ...")
        lines = backends.check(draw=options["draw"])
        for line in lines:
            self.stdout.write(f"{'ok' if line.ok else 'NO'}  {line.text}")
        if not all(line.ok for line in lines):
            raise CommandError("Drawing does not work yet.")

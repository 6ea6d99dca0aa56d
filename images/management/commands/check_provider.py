"""`manage.py check_provider`: does drawing work, and if not, what to change?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from workers import backends
from workers.providers.check import Line, check_drawing, check_huggingface


class Command(BaseCommand):
    help = "Check the token and who draws with your model. Says in plain words what to change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--draw", action="store_true", help="also draw one small picture; this may cost money")

    def handle(self, *args: Any, **options: Any) -> None:
        name = backends.chosen()
        self.stdout.write(f"{name} draws with {settings.HF_MODEL}.")
        if options["draw"]:
            self.stderr.write("Drawing; this may take a minute ...")
        lines = check(name, options["draw"])
        for line in lines:
            self.stdout.write(f"{'ok' if line.ok else 'NO'}  {line.text}")
        if not all(line.ok for line in lines):
            raise CommandError("Drawing does not work yet.")


def check(name: str, draw: bool) -> list[Line]:
    if name == "huggingface":
        with requests.Session() as session:
            return check_huggingface(backends.huggingface_config(), session, settings.HF_MODEL, draw=draw)
    if draw:
        return [check_drawing(backends.provider(name), settings.HF_MODEL)]
    hint = " Set HF_TOKEN for real pictures." if name == "demo" else ""
    return [Line(True, f"{name} needs no check. Use --draw to make a picture.{hint}")]

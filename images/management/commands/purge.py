"""`manage.py purge`: what the sweeper does by itself, at once."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from workers import janitor


class Command(BaseCommand):
    help = "Remove for good what has been in the trash for 7 days, what is older than KEEP_DAYS, and old results."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trash-now", action="store_true", help="empty the whole trash, whatever its age")

    def handle(self, *args: Any, **options: Any) -> None:
        pictures = self.repeat("old pictures", janitor.purge)
        trash = self.repeat("in the trash", partial(janitor.purge, 0)) if options["trash_now"] else 0
        results = self.repeat("old results", janitor.prune_results)
        self.stdout.write(f"Removed {pictures:,} old pictures, {trash:,} from the trash, {results:,} old results.")

    def repeat(self, what: str, step: Callable[[], int]) -> int:
        """Each step is one batch; 0 ends."""
        total = 0
        while removed := step():
            total += removed
            self.stderr.write(f"\r{what}: {total:,}", ending="")
            self.stderr.flush()
        if total:
            self.stderr.write("")
        return total

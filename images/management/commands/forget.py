"""`manage.py forget`: what “Delete everything of mine” does, for somebody who asks by letter."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from images import jobs
from images.models import Job


class Command(BaseCommand):
    help = "Remove all pictures and prompts of one person for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("owner", help="an account's name, or the owner as the admin shows it: visitor:..., user:7")
        parser.add_argument("--yes", action="store_true", help="do it; without this it only says how much there is")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = owner_key(options["owner"])
        found = Job.objects.filter(owner=owner).count()
        if not options["yes"]:
            self.stdout.write(f"{owner} has asked for {found:,} pictures. Add --yes to remove them for good.")
            return
        self.stdout.write(f"Removed for good: {jobs.forget(owner):,} of {owner}.")


def owner_key(text: str) -> str:
    """Raises CommandError for an unknown account."""
    if text.startswith(("visitor:", "user:")):
        return text
    user = get_user_model().objects.filter(username=text).first()
    if user is None:
        raise CommandError(f"There is no account with the name {text}.")
    return f"user:{user.pk}"

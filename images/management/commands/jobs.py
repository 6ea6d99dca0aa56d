"""`manage.py jobs`: how many there are, why some failed, and trying those again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from images import matching
from images.models import Status
from workers.operations import OPERATIONS, run


class Command(BaseCommand):
    help = "Show how many jobs there are in each state, why jobs failed, or try failed jobs again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--failed", action="store_true", help="show failed jobs, grouped by reason")
        parser.add_argument("--retry-failed", action="store_true", help="try failed jobs again")
        parser.add_argument("--code", default="", help="only those that failed for this reason, as --failed shows it")
        parser.add_argument("--json", action="store_true", help="print JSON for other programs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["code"] and not (options["failed"] or options["retry_failed"]):
            raise CommandError("--code goes with --failed or --retry-failed.")
        if options["retry_failed"]:
            answer, lines = self.retry(options["code"])
        elif options["failed"]:
            answer, lines = failed(options["code"])
        else:
            answer = matching.exact_counts()
            lines = [f"{status:10} {number:>9,}" for status, number in answer.items()]
        self.stdout.write(json.dumps(answer) if options["json"] else "\n".join(lines))

    def retry(self, code: str) -> tuple[Any, list[str]]:
        wanted = {"status": Status.FAILED.value, "code": code}
        operation = OPERATIONS["retry"]
        expected = operation.matching(wanted).count()
        done = run("retry", wanted, operation.moment(wanted), lambda done: self.tell(done, expected))
        if done:
            self.stderr.write("")
        return {"retried": done, "skipped": max(0, expected - done)}, [operation.summary(done, expected)]

    def tell(self, done: int, expected: int) -> None:
        self.stderr.write(f"\r{done:,} of {expected:,} ({100 * done // max(1, expected)} %)", ending="")
        self.stderr.flush()


def failed(code: str) -> tuple[Any, list[str]]:
    """Out of the CAP newest failed jobs."""
    reasons = [reason for reason in matching.reasons() if code in {"", reason.code}]
    lines = [
        f"{one.count:>6,}  {one.code} ({one.http or 'no answer'}, {one.provider})  {one.message}" for one in reasons
    ]
    nothing = "No job has failed for this reason." if code else "No job has failed."
    return [vars(one) for one in reasons], lines or [nothing]

"""What an operator does to many jobs at once: in batches, through the same functions as the views.

A batch that has ended stays done. A run that was cut off can simply be started again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import states
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_celery_results.models import TaskResult
from kombu.exceptions import OperationalError as BrokerError

from config.celery import app
from images import jobs
from images.matching import Jobs, in_groups, matching
from images.models import RETRYABLE, TERMINAL, Status

BATCH = 500


@dataclass(frozen=True)
class Operation:
    """`ends` tells since when a job has been as the operator saw it; `usual` is the state meant when none is named."""

    verb: Promise
    past: Promise
    permission: str
    sources: frozenset[Status]
    ends: str
    act: Callable[[Jobs], int]
    usual: str = ""

    def matching(self, wanted: Mapping[str, str]) -> Jobs:
        """The jobs that it can be done to; what a person has put away is left alone."""
        return matching({"status": self.usual, **wanted}).filter(status__in=self.sources, dismissed_at=None)

    def moment(self, wanted: Mapping[str, str]) -> datetime:
        """Now, by the clock of the database, which wrote when jobs ended; where none match it does not matter."""
        return self.matching(wanted).annotate(now=Now()).values_list("now", flat=True).first() or now()

    def summary(self, done: int, expected: int) -> str:
        """“Retried 480, skipped 20 that had changed.”"""
        skipped = max(0, expected - done)
        words = _("%(past)s %(done)s, skipped %(skipped)s that had changed.") if skipped else _("%(past)s %(done)s.")
        return words % {"past": self.past, "done": in_groups(done), "skipped": in_groups(skipped)}


OPERATE = "images.operate_job"
OPEN = frozenset({Status.QUEUED, Status.RUNNING})
RETRY, CANCEL = pgettext_lazy("operation", "Retry"), pgettext_lazy("operation", "Cancel")
DELETE = pgettext_lazy("operation", "Delete")
RETRIED, CANCELED, DELETED = gettext_lazy("Retried"), gettext_lazy("Canceled"), gettext_lazy("Deleted")
OPERATIONS = {
    "retry": Operation(RETRY, RETRIED, OPERATE, RETRYABLE, "finished_at", lambda rows: len(jobs.retry(rows)), "failed"),
    "cancel": Operation(CANCEL, CANCELED, OPERATE, OPEN, "queued_at", lambda rows: len(jobs.cancel(rows))),
    "delete": Operation(DELETE, DELETED, "images.delete_job", TERMINAL, "finished_at", jobs.to_trash),
}


def run(
    name: str, wanted: Mapping[str, str], moment: datetime, report: Callable[[int], Any] = lambda done: None
) -> int:
    """Do it to all jobs that match and have not changed since the moment; `report` hears how many so far."""
    operation = OPERATIONS[name]
    rows = operation.matching(wanted).filter(**{f"{operation.ends}__lte": moment})
    done = 0
    for batch in batches(rows):
        done += operation.act(batch)
        report(done)
    return done


def batches(rows: Jobs) -> Iterator[Jobs]:
    """In the order of ids, so that each job comes once, whatever becomes of it."""
    rest = rows.order_by("pk")
    while ids := list(rest.values_list("pk", flat=True)[:BATCH]):
        yield rows.filter(pk__in=ids)
        rest = rest.filter(pk__gt=ids[-1])


@app.task(name="operate", bind=True, ignore_result=False)
def operate(self: Any, name: str, wanted: dict[str, str], moment: str, expected: int) -> str:
    """The same as a task; its result is what the operator reads."""
    operation = OPERATIONS[name]

    def tell(done: int) -> None:
        if self.request.id:
            self.update_state(state=states.STARTED, meta=f"{operation.past} {done:,} so far.")

    tell(0)  # to wake workers for the first batch may take seconds
    done = run(name, wanted, datetime.fromisoformat(moment), tell)
    return operation.summary(done, max(done, expected))


def start(name: str, wanted: Mapping[str, str], expected: int, asked_at: datetime | None = None) -> TaskResult | None:
    """Hand it to a worker. The row can be looked at at once. None: the broker is away, and nothing was begun."""
    moment = asked_at or OPERATIONS[name].moment(wanted)
    kwargs = {"name": name, "wanted": dict(wanted), "moment": moment.isoformat(), "expected": expected}
    waiting = {"task_kwargs": json.dumps(kwargs), "result": json.dumps("It waits for a worker.")}
    row: TaskResult = TaskResult.objects.create(task_id=str(uuid.uuid4()), task_name=operate.name, **waiting)
    try:
        operate.apply_async(kwargs=kwargs, task_id=row.task_id)
    except (BrokerError, OSError):
        row.delete()
        return None
    return row

"""The only place that changes a job's state. Every move is one conditional UPDATE; no row changed means too late."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.db.models.lookups import LessThanOrEqual

from images.models import queries
from images.models.operations import ALL_PROVIDERS, ProviderState
from images.models.prepared import Unindexed, insert
from images.models.status import RETRYABLE, Status

if TYPE_CHECKING:
    from images.models.job import Job
    from images.models.picture import GeneratedImage


class JobQuerySet(models.QuerySet["Job"]):
    def queued(self) -> Self:
        return self.filter(status=Status.QUEUED)

    def due(self) -> Self:
        """Queued jobs that may run now."""
        return self.queued().filter(LessThanOrEqual(Unindexed("next_attempt_at"), Now()))

    def claimable(self) -> Self:
        """Due jobs whose provider takes calls, in the order of their turns.

        Of the jobs that lost several workers only one runs at a time, so that the one at fault harms no other for long.
        """
        blocked = ProviderState.objects.blocked()
        if ALL_PROVIDERS in blocked:
            return self.none()
        due = self.due().exclude(provider__in=blocked).order_by("turn", "id")
        return due.filter(losses__lt=queries.SUSPECT_LOSSES) if queries.suspect_query().fetch() else due

    def expired(self) -> Self:
        """Running jobs whose worker has stopped renewing the lease."""
        return self.filter(status=Status.RUNNING, lease_until__lt=Now())

    @staticmethod
    def lease_end() -> Any:
        return Now() + settings.LEASE

    def locked(self) -> Self:
        """Only rows that no other worker is just taking."""
        return self.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)

    def next_turn(self, owner: str) -> int:
        """Behind the owner's own waiting jobs, but beside everybody else's next one: one turn for each in rounds."""
        return max(self.waiting_of(owner)[1], self.current_turn())

    def waiting_of(self, owner: str) -> tuple[int, int]:
        """How many jobs wait for this owner, and the turn that comes after theirs."""
        return next(((number, last + 1) for number, last in queries.waiting_query().fetch(owner=owner)), (0, 0))

    def current_turn(self) -> int:
        return next((int(turn) for (turn,) in queries.first_turn_query().fetch()), 0)

    def lock_owner(self, owner: str) -> None:
        """One submit at a time per owner until the transaction ends: caps, turns and keys are then exact."""
        if connection.vendor == "postgresql":  # SQLite has one writer anyway
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [owner])

    def claim(self, worker: str) -> Job | None:
        """Take the next job in turn: queued → running, the attempt counted and the lease set. None if there is none."""
        with transaction.atomic():
            job = self._next() if ProviderState.objects.all_well() else self._next_elsewhere()
            return job if job and self._start(job, worker) else None

    def _next(self) -> Job | None:
        """The first in turn, where every provider is well."""
        for job in queries.next_query().objects(self.model):
            return job if job.losses < queries.SUSPECT_LOSSES else self.claimable().locked().first()
        return None

    def _next_elsewhere(self) -> Job | None:
        """The first in turn whose provider takes calls; one at a time probes a provider that had trouble."""
        probed: set[str] = set()  # somebody else probes these providers now; other providers' jobs can run
        while job := self.claimable().locked().exclude(provider__in=probed).first():
            if ProviderState.objects.take_probe(job.provider):
                return job
            probed.add(job.provider)
        return None

    def renew(self, tokens: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Prolong these leases; the ones that come back are still ours."""
        held = self.filter(status=Status.RUNNING, lease_token__in=list(tokens))
        held.update(lease_until=self.lease_end())
        return {token for token in held.values_list("lease_token", flat=True) if token}

    def succeed(self, job: Job, image: GeneratedImage, **attempt: Any) -> bool:
        """running → succeeded, with its picture, in one short transaction."""
        run = {"id": job.pk, "lease_token": job.lease_token}
        attempt = {"provider": job.provider, "http_status": None, "request_id": "", **attempt}
        with transaction.atomic():
            if not queries.succeed_query().run(**run):
                return False
            insert(image)
            queries.stored_query().run(**run, **attempt)
        return True

    def fail(self, job: Job, code: str, message: str, /, **attempt: Any) -> bool:
        """running → failed, for good."""
        ended = {"finished_at": Now(), "error_code": code, "error_message": message}
        return self._leave(job, Status.FAILED, ended, {"error_code": code, **attempt})

    def requeue(
        self, job: Job, code: str, message: str, /, *, delay: float = 0.0, charge: bool = True, **attempt: Any
    ) -> bool:
        """running → queued, to be tried again in `delay` seconds; `charge=False` gives the attempt back."""
        later = Now() + timedelta(seconds=delay) if delay else Now()  # SQLite would write the sum with more digits
        changes: dict[str, Any] = {"next_attempt_at": later, "error_code": code, "error_message": message}
        if not charge:
            changes["attempts"] = F("attempts") - 1
        if attempt.get("outcome") == "lost":
            changes["losses"] = F("losses") + 1
        return self._leave(job, Status.QUEUED, changes, {"error_code": code, **attempt})

    def release(self, job: Job) -> bool:
        """running → queued at once, as if it had not been tried: its worker must stop."""
        return self.requeue(job, "", "", charge=False, outcome="released")

    def cancel(self) -> list[uuid.UUID]:
        """queued or running → canceled; a result that comes later is dropped. Returns the ids that moved."""
        with transaction.atomic():
            ids = self._move([Status.QUEUED, Status.RUNNING], Status.CANCELED, finished_at=Now(), **queries.NO_LEASE)
            running = apps.get_model("images", "Attempt").objects.filter(job__in=ids, finished_at=None)
            running.update(outcome="canceled", finished_at=Now())
        return ids

    def retry(self) -> list[uuid.UUID]:
        """failed or canceled → queued, with all attempts anew, and out of the trash. Returns the ids that moved."""
        again = {"attempts": 0, "losses": 0, "next_attempt_at": Now(), "queued_at": Now()}
        unset = dict.fromkeys(("started_at", "finished_at", "dismissed_at"))
        return self._move(RETRYABLE, Status.QUEUED, **again, **unset, **queries.NO_ERROR, **queries.NO_LEASE)

    def give_up(self, code: str, message: str) -> list[uuid.UUID]:
        """queued → failed, for jobs that waited too long."""
        return self._move([Status.QUEUED], Status.FAILED, finished_at=Now(), error_code=code, error_message=message)

    def _start(self, job: Job, worker: str) -> bool:
        job.lease_token = uuid.uuid4()
        job.attempts += 1
        started = queries.start_query().run(id=job.pk, attempts=job.attempts, lease_token=job.lease_token)
        if started:
            number = 1 if job.version == 1 else job.attempt_rows.count() + 1  # version 1: never claimed before
            run = {"lease_token": job.lease_token, "worker": worker, "provider": job.provider}
            insert(job.attempt_rows.model(job=job, number=number, **run))
        return started == 1

    def _leave(self, job: Job, to: Status, changes: dict[str, Any], attempt: dict[str, Any]) -> bool:
        """Out of running, only while the lease is still this run's own; its attempt ends."""
        assert job.lease_token is not None
        run = {"lease_token": job.lease_token}
        with transaction.atomic():
            held = self.filter(pk=job.pk, status=Status.RUNNING, **run)
            left = held.update(status=to, version=F("version") + 1, **queries.NO_LEASE, **changes)
            if left:
                attempt = {"outcome": "failed", "finished_at": Now(), **attempt}
                job.attempt_rows.filter(finished_at__isnull=True, **run).update(**attempt)
        return left == 1

    def _move(self, sources: Iterable[Status], to: Status, **changes: Any) -> list[uuid.UUID]:
        """Move the selected rows that may move. The ids are read first and each row is guarded again by its state."""
        allowed = Q(status__in=sources)
        with transaction.atomic():
            ids = list(self.filter(allowed).order_by("pk").select_for_update().values_list("pk", flat=True))
            rows = self.model._default_manager.filter(allowed, pk__in=ids)
            rows.update(status=to, version=F("version") + 1, **changes)
        return ids

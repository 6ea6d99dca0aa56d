"""What the operator and the sweeper need to know: providers on hold, and workers seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from images.models.prepared import Place, Prepared, rows, update

NEVER = datetime(2000, 1, 1, tzinfo=UTC)
ALL_PROVIDERS = "*"
BREAKER_FAILURES = 5
BREAKER_SECONDS = 30
PROBE_SECONDS = 60
CLOCK_SECONDS = 5.0  # what lies further ahead was written before the clock was set back, not by a neighbour just now


class ProviderStates(models.Manager["ProviderState"]):
    def blocked(self) -> set[str]:
        """Names of the providers whose jobs must wait now."""
        return {name for (name,) in blocked_query().fetch()}

    def paused(self) -> QuerySet[ProviderState]:
        return self.filter(paused_at__isnull=False)

    def all_well(self) -> bool:
        return not unwell_query().fetch()

    def hold(self, name: str, seconds: float) -> None:
        """A 429: nobody asks this provider before `seconds` have gone by, or an earlier 429's longer wait."""
        until = Now() + timedelta(seconds=seconds)
        self.get_or_create(name=name)
        self.filter(name=name).filter(Q(hold_until=None) | Q(hold_until__lt=until)).update(hold_until=until)

    def pause(self, name: str, code: str, reason: str, token_mark: str = "") -> bool:
        """Jobs of this provider wait until it is resumed; the first reason stays. Returns whether it ran before."""
        self.get_or_create(name=name)
        running = self.filter(name=name, paused_at__isnull=True)
        why = {"pause_code": code, "pause_reason": reason, "token_mark": token_mark}
        return running.update(paused_at=Now(), **why) == 1

    def resume(self, name: str) -> None:
        self._change(name, paused_at=None, pause_code="", pause_reason="", failures=0, open_until=None, hold_until=None)

    def resume_with_new_token(self, name: str, token_mark: str) -> bool:
        """Resume what was paused for another token than the one in use now."""
        refused = self.paused().filter(name=name).exclude(token_mark="").exclude(token_mark=token_mark)
        if not refused.exists():
            return False
        self.resume(name)
        return True

    def record_fault(self, name: str) -> None:
        """Count a fault on the provider's side; a run of them opens the breaker."""
        self._change(name, failures=F("failures") + 1)
        self.filter(name=name, failures__gte=BREAKER_FAILURES).update(
            open_until=Now() + timedelta(seconds=BREAKER_SECONDS)
        )

    def record_success(self, name: str) -> None:
        if trouble_query().fetch(name=name):
            self.filter(name=name).update(failures=0, open_until=None)

    def in_outage(self, name: str) -> bool:
        """Whether the breaker has opened and no picture has come since."""
        return any(failures >= BREAKER_FAILURES for (failures,) in trouble_query().fetch(name=name))

    def take_probe(self, name: str) -> bool:
        """Whether a job may call: always while closed, one at a time while the breaker is half open."""
        if not self.in_outage(name):
            return True
        half_open = self.filter(name=name, open_until__lte=Now())
        return half_open.update(open_until=Now() + timedelta(seconds=PROBE_SECONDS)) == 1

    def _change(self, name: str, **changes: Any) -> None:
        if not self.filter(name=name).update(**changes):
            self.get_or_create(name=name)
            self.filter(name=name).update(**changes)


class ProviderState(models.Model):
    """Whether jobs may go to a provider: breaker (failures, open_until), 429 hold, and pause. "*" means all."""

    name = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_code = models.CharField(max_length=40, blank=True)
    pause_reason = models.TextField(blank=True)
    token_mark = models.CharField(max_length=16, blank=True)

    objects = ProviderStates()

    class Meta:
        verbose_name = _("provider")

    def __str__(self) -> str:
        return self.name


@lru_cache
def blocked_query() -> Prepared:
    held = Q(paused_at__isnull=False) | Q(hold_until__gt=Now()) | Q(open_until__gt=Now())
    return rows(ProviderState.objects.filter(held).values_list("name"))


@lru_cache
def unwell_query() -> Prepared:
    """One row if any provider is on hold, or has failed and not recovered yet."""
    held = Q(paused_at__isnull=False) | Q(hold_until__gt=Now()) | Q(failures__gt=0) | Q(open_until__isnull=False)
    return rows(ProviderState.objects.filter(held).values_list("name")[:1])


@lru_cache
def trouble_query() -> Prepared:
    """The failures of one provider, if it has any or its breaker is open."""
    troubled = ProviderState.objects.filter(name=Place("name", ProviderState._meta.pk))
    return rows(troubled.exclude(failures=0, open_until=None).values_list("failures"))


class Workers(models.Manager["Worker"]):
    def seen(self, name: str, concurrency: int, running: int) -> None:
        self.update_or_create(name=name, defaults={"seen_at": Now(), "concurrency": concurrency, "running": running})

    def alive(self) -> QuerySet[Worker]:
        return self.filter(seen_at__gte=Now() - timedelta(seconds=45))


class Worker(models.Model):
    """A worker process: when it last spoke, and how many pictures it can draw at once."""

    name = models.CharField(max_length=120, primary_key=True)
    concurrency = models.PositiveIntegerField(default=1)
    running = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    objects = Workers()

    def __str__(self) -> str:
        return self.name


class Chores(models.Manager["Chore"]):
    def take(self, name: str, every: float) -> bool:
        """Whether this chore is due, at most once per `every` seconds over all processes."""
        self.get_or_create(name=name)
        late = Q(done_at__lte=Now() - timedelta(seconds=every))
        ahead = Q(done_at__gt=Now() + timedelta(seconds=CLOCK_SECONDS))
        return self.filter(late | ahead, name=name).update(done_at=Now()) == 1

    def age(self, name: str) -> float | None:
        """Seconds since the chore was last taken, by the database's clock; None if never."""
        row = self.filter(name=name).annotate(now=Now()).first()
        return (row.now - row.done_at).total_seconds() if row else None


class Chore(models.Model):
    """Work that any process may do, but only one at a time: sweep, clean-up, purge."""

    name = models.CharField(max_length=40, primary_key=True)
    done_at = models.DateTimeField(default=NEVER)

    objects = Chores()

    def __str__(self) -> str:
        return self.name


class Usage(models.Model):
    """What was asked of paid providers in one month: characters of prompts, and pictures."""

    month = models.DateField(primary_key=True)
    characters = models.PositiveBigIntegerField(default=0)
    pictures = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "usage"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.characters} characters, {self.pictures} pictures"


@lru_cache
def count_query() -> Prepared:
    """Adds to a month."""
    characters, pictures = (Place(name, Usage._meta.get_field(name)) for name in ("characters", "pictures"))
    month = Usage.objects.filter(month=Place("month", Usage._meta.pk))
    return update(month, characters=F("characters") + characters, pictures=F("pictures") + pictures)

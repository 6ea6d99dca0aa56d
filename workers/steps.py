"""What a worker process does beside its tasks: it renews leases, sweeps, and stops politely."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import Error as DatabaseError

from config.celery import app
from images.models import ProviderState
from workers import backends
from workers.database import release_connection
from workers.leases import keep_beating, leases
from workers.mistakes import keep_traceback
from workers.sweeper import BROKER_ERRORS, recover_dead_neighbours, send_wake_ups, sweep

logger = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = 2.0
LAST_WORDS_SECONDS = 5.0
PULSE_SECONDS = 0.1


def start_of_day() -> None:
    """Once per process: take back what the last one left."""
    leases.beat()
    recover_dead_neighbours()


def try_new_token() -> None:
    """Again and again: a worker that stops may hear late that its old token is refused, and pause the provider."""
    name = backends.chosen()
    if ProviderState.objects.resume_with_new_token(name, backends.token_mark(name)):
        logger.info("resumed with a new token", extra={"provider": name})


class Rounds:
    """The sweeper's turns. After the database was away, living workers get time to renew before leases are judged."""

    def __init__(self) -> None:
        self.started = False
        self.no_rescue_before = 0.0

    def turn(self) -> float:
        """Never fails. Returns the seconds until the next turn."""
        try:
            return self._turn()
        except DatabaseError as error:
            self.no_rescue_before = time.monotonic() + settings.HEARTBEAT_SECONDS * 1.5
            logger.warning("the sweep could not reach the database", extra={"reason": str(error).strip()})
        except BROKER_ERRORS as error:
            logger.warning("the sweep could not finish", extra={"reason": str(error).strip()})
        except Exception as error:
            logger.exception("the sweep failed")
            keep_traceback("sweep", "sweep", error)
        finally:
            release_connection()
        return PAUSE_AFTER_ERROR

    def _turn(self) -> float:
        if not self.started:
            start_of_day()
            self.started = True
        if not leases.closed:
            try_new_token()
        return sweep(rescuing=time.monotonic() >= self.no_rescue_before)


def keep_sweeping() -> None:
    """The sweeper thread."""
    rounds = Rounds()
    while True:
        time.sleep(rounds.turn())


def start_threads() -> None:
    """Heartbeat and sweeper, for as long as the process lives."""
    for target in (keep_sweeping, keep_beating):
        threading.Thread(target=target, daemon=True, name=target.__name__).start()


class Keeper(bootsteps.StartStopStep):
    """Heartbeat and sweeper beside a worker process; a stop waits for running jobs no longer than the grace."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        start_threads()

    def stop(self, parent: Any) -> None:
        leases.close()
        later(settings.WORKER_GRACE, lambda: release_and_exit(parent.exitcode or 0))


class Pulse(bootsteps.StartStopStep):
    """While all threads are busy, Celery's loop turns once a second; a thread that got free would idle that long."""

    requires = ("celery.worker.components:Hub",)

    def start(self, parent: Any) -> None:
        if hub := getattr(parent, "hub", None):  # there is none with the broker in memory
            hub.call_repeatedly(PULSE_SECONDS, time.monotonic)  # any call makes the loop turn


def later(seconds: float, act: Any) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def release_and_exit(code: int) -> None:
    """A thread cannot be stopped from outside, so the process ends as soon as its jobs are back in the queue."""
    later(LAST_WORDS_SECONDS, lambda: os._exit(code))  # whatever hangs
    try:
        released = leases.release()
        logger.warning("the grace is over", extra={"released": len(released)})
        send_wake_ups(released)
    except Exception as error:  # the leases end by themselves
        logger.warning("not all could be given back", extra={"reason": str(error).strip()})
    os._exit(code)


app.steps["worker"].add(Keeper)
app.steps["worker"].add(Pulse)

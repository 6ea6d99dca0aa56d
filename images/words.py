"""A job's state in words, for the first paint and pages without scripts; static/js/words.js goes on from there."""

from __future__ import annotations

import math

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from images.models import Status
from images.status import ErrorStatus, JobStatus

WAKING = "model_loading"  # its reason is a part of the sentence


def state_words(job: JobStatus) -> str:
    """Empty for a job that has ended."""
    if job["status"] == Status.RUNNING:
        return drawing(job["eta_seconds"])
    if job["status"] != Status.QUEUED:
        return ""
    return retrying(job, job["error"]) if job["error"] else waiting(job)


def why_words(job: JobStatus) -> str:
    """What holds up a job that waits."""
    error = job["error"] if job["status"] == Status.QUEUED else None
    return error["message"] if error and error["code"] != WAKING else ""


def drawing(left: int | None) -> str:
    if left is None:
        return _("Drawing")
    return _("Drawing, about %(time)s left") % {"time": duration(left)} if left > 0 else _("Drawing, almost done")


def waiting(job: JobStatus) -> str:
    place, eta = place_in_line(job["queue_position"]), job["eta_seconds"]
    return _("%(place)s, about %(time)s") % {"place": place, "time": duration(eta)} if eta else place


def place_in_line(ahead: int | None) -> str:
    if ahead is None:
        return _("Waiting")
    if ahead == 0:
        return _("Waiting, you are next")
    return ngettext("Waiting, %(n)s ahead of you", "Waiting, %(n)s ahead of you", ahead) % {"n": ahead}


def retrying(job: JobStatus, error: ErrorStatus) -> str:
    if error["retry_in"] is None:
        return _("Waiting")
    again = trying_again(error["code"] == WAKING, error["retry_in"])
    counts = {"next": job["attempt"] + 1, "most": job["max_attempts"]}
    return _("%(again)s (%(next)s of %(most)s)") % {"again": again, **counts}


def trying_again(waking: bool, left: int) -> str:
    if left <= 0:
        return _("The model is waking up, trying again") if waking else _("Trying again")
    words = _("The model is waking up, trying again in %(time)s") if waking else _("Trying again in %(time)s")
    return words % {"time": exactly(left)}


def duration(seconds: int) -> str:
    """An estimate, so it is rounded."""
    if seconds > 90:
        minutes = math.floor(seconds / 60 + 0.5)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    return exactly(math.ceil(seconds / 5) * 5 if seconds > 20 else seconds)


def exactly(seconds: int) -> str:
    if seconds > 90:
        return duration(seconds)
    return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}

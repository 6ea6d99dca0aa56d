"""What was asked of the paid provider this month, against the owner's budget. Nothing here is free."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from django.conf import settings
from django.utils import timezone

from images.models import Usage
from images.models.operations import count_query

FREE_PROVIDERS = frozenset({"demo"})


class UsageStatus(TypedDict):
    """Characters of prompts and pictures asked for since the first of the month; `resets_on` is the next first."""

    used: int
    budget: int
    pictures: int
    percent: int
    resets_on: date
    exhausted: bool


def next_month(day: date) -> date:
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1, day=1)


def usage(provider: str) -> UsageStatus | None:
    """The month until now; None where nothing is counted: no cost, or no budget."""
    if provider in FREE_PROVIDERS or not settings.MONTHLY_CHARACTER_BUDGET:
        return None
    today, budget = timezone.now().date(), settings.MONTHLY_CHARACTER_BUDGET
    row = Usage.objects.filter(month=today.replace(day=1)).first() or Usage()
    return {
        "used": row.characters,
        "budget": budget,
        "pictures": row.pictures,
        "percent": min(100, round(100 * row.characters / budget)),
        "resets_on": next_month(today),
        "exhausted": row.characters >= budget,
    }


def add(provider: str, characters: int, pictures: int) -> None:
    """Count what is about to be asked for, in the submit's own transaction."""
    if provider in FREE_PROVIDERS:
        return
    month = timezone.now().date().replace(day=1)
    more = {"month": month, "characters": characters, "pictures": pictures}
    if not count_query().run(**more):
        Usage.objects.get_or_create(month=month)
        count_query().run(**more)

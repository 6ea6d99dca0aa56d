from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from images import usage
from images.models import Job, Usage
from workers import backends

JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Jobs go to a provider that costs money, with a budget of 100 characters."""
    monkeypatch.setattr(backends, "chosen", lambda: "huggingface")
    settings.MONTHLY_CHARACTER_BUDGET = 100


@pytest.mark.django_db
@pytest.mark.usefixtures("paid")
def test_a_submit_counts_its_characters_once_per_picture(client: Client) -> None:
    client.post("/generate/", {"prompt": "x" * 20, "count": "2"}, **JSON)
    assert (Usage.objects.get().characters, Usage.objects.get().pictures) == (40, 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("paid")
def test_at_the_limit_nothing_is_sent_and_the_answer_says_until_when(client: Client) -> None:
    client.post("/generate/", {"prompt": "x" * 60}, **JSON)
    answer = client.post("/generate/", {"prompt": "y" * 60}, **JSON)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "budget_spent"
    assert "Drawing goes on from" in answer.json()["error"]["message"]
    assert Job.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("paid")
def test_the_page_shows_the_meter(client: Client) -> None:
    client.post("/generate/", {"prompt": "x" * 25}, **JSON)
    shown = client.get("/").context["usage"]
    assert (shown["used"], shown["budget"], shown["percent"], shown["exhausted"]) == (25, 100, 25, False)


@pytest.mark.django_db
def test_the_demo_costs_nothing_and_counts_nothing(client: Client) -> None:
    client.post("/generate/", {"prompt": "fox"}, **JSON)
    assert not Usage.objects.exists()
    assert client.get("/").context["usage"] is None


@pytest.mark.django_db
@pytest.mark.usefixtures("paid")
def test_no_budget_means_no_limit(client: Client, settings: Any) -> None:
    settings.MONTHLY_CHARACTER_BUDGET = 0
    assert client.post("/generate/", {"prompt": "x" * 2000}, **JSON).status_code == 202


@given(st.dates(max_value=date(9999, 11, 30)))
def test_the_next_month_is_the_first_first_after_the_day(day: date) -> None:
    first = usage.next_month(day)
    assert first.day == 1
    assert 1 <= (first - day).days <= 31

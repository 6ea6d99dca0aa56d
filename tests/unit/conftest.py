"""The people whom every view test asks: the owner, another visitor, staff, and somebody new."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import translation

from images import estimates, identity, jobs
from tests.unit.factories import OWNER
from workers import thumbnails

STRANGER = "visitor:" + "b" * 32


class Reader(Client):
    """A client that reads every answer to its end, as a browser does."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if response.streaming:
            response.body = b"".join(response.streaming_content)
            for close in response._resource_closers:  # close() would also end the test's database connection
                close()
        return response


def client_of(owner: str) -> Client:
    client = Reader()
    value = signing.get_cookie_signer(salt=identity.COOKIE + identity.SALT).sign(owner.removeprefix("visitor:"))
    client.cookies[identity.COOKIE] = value
    return client


@pytest.fixture
def client() -> Client:
    return Reader()


@pytest.fixture
def owner() -> Client:
    return client_of(OWNER)


@pytest.fixture
def stranger() -> Client:
    return client_of(STRANGER)


@pytest.fixture
def staff(django_user_model: Any, db: None) -> Client:
    client = Reader()
    client.force_login(django_user_model.objects.create_user("operator", password="x", is_staff=True))
    return client


@pytest.fixture(autouse=True)
def no_estimates() -> None:
    """What one test's queue looked like is not true in the next one."""
    estimates._cache.clear()


@pytest.fixture(autouse=True)
def in_english() -> None:
    """A request's language stays on after it."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_wake_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests run no worker, so a wake-up would only pile up in the in-memory broker."""
    monkeypatch.setattr(jobs, "wake", lambda ids: None)


@pytest.fixture(autouse=True)
def thumbnails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread would not see what the test's transaction holds."""
    monkeypatch.setattr(thumbnails, "add_later", thumbnails.add)

"""Pictures that come together are finished in turn, and thumbnails are made in the gaps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from workers import order


@pytest.fixture(autouse=True)
def one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "_turns", threading.Semaphore(1))


def started(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_pictures_that_come_together_are_finished_one_after_the_other() -> None:
    at_work, most = 0, 0

    def finish(_: int) -> None:
        nonlocal at_work, most
        with order.finishing():
            at_work += 1
            most = max(most, at_work)
            time.sleep(0.001)
            at_work -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(finish, range(8)))
    assert most == 1


def test_nobody_waits_long_behind_a_picture_that_cannot_be_stored_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "PATIENCE_SECONDS", 0.01)
    gone_on = threading.Event()

    def second() -> None:
        with order.finishing():
            gone_on.set()

    with order.finishing():
        started(second)
        assert gone_on.wait(5)


def test_the_turn_of_a_picture_that_failed_goes_to_the_next() -> None:
    with pytest.raises(ZeroDivisionError), order.finishing():
        _ = 1 / 0
    with order.finishing():
        pass
    order.wait_for_gap(lambda: False)


def test_thumbnails_wait_until_no_picture_is_being_finished() -> None:
    with ExitStack() as stack:
        stack.enter_context(order.finishing())
        waiting = started(lambda: order.wait_for_gap(lambda: False))
        waiting.join(0.02)
        assert waiting.is_alive()
    waiting.join(5)
    assert not waiting.is_alive()


def test_thumbnails_wait_for_no_gap_when_many_are_held() -> None:
    with order.finishing():
        assert order.wait_for_gap(lambda: True)
    assert not order.wait_for_gap(lambda: False)

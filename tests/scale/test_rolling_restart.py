"""A new version goes in while people work: nothing is lost and no request fails."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.scale.balancer import Balancer
from tests.scale.conftest import MakeFleet
from tests.scale.fleet import Fleet
from tests.scale.load import Load
from tests.services import LOOPBACK, AppProcesses, Process, collect_static, procfile, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ROUNDS = 2


def port(web: Process) -> int:
    return int(web.url.rpartition(":")[2])


def until_more_requests(load: Load, number: int) -> None:
    """The load has gone on for a while."""
    goal = sum(load.requests.values()) + number
    wait_until(lambda: sum(load.requests.values()) >= goal, 60, f"{number} more requests")


def replace_web(fleet: Fleet, balancer: Balancer, old: Process) -> None:
    """Start the new one, lead people to it, and only then stop the old one."""
    new = fleet.add_web().wait_ready("/readyz", 60)
    balancer.backends = [port(new) if known == port(old) else known for known in balancer.backends]
    assert old.terminate(40) == 0
    fleet.webs.remove(old)


def replace_worker(fleet: Fleet, old: Process) -> None:
    alive = fleet.number("SELECT count(*) FROM images_worker")
    fleet.add_worker()
    wait_until(lambda: fleet.number("SELECT count(*) FROM images_worker") > alive, 60, "the new worker is alive")
    assert old.terminate(60) == 0
    fleet.workers.remove(old)


def test_webs_and_workers_are_replaced_one_by_one_under_load(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(delay=0.5, WORKER_CONCURRENCY=8, IMAGE_STORAGE="database")
    fleet.start(webs=2, workers=2)
    with Balancer([port(web) for web in fleet.webs]) as balancer, Load(balancer.url) as load:
        until_more_requests(load, 30)
        for old_web, old_worker in zip(list(fleet.webs), list(fleet.workers), strict=True):
            replace_web(fleet, balancer, old_web)
            replace_worker(fleet, old_worker)
            until_more_requests(load, 30)
    assert load.failures == []
    fleet.until_succeeded(len(load.ids), 120)
    fleet.check_one_picture_each(len(load.ids))
    assert fleet.number("SELECT count(*) FROM images_attempt WHERE outcome = 'lost'") == 0
    print(dict(load.requests), f"slowest {load.slowest:.2f} s")


HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
SystemdWeb = Callable[[], Process]


@pytest.fixture
def socket_activated(app_processes: Callable[..., AppProcesses]) -> Iterator[tuple[str, SystemdWeb]]:
    """As systemd's socket units do it: the listening socket outlives the web process, which finds it as number 3."""
    app = app_processes()
    app.manage("migrate")
    collect_static()
    listener = socket.create_server((LOOPBACK, 0), backlog=256)
    handed = [sys.executable, "-c", HAND_OVER, str(listener.fileno())]

    def start() -> Process:
        command = [*handed, sys.executable, "-m", *shlex.split(procfile()["web"])]
        env = app.settings | {"LISTEN_FDS": "1", "WEB_CONCURRENCY": "1"}
        app.all.append(Process(command, app.folder / "web.log", env, pass_fds=[listener.fileno()]).start())
        return app.all[-1]

    yield f"http://{LOOPBACK}:{listener.getsockname()[1]}", start
    listener.close()


def test_one_web_behind_a_socket_of_systemd_is_restarted_and_people_only_wait(
    socket_activated: tuple[str, SystemdWeb],
) -> None:
    url, start = socket_activated
    web = start()
    web.url = url
    web.wait_ready()
    with Load(url, people=2) as load:
        for _ in range(ROUNDS):
            until_more_requests(load, 20)
            assert web.terminate(40) == 0
            web = start()
        until_more_requests(load, 20)
    assert load.failures == []
    assert load.slowest < 25

"""What `make run` does when it is started, stopped and killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.services import AppProcesses, Client
from tests.stub_huggingface import HuggingFaceStub

pytestmark = pytest.mark.e2e
Make = Callable[..., AppProcesses]


def test_the_start_tells_the_address_the_token_and_how_to_stop(app_processes: Make) -> None:
    log = app_processes().embedded().wait_ready().log
    assert "Open http://127.0.0.1:" in log
    assert "No token was found" in log
    assert "Press Ctrl-C to stop." in log


def test_the_start_says_whether_the_token_works_and_who_draws(app_processes: Make) -> None:
    with HuggingFaceStub() as stub:
        app = app_processes(HF_TOKEN="hf_test_token", HF_ROUTER_URL=stub.url, HF_HUB_URL=stub.url)
        process = app.embedded().wait_ready()
        process.wait_log("fal-ai")
    assert "A token was found" in process.log
    assert "NO  " not in process.log


def test_without_a_token_the_demo_draws(app_processes: Make) -> None:
    job = Client(app_processes().embedded().wait_ready().url).picture("a lighthouse", size="512x512")
    assert job["image"]["width"] == 512


def test_ctrl_c_puts_running_pictures_back_and_the_next_start_draws_them(app_processes: Make) -> None:
    with HuggingFaceStub(delay=8) as stub:
        app = app_processes(HF_TOKEN="hf_test_token", HF_ROUTER_URL=stub.url, HF_HUB_URL=stub.url)
        process = app.embedded().wait_ready()
        client = Client(process.url)
        jobs = client.submit("a red fox", count=2, size="512x512")
        process.wait_for(lambda: {job["status"] for job in client.status(*ids(jobs))} == {"running"}, 10, "drawing")
        started = time.monotonic()
        process.terminate(number=signal.SIGINT)
        assert time.monotonic() - started < 5
        assert "2 pictures in the queue" in process.log
        stub.delay = 0.0
        again = app.embedded().wait_ready()
        done = reopened(again.url, client).wait(jobs)
    assert [(job["status"], job["attempt"]) for job in done] == [("succeeded", 1)] * 2


def test_after_a_kill_the_next_start_draws_what_was_running_and_waiting(app_processes: Make) -> None:
    with HuggingFaceStub(delay=30) as stub:
        settings = {"HF_TOKEN": "hf_test_token", "HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url}
        app = app_processes(WORKER_CONCURRENCY=2, **settings)
        process = app.embedded().wait_ready()
        client = Client(process.url)
        jobs = client.submit("a red fox", count=4, size="512x512")
        process.wait_for(lambda: running(client, jobs) == 2, 10, "two are being drawn")
        process.kill9()
        stub.delay = 0.0
        started = time.monotonic()
        done = reopened(app.embedded().wait_ready().url, client).wait(jobs, 30)
    assert {job["status"] for job in done} == {"succeeded"}
    assert time.monotonic() - started < 15


def test_the_procfiles_processes_refuse_to_start_without_a_secret_key(app_processes: Make) -> None:
    app = app_processes(SECRET_KEY="", REDIS_URL="redis://127.0.0.1:9/0")
    for process in (app.web(), app.worker()):
        assert process.wait(30) != 0
        assert "SECRET_KEY is not set" in process.log


def test_a_bad_setting_stops_the_start_with_one_sentence(app_processes: Make) -> None:
    process = app_processes(WORKER_CONCURRENCY="many").embedded()
    assert process.wait(30) != 0
    assert "WORKER_CONCURRENCY must be a whole number from 1 to 256, not “many”." in process.log
    assert "Traceback" not in process.log


def test_a_port_in_use_is_explained(app_processes: Make) -> None:
    first = app_processes("one").embedded().wait_ready()
    second = app_processes("two").embedded(PORT=first.url.rpartition(":")[2])
    assert second.wait(30) != 0
    assert "Set PORT to another number." in second.log
    assert "Traceback" not in second.log


NO_START = {
    "PORT": ("99999", "PORT must be a whole number from 0 to 65535, not “99999”."),
    "HOST": ("no host of ours", "Set HOST to a name or an address of this machine."),
    "DATABASE_URL": ("postgres://app:pa55word@127.0.0.1:9/db", "The database cannot be reached: check DATABASE_URL"),
    "HF_MODEL": ("m" * 121, "HF_MODEL names a model with more than 120 characters"),
    "REDIS_URL": ("unix:///run/redis.sock", "REDIS_URL must look like redis://host:6379/0"),
}


@pytest.mark.parametrize("name", NO_START)
def test_a_setting_that_nobody_can_start_with_is_named_in_one_sentence(app_processes: Make, name: str) -> None:
    value, sentence = NO_START[name]
    process = app_processes().embedded(**{name: value})
    assert process.wait(30) != 0
    assert sentence in process.log
    assert "Traceback" not in process.log and "pa55word" not in process.log


@pytest.mark.parametrize(("host", "shown"), [("*", "localhost"), ("localhost", "localhost"), ("", "127.0.0.1")])
def test_the_pages_are_served_at_every_address_of_a_host(app_processes: Make, host: str, shown: str) -> None:
    process = app_processes(HOST=host).embedded().wait_ready()
    assert f"Open {process.url.replace('127.0.0.1', shown)} in your browser." in process.log


def ids(jobs: list[dict[str, object]]) -> list[str]:
    return [str(job["id"]) for job in jobs]


def running(client: Client, jobs: list[dict[str, object]]) -> int:
    return sum(job["status"] == "running" for job in client.status(*ids(jobs)))


def reopened(url: str, client: Client) -> Client:
    """The same visitor at a new address."""
    again = Client(url)
    again.session.cookies.update(client.session.cookies)
    return again

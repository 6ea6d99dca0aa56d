"""A person types a prompt and gets a picture: the real processes, in both forms."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.services import ROOT, AppProcesses, Client, PostgresServer, Process, RedisServer, wait_until
from tests.stub_huggingface import HuggingFaceStub

pytestmark = pytest.mark.e2e


@pytest.fixture
def stub() -> Iterator[HuggingFaceStub]:
    with HuggingFaceStub() as server:
        yield server


def token_for(stub: HuggingFaceStub) -> dict[str, str]:
    return {"HF_TOKEN": "hf_test_token", "HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url}


@pytest.fixture(params=["embedded", "apart"])
def web(request: pytest.FixtureRequest, app_processes: Callable[..., AppProcesses], stub: HuggingFaceStub) -> Process:
    """The app with a token: in one process, or web and worker with Redis and PostgreSQL."""
    if request.param == "embedded":
        return app_processes(**token_for(stub)).embedded().wait_ready()
    redis: RedisServer = request.getfixturevalue("redis_server")
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis.flushall()
    database = postgres.create_database("main_job")
    app = app_processes(REDIS_URL=redis.url, DATABASE_URL=database, **token_for(stub))
    app.manage("migrate")
    app.worker()
    return app.web().wait_ready()


def test_a_typed_prompt_becomes_a_picture_in_the_gallery(web: Process, stub: HuggingFaceStub) -> None:
    client = Client(web.url)
    job = client.picture("a red fox", size="832x1216", seed=7)
    data = client.get(job["image"]["url"]).content
    assert Image.open(BytesIO(data)).size == (832, 1216)
    assert client.get(job["image"]["thumbnail_url"]).headers["Content-Type"] == "image/webp"
    assert job["id"] in client.get("/gallery/").text
    assert 'filename="a-red-fox-' in client.get(job["image"]["download_url"]).headers["Content-Disposition"]


def test_four_pictures_of_one_submit_have_seeds_of_their_own(web: Process, stub: HuggingFaceStub) -> None:
    client = Client(web.url)
    jobs = client.wait(client.submit("a blue whale", count=4, seed=10))
    assert {job["status"] for job in jobs} == {"succeeded"}
    assert sorted(call.seed for call in stub.calls) == [10, 11, 12, 13]


def test_a_refused_request_fails_with_a_sentence_and_can_be_tried_again(web: Process, stub: HuggingFaceStub) -> None:
    client = Client(web.url)
    (job,) = client.wait(client.submit("a fox [scenario:bad_request]"))
    assert job["status"] == "failed"
    assert job["error"]["message"]
    again = client.post(f"/retry/{job['id']}/").json()["job"]
    assert again["id"] == job["id"]
    wait_until(lambda: len(stub.calls) == 2, 30, "A second request to the provider")


def test_visitors_who_submit_at_the_same_moment_share_one_budget(
    app_processes: Callable[..., AppProcesses], postgres_server: PostgresServer
) -> None:
    database = postgres_server.create_database("budget")
    app = app_processes(DATABASE_URL=database, HF_TOKEN="hf_test_token", MONTHLY_CHARACTER_BUDGET=1000, RATE_LIMIT="")
    app.manage("migrate")
    web = app.web().wait_ready()
    visitors = [Client(web.url) for _ in range(8)]
    tokens = [{"csrfmiddlewaretoken": visitor.csrf_token()} for visitor in visitors]

    def send(number: int) -> int:
        headers = {"Accept": "application/json", "Referer": f"{web.url}/"}
        data = {"prompt": "x" * 600, **tokens[number]}
        return visitors[number].session.post(f"{web.url}/generate/", data, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(send, range(8)))
    assert answers == [202] + [429] * 7


def test_who_cancels_sees_it_at_once_whichever_process_answers(
    app_processes: Callable[..., AppProcesses], postgres_server: PostgresServer
) -> None:
    """Each of gunicorn's processes keeps its answers to polls for a moment."""
    app = app_processes(DATABASE_URL=postgres_server.create_database("canceled"), RATE_LIMIT="", MAX_WAITING=100)
    app.manage("migrate")
    client = Client(app.web().wait_ready().url)
    client.session.headers["Connection"] = "close"  # so that any process may take the next request
    token = {"csrfmiddlewaretoken": client.csrf_token()}
    seen = []
    for _ in range(10):
        (job,) = client.submit("a fox")
        before = {client.status(job["id"])[0]["status"] for _ in range(6)}
        headers = {"Accept": "application/json", "Referer": f"{client.url}/"}
        client.session.post(f"{client.url}/cancel/{job['id']}/", token, headers=headers, timeout=30)
        seen.append((before, {client.status(job["id"])[0]["status"] for _ in range(6)}))
    assert seen == [({"queued"}, {"canceled"})] * 10


def test_the_program_of_the_docs_draws_a_fox(app_processes: Callable[..., AppProcesses], tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)
    site = app_processes().embedded().wait_ready()
    program = program.replace("http://127.0.0.1:8000", site.url)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
    assert Image.open(BytesIO((tmp_path / "fox").read_bytes())).size == (1024, 1024)

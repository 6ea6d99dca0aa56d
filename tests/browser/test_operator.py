"""An outage as the operator lives it: see why, mend it, try everything again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.services import AppProcesses, Client, Process, free_port
from tests.stub_huggingface import HuggingFaceStub

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
NAME, PASSWORD = "operator", "correct horse battery"
JOBS = 30


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A window; anything that the content security policy blocks fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if "Security Policy" in message.text else None)
    yield page
    context.close()
    assert not complaints


def outage(client: Client, stub: HuggingFaceStub) -> list[dict[str, Any]]:
    """All pictures are asked for before the first answer comes, and every answer is a refusal."""
    stub.script(["bad_token"] * JOBS)
    stub.delay = 6.0
    jobs = [job for _ in range(JOBS // 3) for job in client.submit("a red fox", count=3, size="512x512")]
    ended = client.wait(jobs)
    assert {job["status"] for job in ended} == {"failed"}
    stub.delay = 0.0
    return jobs


def log_in(page: Any, web: Process) -> None:
    page.goto(f"{web.url}/admin/")
    page.fill("#id_username", NAME)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_an_operator_finds_the_reason_mends_the_token_and_retries_all(
    app_processes: Callable[..., AppProcesses], page: Any
) -> None:
    with HuggingFaceStub() as stub:
        token = {"HF_ROUTER_URL": stub.url, "HF_HUB_URL": stub.url}
        port = free_port()
        app = app_processes(HF_TOKEN="hf_old_token", WORKER_CONCURRENCY=JOBS + 2, RATE_LIMIT="1000/minute", **token)
        web = app.embedded(PORT=port).wait_ready()
        user = {"USERNAME": NAME, "EMAIL": "operator@example.com", "PASSWORD": PASSWORD}
        given = {f"DJANGO_SUPERUSER_{key}": value for key, value in user.items()}
        app.manage("createsuperuser", "--noinput", **given)
        client = Client(web.url)
        jobs = outage(client, stub)

        log_in(page, web)
        page.get_by_role("link", name="Control").click()
        page.get_by_text("paused since").wait_for()
        row = page.locator("tr", has_text="token_refused")
        assert row.locator("td").first.inner_text() == str(JOBS)
        assert "The site's access token was refused." in row.inner_text()
        row.get_by_role("link").click()
        page.get_by_text(f"{JOBS} jobs", exact=True).wait_for()

        web.terminate()
        app.embedded(HF_TOKEN="hf_new_token", PORT=port).wait_ready()
        page.reload()
        page.get_by_role("link", name="Retry all that match").click()
        page.get_by_text(f"Retry {JOBS} jobs?").wait_for()
        page.get_by_role("button", name=f"Retry {JOBS} jobs").click()
        page.get_by_role("link", name="See how far it is.").click()
        page.get_by_text("operation on jobs").wait_for()
        done = client.wait(jobs)
        page.reload()
        page.get_by_text(f"Retried {JOBS}.").wait_for()
        page.goto(f"{web.url}/admin/images/job/")
        page.get_by_role("link", name=f"Done {JOBS}").wait_for()
    assert {job["status"] for job in done} == {"succeeded"}

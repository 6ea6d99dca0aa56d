"""What the provider does to us."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.harness import Seen, Site, fault
from tests.services import Process

Start = Callable[..., Site]


@fault(
    "the model is loading (503 with estimated_time 20)",
    "waits as long as asked, charges nothing, the page says so",
    slow=True,
)
def test_a_loading_model_is_waited_for(start: Start, seen: Seen) -> None:
    site = start()
    (pk,) = site.submit("a fox [scenario:loading,ok]")
    seen.begin()
    site.until(lambda: site.job(pk)["error_code"] == "model_loading", 10, "it waits")
    (status,) = site.client.status(pk)
    assert status["status"] == "queued" and status["error"]["message"] and status["error"]["retry_in"] > 10
    site.assert_all_succeeded(1)
    assert 19 < seen.end("drawn after the time asked for, attempt 1") < 40
    assert site.job(pk)["attempts"] == 1


@fault("429 with Retry-After 7", "honoured; other jobs of that provider wait too; no attempt charged", slow=True)
def test_a_429_holds_everybody_for_as_long_as_asked(start: Start, seen: Seen) -> None:
    site = start()
    (pk,) = site.submit("a fox [scenario:rate_limited,ok]")
    seen.begin()
    site.until(lambda: site.job(pk)["error_code"] == "rate_limited", 10, "it waits")
    others = site.submit("a whale", 3)
    site.assert_all_succeeded(4)
    assert 6.5 < seen.end("nobody called for 7 s, then all drawn, attempt 1") < 25
    first, *later = sorted(call.time for call in site.stub.calls)
    assert min(later) - first > 6.9
    assert {site.job(one)["attempts"] for one in (pk, *others)} == {1}


@fault(
    "out of credit (402), then a new token and a restart",
    "one job fails with a sentence, the others are held and then drawn",
    slow=True,
)
def test_out_of_credit_holds_the_others_until_there_is_a_new_token(start: Start, seen: Seen) -> None:
    site = start(WORKER_CONCURRENCY=1)
    (first,) = site.submit("a fox [scenario:no_credit]")
    site.until_status(first, "failed")
    assert "credit" in site.job(first)["error_message"]
    others = site.submit("a whale", 5)
    site.until(lambda: site.ready()[1]["providers"][0]["paused_at"], 5, "the operator sees the pause")
    site.workers[0].terminate()
    same = site.start_worker()
    assert [site.job(pk)["status"] for pk in others] == ["queued"] * 5 and len(site.stub.calls) == 1
    same.terminate()
    site.start_worker(HF_TOKEN="hf_new_token")
    seen.begin()
    site.until_all_ended()
    seen.end("1 failed, 5 held without a call, drawn after the new token")
    assert [site.job(pk)["attempts"] for pk in others] == [1] * 5
    site.check()


@fault("the token is refused (401)", "provider paused with one message; queued jobs are held", slow=True)
def test_a_refused_token_pauses_the_provider_and_a_resume_runs_the_rest(start: Start, seen: Seen) -> None:
    site = start(WORKER_CONCURRENCY=1)
    (first,) = site.submit("a fox [scenario:bad_token]")
    site.until_status(first, "failed")
    site.submit("a whale", 2)
    assert site.workers[0].log.count("provider paused") == 1
    assert len(site.stub.calls) == 1
    site.app.manage("shell", "-c", "from images.models import ProviderState as P; P.objects.resume('huggingface')")
    seen.begin()
    site.until_all_ended()
    seen.end("1 failed, 2 held, drawn after the operator's resume")
    assert sorted(site.states().values()) == ["failed", "succeeded", "succeeded"]
    site.check()


@fault(
    "answers that are no picture: HTML, nothing, half a picture, resets",
    "nothing wrong is stored; tried again; drawn",
    slow=True,
)
def test_answers_that_are_no_pictures_are_tried_again(start: Start, seen: Seen) -> None:
    site = start()
    names = ("html", "empty", "truncated", "json_error", "reset", "reset_in_body", "server_error", "garbage")
    seen.begin()
    ids = [site.submit(f"a fox [scenario:{name},ok]")[0] for name in names]
    site.assert_all_succeeded(len(names), 90)
    seen.end("8 kinds, each drawn in attempt 2")
    assert {site.job(pk)["attempts"] for pk in ids} == {2}


@fault(
    "requests that will never work (400, 413, content policy, a link to the metadata address)",
    "fail with a sentence, no retry where none helps",
    slow=True,
)
def test_hopeless_requests_fail_at_once(start: Start, seen: Seen) -> None:
    site = start()
    seen.begin()
    ids = [
        site.submit(f"a fox [scenario:{name}]")[0] for name in ("bad_input", "too_long", "content_policy", "not_found")
    ]
    unsafe = site.submit("a fox [scenario:link_local]")[0]
    site.until_all_ended(60)
    seen.end("failed in attempt 1; the link refused as “unsafe_link”")
    assert [site.job(pk)["attempts"] for pk in ids] == [1] * 4
    assert {site.job(pk)["status"] for pk in (*ids, unsafe)} == {"failed"}
    assert site.job(unsafe)["error_code"] == "unsafe_link"
    site.check()


@fault("an endless body and a decompression bomb", "cut at the cap; the worker grows by less than 150 MB", slow=True)
def test_huge_answers_do_not_fill_the_memory(start: Start, seen: Seen) -> None:
    site = start(MAX_ATTEMPTS=2)
    good = site.submit()[0]
    site.until_status(good, "succeeded")
    before = peak_megabytes(site.workers[0])
    seen.begin()
    ids = [site.submit(f"a fox [scenario:{name}]")[0] for name in ("endless", "gzip_bomb")]
    site.until_all_ended(90)
    grown = peak_megabytes(site.workers[0]) - before
    seen.end(f"failed as “too_large”; the worker grew by {grown:.0f} MB at most")
    assert {site.job(pk)["error_code"] for pk in ids} == {"too_large"}
    assert grown < 150
    site.check()


def peak_megabytes(process: Process) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@fault(
    "the provider has an outage under load (120 jobs)",
    "breaker opens, probes, closes; all drawn; few attempts burnt",
    slow=True,
)
def test_an_outage_opens_the_breaker_and_burns_no_jobs(start: Start, seen: Seen) -> None:
    site = start(WORKER_CONCURRENCY=8)
    site.stub.script(["away"] * 14)
    site.stub.delay = 0.2
    seen.begin()
    ids = site.submit(number=120)
    breaker = "SELECT failures >= 5 FROM images_providerstate WHERE name = 'huggingface'"
    site.until(lambda: site.rows(breaker) == [(True,)], 20, "the breaker opens")
    site.assert_all_succeeded(120, 300)
    seen.end(f"120 pictures with {len(site.stub.calls)} calls")
    assert len(site.stub.calls) == 134
    assert max(site.job(pk)["attempts"] for pk in ids) <= 3

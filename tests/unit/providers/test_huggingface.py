from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.stub_huggingface import SCENARIOS, SDXL, Scenario, Want
from tests.unit.providers.conftest import TOKEN, DictCache, asked
from workers.providers.base import Deadline, ModelLoading, ProviderError
from workers.providers.drawing import is_picture
from workers.providers.huggingface import HuggingFaceConfig, HuggingFaceProvider

DEV = "black-forest-labs/FLUX.1-dev"
SERVED_BY = [
    ("hf-inference", SDXL, "/hf-inference/models/stabilityai/stable-diffusion-xl-base-1.0"),
    ("fal-ai", SDXL, "/fal-ai/fal-ai/fast-sdxl"),
    ("nscale", SDXL, "/nscale/v1/images/generations"),
    ("together", "Qwen/Qwen-Image", "/together/v1/images/generations"),
    ("replicate", DEV, "/replicate/v1/models/black-forest-labs/flux-dev/predictions"),
    ("replicate", "Tongyi-MAI/Z-Image-Turbo", "/replicate/v1/predictions"),
    ("wavespeed", "Qwen/Qwen-Image", "/wavespeed/api/v3/wavespeed-ai/qwen-image/text-to-image"),
]


@pytest.mark.parametrize(("provider", "model", "path"), SERVED_BY)
def test_each_provider_draws(make, stub, provider, model, path):
    drawn = make(provider).generate(asked(model=model, seed=41))
    assert is_picture(drawn.data)
    assert (drawn.provider, drawn.request_id) == (provider, "req-1")
    assert (stub.calls[0].path, stub.calls[0].seed, stub.calls[0].prompt) == (path, 41, "a fox")


@pytest.mark.parametrize(("provider", "model", "path"), SERVED_BY)
@pytest.mark.parametrize("name", ["loading", "gateway_timeout", "bad_token", "json_error", "rate_limited"])
def test_each_provider_fails_in_the_same_words(make, stub, provider, model, path, name):
    stub.script([name])
    with pytest.raises(ProviderError) as caught:
        make(provider).generate(asked(model=model))
    assert (caught.value.code, caught.value.provider) == (SCENARIOS[name].want.code, provider)


def test_the_call_is_what_the_service_documents(make, stub):
    request = asked(negative_prompt="rain", steps=20, guidance_scale=6.5, width=768, height=512)
    make(bill_to="my-team").generate(request)
    call = stub.calls[0]
    assert call.body == {
        "inputs": "a fox",
        "parameters": {
            "negative_prompt": "rain",
            "num_inference_steps": 20,
            "guidance_scale": 6.5,
            "width": 768,
            "height": 512,
            "seed": 7,
        },
    }
    assert call.headers["Authorization"] == f"Bearer {TOKEN}"
    assert call.headers["Accept"] == "image/png"
    assert call.headers["X-HF-Bill-To"] == "my-team"
    assert call.headers["User-Agent"].startswith("image-generator/")


def test_what_is_not_chosen_is_not_sent(make, stub):
    make().generate(asked())
    assert stub.calls[0].body["parameters"] == {"width": 512, "height": 512, "seed": 7}
    assert "X-HF-Bill-To" not in stub.calls[0].headers


def test_what_a_model_cannot_use_is_not_sent_but_told(make, stub):
    drawn = make("auto").generate(asked(model=DEV, negative_prompt="rain", steps=20, guidance_scale=3.0))
    assert drawn.ignored == ("negative_prompt",)
    assert "negative_prompt" not in stub.calls[0].body


def test_what_a_provider_cannot_use_is_not_sent_but_told(make, stub):
    drawn = make("nscale").generate(asked(negative_prompt="rain", steps=20, guidance_scale=3.0))
    assert drawn.ignored == ("steps", "guidance_scale")
    assert stub.calls[0].body["size"] == "512x512"


def test_auto_takes_the_first_live_provider_we_can_speak_to(make, stub):
    stub.serving[SDXL] = {"brand-new": "x", "nscale": SDXL, "fal-ai": "fal-ai/fast-sdxl"}
    assert make("auto").generate(asked()).provider == "nscale"


def test_a_model_nobody_serves_is_told(make, stub):
    for model in ("nobody/serves-this", "unknown/model"):
        with pytest.raises(ProviderError) as caught:
            make("auto").generate(asked(model=model))
        assert (caught.value.code, caught.value.retryable) == ("model_not_served", False)
    assert not stub.calls


def test_a_fixed_provider_that_does_not_serve_the_model_is_told(make, stub):
    with pytest.raises(ProviderError) as caught:
        make("replicate").generate(asked())
    assert caught.value.code == "model_not_served"
    assert "HF_PROVIDER=replicate" in caught.value.detail


@pytest.mark.parametrize("name", ["not_supported", "no_payment", "not_found", "retired"])
def test_auto_tries_the_next_provider_once(make, stub, name):
    cache = DictCache()
    stub.script([name])
    provider = make("auto", cache)
    assert provider.generate(asked()).provider == "nscale"
    assert [call.provider for call in stub.calls] == ["fal-ai", "nscale"]
    assert provider.generate(asked()).provider == "nscale", "the refusal is remembered"


def test_auto_does_not_try_a_third(make, stub):
    stub.serving[SDXL]["together"] = SDXL
    stub.script(["retired", "not_found", "ok"])
    with pytest.raises(ProviderError) as caught:
        make("auto").generate(asked())
    assert (caught.value.code, caught.value.provider) == ("model_gone", "nscale")
    assert len(stub.calls) == 2


def test_with_no_other_provider_the_first_refusal_is_told(make, stub):
    stub.serving[SDXL] = {"fal-ai": "fal-ai/fast-sdxl"}
    stub.script(["no_payment"])
    with pytest.raises(ProviderError) as caught:
        make("auto").generate(asked())
    assert caught.value.code == "payment_not_enabled"


@pytest.mark.parametrize("name", ["no_credit", "bad_token", "server_error", "gateway_timeout", "bad_input"])
def test_nothing_else_is_tried_again(make, stub, name):
    stub.script([name])
    with pytest.raises(ProviderError):
        make("auto").generate(asked())
    assert len(stub.calls) == 1


def test_without_a_token_nothing_is_sent(make, stub):
    with pytest.raises(ProviderError) as caught:
        make(token="").generate(asked())
    assert caught.value.code == "token_missing"
    assert not stub.requests


def test_the_owners_endpoint_gets_the_same_call_and_no_bill(make, stub):
    drawn = make(f"{stub.url}/endpoint", bill_to="my-team").generate(asked())
    assert is_picture(drawn.data)
    assert drawn.provider == "endpoint"
    assert "X-HF-Bill-To" not in stub.calls[0].headers
    assert not any("/api/models" in path for _, path, _ in stub.requests)


def test_the_polls_carry_the_token_only_to_our_service(make, stub):
    poll = {"status": "created", "urls": {"get": "http://127.0.0.2:9/api/v3/predictions/task-1/result"}}
    stub.tasks["task-1"] = (None, SCENARIOS["poll_failed"], 0)  # found by the path alone
    stub.script([Scenario(Want(), body={"data": poll})])
    with pytest.raises(ProviderError) as caught:
        make("wavespeed").generate(asked(model="Qwen/Qwen-Image"))
    assert caught.value.code == "drawing_failed"


def test_the_token_is_not_sent_for_the_picture(make, stub):
    make("fal-ai").generate(asked())
    headers = [headers for _, path, headers in stub.requests if path.startswith("/results/")]
    assert len(headers) == 1
    assert "Authorization" not in headers[0]


def test_a_users_netrc_changes_nothing(make, stub, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    make("fal-ai").generate(asked())
    assert stub.calls[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_unreachable_service_is_told(session):
    config = HuggingFaceConfig(token=TOKEN, router_url="http://127.0.0.2:9", provider="hf-inference")
    with pytest.raises(ProviderError) as caught:
        HuggingFaceProvider(config, session).generate(asked())
    assert (caught.value.code, caught.value.retryable, caught.value.billed) == ("unreachable", True, False)


@pytest.mark.parametrize("address", ["http://", "nonsense", "http://[::1", "ftp://127.0.0.1"])
def test_a_nonsense_address_is_told_to_the_owner(session, address):
    config = HuggingFaceConfig(token=TOKEN, router_url=address, provider="hf-inference")
    with pytest.raises(ProviderError) as caught:
        HuggingFaceProvider(config, session).generate(asked())
    assert caught.value.code == "wrong_address"


@pytest.mark.parametrize("token", ["hf_broken\nline", "hf_with space", "hf_tökén", "hf_\x00"])
def test_a_token_that_cannot_be_sent_is_told_and_not_repeated(make, stub, token):
    with pytest.raises(ProviderError) as caught:
        make(token=token).generate(asked())
    assert caught.value.code == "token_refused"
    assert token[3:] not in f"{caught.value!r} {caught.value.detail}"
    assert not stub.requests


@pytest.mark.parametrize("name", ["hang", "slow_body", "slow_headers"])
def test_canceling_from_another_thread_ends_the_call(make, stub, name):
    stub.script([name])
    deadline = Deadline(30)
    threading.Timer(0.1, deadline.cancel).start()
    started = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        make().generate(asked(), deadline)
    assert (caught.value.code, caught.value.retryable) == ("canceled", False)
    assert time.monotonic() - started < 1


def test_a_silent_tls_handshake_ends_too(session):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        config = HuggingFaceConfig(token=TOKEN, router_url=url, provider="hf-inference")
        started = time.monotonic()
        with pytest.raises(ProviderError) as caught:
            HuggingFaceProvider(config, session).generate(asked(), Deadline(0.3))
    assert (caught.value.code, caught.value.billed) == ("timeout", False)
    assert time.monotonic() - started < 0.8


def test_a_proxy_of_the_owners_is_used(make, stub, monkeypatch):
    monkeypatch.setenv("http_proxy", stub.url)
    assert is_picture(make(router_url="http://router.example").generate(asked()).data)
    assert stub.requests[0][1].startswith("http://router.example/hf-inference/")


def test_a_canceled_deadline_sends_nothing(make, stub):
    deadline = Deadline(30)
    deadline.cancel()
    with pytest.raises(ProviderError) as caught:
        make().generate(asked(), deadline)
    assert caught.value.code == "canceled"
    assert not stub.requests


def test_sixty_four_threads_share_one_provider(make, stub):
    stub.delay = 1.0
    provider = make("auto", DictCache())
    started = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        drawn = list(pool.map(lambda seed: provider.generate(asked(f"fox {seed}", seed=seed)), range(64)))
    assert time.monotonic() - started < 12
    assert stub.peak > 32
    assert len({one.data for one in drawn}) == 64


def test_one_thread_looks_after_all_calls(make, stub):
    stub.delay = 0.1
    provider = make()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: provider.generate(asked(seed=seed)), range(16)))
    assert len([thread for thread in threading.enumerate() if thread.name == "deadlines"]) == 1


def test_the_environment_is_asked_once_for_each_server(make, monkeypatch):
    asked_for = []
    monkeypatch.setattr("requests.sessions.get_environ_proxies", lambda url, **_: asked_for.append(url) or {})
    provider = make()
    for _ in range(3):
        provider.generate(asked())
    assert len(asked_for) == 1


def test_a_used_connection_that_was_closed_is_no_failure(make, stub):
    provider = make()
    stub.script(["ok", "truncated", "ok"])
    assert provider.generate(asked())
    with pytest.raises(ProviderError):
        provider.generate(asked())
    assert provider.generate(asked())


def test_a_model_that_wakes_up_is_waited_for_by_the_caller(make, stub):
    prompt = "a fox [scenario:loading*1]"
    with pytest.raises(ModelLoading) as caught:
        make().generate(asked(prompt))
    assert caught.value.retry_after == 20
    assert make().generate(asked(prompt)).provider == "hf-inference"
    assert stub.per_prompt[prompt] == 2


def test_a_plain_session_may_also_be_used_for_other_things(stub, session):
    HuggingFaceProvider(HuggingFaceConfig(token=TOKEN), session)
    assert requests.Session.get(session, f"{stub.url}/api/models").status_code == 200


def test_no_cookie_is_kept_or_sent_back(make, stub):
    stub.script([Scenario(Want(), how="picture", headers={"Set-Cookie": "a=b; Path=/; Max-Age=9999"}), "ok"])
    provider = make()
    for _ in range(2):
        provider.generate(asked())
    assert not any("Cookie" in call.headers for call in stub.calls)

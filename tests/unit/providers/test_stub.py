"""The stub itself: as a process, by its admin addresses, and seen through the official client."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from huggingface_hub import InferenceClient, constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.inference._providers import PROVIDERS, _common, wavespeed
from PIL import Image

from tests.stub_huggingface import SDXL, HuggingFaceStub, pictures
from tests.unit.providers.conftest import TOKEN, asked
from workers.providers.base import ProviderError

ROOT = Path(__file__).parents[3]
FORMS = {
    "hf-inference": "stabilityai/stable-diffusion-3-medium-diffusers",
    "fal-ai": SDXL,
    "nscale": SDXL,
    "together": "Qwen/Qwen-Image",
    "replicate": "black-forest-labs/FLUX.1-dev",
    "wavespeed": "Qwen/Qwen-Image",
}


@pytest.fixture
def official(stub, monkeypatch):
    """The official client, led to the stub."""
    monkeypatch.setattr(PROVIDERS["hf-inference"]["text-to-image"], "base_url", f"{stub.url}/hf-inference")
    monkeypatch.setattr(constants, "INFERENCE_PROXY_TEMPLATE", stub.url + "/{provider}")
    monkeypatch.setattr(constants, "ENDPOINT", stub.url)
    monkeypatch.setattr(wavespeed, "_POLLING_INTERVAL", 0.01)
    _common._fetch_inference_provider_mapping.cache_clear()

    def draw(provider, model, **options):
        return InferenceClient(provider=provider, api_key=TOKEN).text_to_image("a fox", model=model, **options)

    return draw


@pytest.mark.parametrize(("provider", "model"), FORMS.items())
def test_the_official_client_and_ours_see_the_same(official, make, stub, provider, model):
    theirs = official(provider, model, width=512, height=512, seed=7)
    ours = make(provider).generate(asked(model=model))
    assert theirs.tobytes() == Image.open(io.BytesIO(ours.data)).tobytes()
    first, second = stub.calls
    assert (first.path, first.body) == (second.path, second.body)


def test_the_official_client_sees_failures(official, stub):
    stub.script(["no_credit"])
    with pytest.raises(HfHubHTTPError, match="402"):
        official("fal-ai", SDXL)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (512, 768), (1024, 1024)])
def test_its_pictures_are_valid_and_follow_the_seed(width, height):
    for data in (pictures.png(width, height, 1), pictures.jpeg(width, height, 1)):
        with Image.open(io.BytesIO(data)) as picture:
            picture.verify()
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == (width, height)
            assert len(set(picture.convert("L").tobytes())) > 3
    assert pictures.png(width, height, 1) == pictures.png(width, height, 1) != pictures.png(width, height, 2)


def test_it_is_strict_about_what_it_is_sent(stub):
    url, headers = f"{stub.url}/hf-inference/models/x/y", {"Authorization": f"Bearer {TOKEN}"}
    for body in (
        {},
        {"inputs": ""},
        {"inputs": "x", "options": {"wait_for_model": True}},
        {"inputs": "x", "parameters": {"steps": 3}},
        {"inputs": "x", "parameters": {"seed": None}},
        {"inputs": "x", "parameters": {"width": 513}},
    ):
        assert requests.post(url, json=body, headers=headers, timeout=5).status_code == 400, body
    assert requests.post(url, json={"inputs": "x"}, timeout=5).status_code == 401


def test_it_lists_who_serves_what(stub):
    found = requests.get(f"{stub.url}/api/models?inference_provider=wavespeed", timeout=5).json()
    assert {model["id"] for model in found} == {"black-forest-labs/FLUX.1-dev", "Qwen/Qwen-Image"}
    assert isinstance(found[0]["inferenceProviderMapping"], list)


def test_it_runs_as_a_process(tmp_path, make):
    port_file = tmp_path / "port"
    command = [sys.executable, "-m", "tests.stub_huggingface", "--port", "0", "--port-file", str(port_file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            while not port_file.exists():
                time.sleep(0.01)
            url = f"http://127.0.0.1:{port_file.read_text()}"
            assert requests.post(f"{url}/_stub/script", json=["ok"], timeout=5).ok
            make(router_url=url).generate(asked("a hare"))
            calls = requests.get(f"{url}/_stub/calls", timeout=5).json()["calls"]
            assert [(call["prompt"], call["seed"]) for call in calls] == [("a hare", 7)]
        finally:
            process.terminate()
        assert process.wait(5) == 0


def test_a_prompt_can_choose_its_answers(make, stub):
    provider, prompt = make(), "a fox [scenario:busy*2,rate_limited,ok]"
    codes = []
    for _ in range(5):
        try:
            codes.append(provider.generate(asked(prompt)).provider)
        except ProviderError as error:
            codes.append(error.code)
    assert codes == ["model_busy", "model_busy", "rate_limited", "hf-inference", "hf-inference"]
    assert stub.per_prompt[prompt] == 5


def test_closing_it_ends_its_connections():
    with HuggingFaceStub() as stub, requests.Session() as session:
        assert session.get(f"{stub.url}/api/models", timeout=5).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(stub.url, timeout=5)

"""Every answer in the stub's table, through the real client, over a real socket."""

from __future__ import annotations

import re
import time

import pytest

from tests.stub_huggingface import SCENARIOS, SLOW
from tests.unit.providers.conftest import TOKEN, asked
from workers.providers.base import Deadline, ProviderError
from workers.providers.drawing import is_picture
from workers.providers.errors import KINDS

MODELS = {"wavespeed": "Qwen/Qwen-Image", "replicate": "black-forest-labs/FLUX.1-dev"}
FAILING = [name for name, scenario in SCENARIOS.items() if scenario.want.code]


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_told_as_the_table_says(make, stub, name):
    """Slow answers too: their deadline really ends them."""
    scenario, started = SCENARIOS[name], time.monotonic()
    stub.script([name])
    request = asked(model=MODELS.get(scenario.provider, "stabilityai/stable-diffusion-xl-base-1.0"))
    with pytest.raises(ProviderError) as caught:
        make(scenario.provider or "hf-inference").generate(request, Deadline(0.3 if name in SLOW else 20))
    assert time.monotonic() - started < 1 or name not in SLOW
    error, want = caught.value, scenario.want
    found = (type(error).__name__, error.code, error.retryable, error.billed)
    assert found == (want.error, want.code, want.retryable, want.billed)
    assert error.retry_after == (None if want.retry_after is None else pytest.approx(want.retry_after, abs=2))
    assert error.provider == (scenario.provider or "hf-inference")
    assert TOKEN not in f"{error} {error!r} {error.detail} {vars(error)}"
    assert "<" not in error.detail
    assert len(error.detail) < 1000


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in FAILING])
def test_a_picture_is_found_in_every_form(make, stub, name):
    stub.script([name])
    provider = SCENARIOS[name].provider
    request = asked(model=MODELS.get(provider, "stabilityai/stable-diffusion-xl-base-1.0"))
    assert is_picture(make(provider or "hf-inference").generate(request).data)


def test_every_code_is_tried():
    tried = {scenario.want.code for scenario in SCENARIOS.values()}
    assert set(KINDS) - tried == {"canceled", "token_missing"}  # both are tested in test_huggingface.py


@pytest.mark.parametrize("code", KINDS)
def test_a_sentence_is_short_and_in_everyday_words(code):
    _, sentence = KINDS[code]
    assert len(sentence.split()) <= 15
    assert sentence.endswith(".")
    assert not re.search(r"inference|payload|endpoint|HTTP|status|API|\d", sentence, re.IGNORECASE)
    assert code == "canceled" or re.search("Please|owner", sentence)

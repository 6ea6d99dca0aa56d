from __future__ import annotations

import pytest

from tests.stub_huggingface import SCENARIOS
from tests.unit.providers.conftest import asked
from workers.providers.base import ProviderError
from workers.providers.drawing import is_picture
from workers.providers.openai_compatible import OpenAIProvider


@pytest.fixture
def make_openai(stub, session):
    def make(suffix="", api_key=""):
        return OpenAIProvider(stub.url + suffix, api_key, session)

    return make


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_a_compatible_server_draws(make_openai, stub, suffix):
    drawn = make_openai(suffix, api_key="sk-test").generate(asked(model="dall-e-3"))
    assert is_picture(drawn.data)
    assert drawn.provider == "openai"
    assert stub.calls[0].body == {
        "model": "dall-e-3",
        "prompt": "a fox",
        "response_format": "b64_json",
        "size": "512x512",
        "n": 1,
    }
    assert stub.calls[0].headers["Authorization"] == "Bearer sk-test"


def test_what_it_cannot_use_is_told(make_openai):
    drawn = make_openai().generate(asked(negative_prompt="rain", steps=9, guidance_scale=2.0))
    assert drawn.ignored == ("negative_prompt", "steps", "guidance_scale", "seed")


def test_a_server_of_ones_own_needs_no_key(make_openai, stub):
    make_openai().generate(asked())
    assert "Authorization" not in stub.calls[0].headers


def test_a_model_that_always_sends_base64_is_not_told_so(make_openai, stub):
    with pytest.raises(ProviderError):  # the stub wants to be told
        make_openai().generate(asked(model="gpt-image-1"))
    assert stub.requests[0][:2] == ("POST", "/v1/images/generations")


def test_a_link_in_the_answer_is_fetched_without_the_key(make_openai, stub):
    stub.script(["json_url"])
    assert is_picture(make_openai(api_key="sk-test").generate(asked()).data)
    assert "Authorization" not in stub.requests[-1][2]


@pytest.mark.parametrize("name", ["bad_token", "rate_limited", "server_error", "content_policy", "garbage"])
def test_its_failures_are_told_in_the_same_words(make_openai, stub, name):
    stub.script([name])
    with pytest.raises(ProviderError) as caught:
        make_openai(api_key="my-odd-key").generate(asked())
    assert (caught.value.code, caught.value.provider) == (SCENARIOS[name].want.code, "openai")
    assert "my-odd-key" not in repr(caught.value)

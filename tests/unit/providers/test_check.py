from __future__ import annotations

import pytest

from tests.stub_huggingface import SCENARIOS, SDXL
from tests.unit.providers.conftest import TOKEN
from workers.providers.check import check_huggingface
from workers.providers.huggingface import HuggingFaceConfig


@pytest.fixture
def check(stub, session):
    def check(model=SDXL, draw=False, **options):
        options = {"token": TOKEN, "router_url": stub.url, "hub_url": stub.url, **options}
        return check_huggingface(HuggingFaceConfig(**options), session, model, draw=draw)

    return check


def test_all_is_well(check, stub):
    lines = check()
    assert [line.text for line in lines] == [
        "The token is valid and belongs to somebody.",
        f"{SDXL} is drawn by fal-ai, nscale.",
    ]
    assert all(line.ok for line in lines)
    assert not stub.calls


def test_a_small_picture_is_drawn_only_if_wanted(check, stub):
    assert check(draw=True)[-1].text.startswith("A picture came from fal-ai after 0.")
    assert len(stub.calls) == 1


def test_a_missing_token_is_told_with_where_to_get_one(check):
    line = check(token="")[0]
    assert not line.ok
    assert "https://huggingface.co/settings/tokens" in line.text


def test_a_bad_token_is_told_without_repeating_it(check):
    lines = check(token="hf_bad_token", draw=True)
    assert not any(line.ok for line in lines)
    assert len(lines) == 2, "nothing is drawn"
    assert "hf_bad" not in str(lines)


def test_a_model_nobody_serves_is_told(check):
    line = check("nobody/serves-this")[1]
    assert (line.ok, "Choose another HF_MODEL" in line.text) == (False, True)


def test_a_failing_picture_is_told(check, stub):
    stub.script(["no_credit"])
    line = check(draw=True)[-1]
    assert not line.ok
    assert "credit is used up" in line.text
    assert "402" in line.text


def test_a_hub_that_is_away_is_told(check, stub):
    stub.hub.extend([SCENARIOS["away"], SCENARIOS["away"]])
    assert [line.ok for line in check()] == [False, False]


def test_an_own_endpoint_is_only_tried_by_drawing(check, stub):
    assert check(provider=f"{stub.url}/endpoint")[0].ok
    assert not stub.requests
    assert check(provider=f"{stub.url}/endpoint", draw=True)[0].text.startswith("A picture came from endpoint")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stub_huggingface import SCENARIOS, SDXL, Scenario, Want
from tests.unit.providers.conftest import TOKEN, DictCache, asked
from workers.providers.adapters import Served
from workers.providers.base import Deadline, ProviderError
from workers.providers.mapping import served_in

LIVE = {"status": "live", "providerId": "x/y", "task": "text-to-image"}


class BrokenCache:
    def get(self, key):
        raise ConnectionError("the cache is away")

    set = get


@pytest.mark.parametrize(
    ("mapping", "served"),
    [
        ({"fal-ai": LIVE}, [Served("fal-ai", "x/y")]),
        ([{"provider": "fal-ai", **LIVE}], [Served("fal-ai", "x/y")]),
        ({"fal-ai": {**LIVE, "status": "error"}, "nscale": LIVE}, [Served("nscale", "x/y")]),
        ({"fal-ai": {**LIVE, "status": "staging"}}, []),
        ({"fal-ai": {**LIVE, "task": "text-to-video"}}, []),
        ({"fal-ai": {"status": "live", "task": "text-to-image"}}, []),
        ({}, []),
        (None, []),
        ("fal-ai", []),
        ([None, 3, {"provider": 5, **LIVE}], []),
    ],
)
def test_only_live_providers_of_pictures_count(mapping, served):
    assert served_in(mapping) == served


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@given(JSON)
def test_a_mapping_of_any_shape_is_survived(mapping):
    assert isinstance(served_in(mapping), list)


def hub_calls(stub):
    return [headers for _, path, headers in stub.requests if path.startswith("/api/models/")]


def test_the_hub_is_asked_once_an_hour(make, stub):
    cache = DictCache()
    for _ in range(3):
        make("auto", cache).generate(asked())
    assert len(hub_calls(stub)) == 1
    assert hub_calls(stub)[0]["Authorization"] == f"Bearer {TOKEN}"
    (kept,) = cache.values()
    kept["at"] -= 3700
    make("auto", cache).generate(asked())
    assert len(hub_calls(stub)) == 2


@pytest.mark.parametrize("cache", [None, BrokenCache()])
def test_no_cache_or_a_broken_one_only_costs_a_call(make, stub, cache):
    stub.script(["retired"])
    assert make("auto", cache).generate(asked()).provider == "nscale"


@pytest.mark.parametrize("kept", ["nonsense", {"at": "x"}, {"at": 9e99, "served": [1]}, {"served": []}, 7])
def test_nonsense_in_the_cache_is_as_good_as_nothing(make, stub, kept):
    class Nonsense(DictCache):
        def get(self, key):
            return kept

    assert make("auto", Nonsense()).generate(asked()).provider == "fal-ai"


@pytest.mark.parametrize("name", ["server_error", "bad_gateway", "rate_limited", "away"])
def test_while_the_hub_is_away_an_old_answer_is_used(make, stub, name):
    cache = DictCache()
    make("auto", cache).generate(asked())
    next(iter(cache.values()))["at"] -= 5000
    stub.hub.append(SCENARIOS[name])
    assert make("auto", cache).generate(asked()).provider == "fal-ai"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("server_error", "service_fault"),
        ("bad_token", "token_refused"),
        ("not_found", "model_not_served"),
        ("html", "service_fault"),
        ("moved", "wrong_address"),
        ("rate_limited", "rate_limited"),
    ],
)
def test_a_failing_hub_is_told(make, stub, name, code):
    stub.hub.append(SCENARIOS[name])
    with pytest.raises(ProviderError) as caught:
        make("auto").generate(asked())
    assert (caught.value.code, caught.value.billed) == (code, False)


def test_a_slow_hub_was_never_billed(make, stub):
    stub.hub.append(SCENARIOS["hang"])
    with pytest.raises(ProviderError) as caught:
        make("auto").generate(asked(), Deadline(0.2))
    assert (caught.value.code, caught.value.billed) == ("timeout", False)


def test_a_renamed_model_is_followed_at_the_same_hub(make, stub):
    stub.hub.append(Scenario(Want(), 307, "", {"Location": f"/api/models/{SDXL}"}))
    assert make("auto").generate(asked(model="old/name")).provider == "fal-ai"

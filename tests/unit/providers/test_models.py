from __future__ import annotations

import pytest

from workers.providers.models import KNOWN_MODELS, model_info


def test_sdxl_comes_first():
    assert KNOWN_MODELS[0].id == "stabilityai/stable-diffusion-xl-base-1.0"


@pytest.mark.parametrize("model", KNOWN_MODELS, ids=lambda model: model.id)
def test_a_models_defaults_are_within_its_bounds(model):
    assert 1 <= model.steps <= model.max_steps
    assert model.max_side % 64 == 0
    assert model.max_side >= 1024
    assert model_info(model.id.upper()) is model


@pytest.mark.parametrize(
    ("model_id", "unusable"),
    [
        ("stabilityai/stable-diffusion-xl-base-1.0", set()),
        ("black-forest-labs/FLUX.1-schnell", {"negative_prompt", "guidance_scale"}),
        ("black-forest-labs/FLUX.1-dev", {"negative_prompt"}),
        ("Tongyi-MAI/Z-Image-Turbo", {"negative_prompt", "guidance_scale", "steps"}),
    ],
)
def test_what_a_model_cannot_use_is_known(model_id, unusable):
    assert model_info(model_id).unusable == unusable


@pytest.mark.parametrize(("model_id", "name"), [("me/my-model", "my-model"), ("plain", "plain"), ("odd/", "odd/")])
def test_an_unknown_model_can_use_everything(model_id, name):
    info = model_info(model_id)
    assert (info.id, info.name, info.unusable) == (model_id, name, frozenset())

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from workers.providers.base import Deadline, GenerationRequest, ProviderError
from workers.providers.demo import SCENES, DemoProvider


def drawn(prompt: str = "a quiet lake", **changes: Any) -> bytes:
    wanted: dict[str, Any] = {"model": "demo", "width": 128, "height": 96, "seed": 1} | changes
    return DemoProvider().generate(GenerationRequest(prompt=prompt, **wanted)).data


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def mean(data: bytes) -> list[float]:
    return ImageStat.Stat(opened(data)).mean


def difference(a: bytes, b: bytes) -> float:
    """The mean over all pixels and bands, of 255."""
    return sum(ImageStat.Stat(ImageChops.difference(opened(a), opened(b))).mean) / 3


def test_the_same_request_gives_the_same_bytes() -> None:
    assert drawn() == drawn()


def test_another_seed_is_another_view() -> None:
    assert difference(drawn(seed=1), drawn(seed=2)) > 3


@pytest.mark.parametrize("other", ["a forest", "a lake at night", "a red lake", "a cat", "galaxy", "sand dunes"])
def test_another_prompt_is_clearly_another_picture(other: str) -> None:
    assert difference(drawn("a quiet lake in the morning"), drawn(other)) > 12


@pytest.mark.parametrize("size", [(512, 512), (1536, 512), (832, 1216), (64, 64), (1, 1), (2, 900)])
def test_the_picture_has_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    assert opened(drawn(width=size[0], height=size[1])).size == size


def test_the_same_picture_comes_in_every_size() -> None:
    small, large = (opened(drawn("mountains at dawn", width=side, height=side)) for side in (128, 512))
    assert sum(ImageStat.Stat(ImageChops.difference(small, large.resize(small.size))).mean) / 3 < 6


@pytest.mark.parametrize("scene", SCENES.values())
def test_every_scene_is_a_picture_with_light_and_shade(scene: str) -> None:
    words = next(names for names, value in SCENES.items() if value == scene)
    grey = opened(drawn(words.split()[0])).convert("L")
    assert ImageStat.Stat(grey).stddev[0] > 12


@pytest.mark.parametrize(("word", "band"), [("red", 0), ("green", 1), ("blue", 2)])
def test_a_colour_word_colours_the_picture(word: str, band: int) -> None:
    averages = mean(drawn(f"{word} mountains"))
    assert averages.index(max(averages)) == band


def test_the_last_colour_word_colours_the_land() -> None:
    land = opened(drawn("a teal sky over crimson dunes", height=128)).crop((0, 110, 128, 128))
    red, green, blue = ImageStat.Stat(land).mean
    assert red > max(green, blue)


def test_night_is_darker_than_day() -> None:
    assert sum(mean(drawn("sea at night"))) * 1.5 < sum(mean(drawn("sea on a summer day")))


def test_the_time_of_day_counts_more_than_the_place() -> None:
    assert sum(mean(drawn("a forest at night"))) * 1.5 < sum(mean(drawn("a forest")))


def test_the_answer_names_who_drew_it_and_what_was_not_used() -> None:
    request = GenerationRequest(prompt="x", model="demo", width=64, height=64, steps=30, negative_prompt="blur")
    generation = DemoProvider().generate(request)
    assert (generation.provider, generation.ignored) == ("demo", ("negative_prompt", "steps"))


def test_a_picture_stays_far_below_two_megabytes() -> None:
    assert 20_000 < len(drawn("a snowy forest", width=1024, height=1024)) < 600_000


@pytest.mark.parametrize(("canceled", "code"), [(True, "canceled"), (False, "timeout")])
def test_a_deadline_that_has_ended_stops_the_drawing(canceled: bool, code: str) -> None:
    deadline = Deadline(60 if canceled else 0)
    if canceled:
        deadline.cancel()
    with pytest.raises(ProviderError) as caught:
        DemoProvider().generate(GenerationRequest(prompt="x", model="demo"), deadline)
    assert caught.value.code == code


def test_a_deadline_is_asked_between_the_steps() -> None:
    class EndsSoon(Deadline):
        asked = 0

        def remaining(self) -> float:
            self.asked += 1
            return 1.0 if self.asked < 4 else 0.0

    deadline = EndsSoon(60)
    with pytest.raises(ProviderError):
        DemoProvider().generate(GenerationRequest(prompt="mountains", model="demo", width=64, height=64), deadline)
    assert deadline.asked == 4


@given(st.text(max_size=60), st.integers(-(2**63), 2**63))
@settings(max_examples=25, deadline=None)
def test_any_prompt_and_seed_give_a_picture(prompt: str, seed: int) -> None:
    assert opened(drawn(prompt, seed=seed, width=32, height=32)).size == (32, 32)


@pytest.mark.parametrize("prompt", ["\ud800 forest", "a fox's den", "", "s"])
def test_an_odd_prompt_gives_a_picture(prompt: str) -> None:
    assert drawn(prompt)

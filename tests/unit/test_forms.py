from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.forms import GenerateForm
from images.presets import STYLES


def form(**values: Any) -> GenerateForm:
    return GenerateForm({"prompt": "a red fox"} | values)


def errors(**values: Any) -> list[str]:
    return [sentence for sentences in form(**values).errors.values() for sentence in sentences]


def test_a_prompt_alone_is_enough_and_everything_else_is_filled_in() -> None:
    filled = form()
    assert filled.is_valid()
    values = filled.cleaned_data
    assert (values["size"], values["count"], values["steps"], values["guidance_scale"]) == ("1024x1024", 1, 30, 7.5)
    assert 0 <= values["seed"] < 2**32


@pytest.mark.parametrize("prompt", ["", "   \n\t ", "\r\n"])
def test_an_empty_prompt_is_refused_in_plain_words(prompt: str) -> None:
    assert errors(prompt=prompt) == ["Type what the picture should show."]


def test_the_length_is_measured_after_trimming() -> None:
    assert form(prompt="  " + "x" * 2000 + "  ").is_valid()
    assert errors(prompt="x" * 2001) == ["Use at most 2000 characters. This text has 2001."]


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x85", "\ud800"])
def test_control_characters_are_refused(char: str) -> None:
    assert errors(prompt=f"a {char} fox") == ["This text holds characters that cannot be shown. Type it anew."]


@pytest.mark.parametrize(
    "marks", ["\u0301" * 9, "\u0301\u0323" * 20_000, "\u0489" * 99, "\u0300" * 45_000, "\u302e\u1715" * 16_000]
)
def test_heaps_of_accents_are_refused_before_they_cost_time(marks: str) -> None:
    """Python needs seconds to put 50,000 of them in order, and they would paint over the whole page."""
    started = time.monotonic()
    assert errors(prompt=f"a{marks} fox") == ["This text has too many accents on one letter. Type it anew."]
    assert time.monotonic() - started < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Zürich, Đà Nẵng, Ὀδυσσεύς",
        "שָׁלוֹם וְעֵץ",
        "قِطٌّ عَلَى سَرِيرٍ",
        "क्षत्रिय की बिल्ली",
        "แมวบนหลังคาที่มีดาว",
        "👩‍👩‍👧‍👦 🏳️‍🌈 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 1️⃣",
        "می‌خواهم گربه",
        "猫と月𠮷𩸽",
    ],
)
def test_every_writing_is_taken_as_it_is(text: str) -> None:
    filled = form(prompt=text)
    assert filled.is_valid()
    assert filled.cleaned_data["prompt"] == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("char", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_nobody_turns_the_reading_direction_of_a_page(char: str) -> None:
    filled = form(prompt=f"a {char}red fox")
    assert filled.is_valid()
    assert filled.cleaned_data["prompt"] == "a red fox"


@pytest.mark.parametrize("prompt", ["\u200b", "\ufeff", "\u200b \u2060\n\u00ad", "\u202e", "\u2028\u2029", "\u3000"])
def test_a_text_that_shows_nothing_is_empty(prompt: str) -> None:
    assert errors(prompt=prompt) == ["Type what the picture should show."]


def test_line_ends_and_composed_letters_are_normalised() -> None:
    filled = form(prompt="cafe\u0301\r\nat night")
    assert filled.is_valid()
    assert filled.cleaned_data["prompt"] == "café\nat night"


@pytest.mark.parametrize("size", ["512x512", "1536x1536", "832x1216", "1344x768"])
def test_sizes_in_steps_of_64_are_taken(size: str) -> None:
    assert form(size=size).is_valid()


@pytest.mark.parametrize("size", ["500x500", "448x512", "1600x512", "1024", "1024x", "x", "1024x1024x1", "٥١٢x512"])
def test_other_sizes_are_refused(size: str) -> None:
    assert errors(size=size) == ["Use a size from 512 to 1536 pixels, in steps of 64."]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("count", "0", "Use a whole number from 1 to 4."),
        ("count", "5", "Use a whole number from 1 to 4."),
        ("steps", "many", "Use a whole number from 1 to 100."),
        ("guidance_scale", "31", "Use a number from 0 to 30."),
        ("guidance_scale", "nan", "Use a number from 0 to 30."),
        ("seed", "-1", "Use a whole number from 0 to 4294967295."),
        ("style", "nope", "Choose one of the styles shown."),
        ("model", "nope", "Choose one of the models shown."),
    ],
)
def test_a_wrong_value_gets_one_sentence_beside_its_field(field: str, value: str, sentence: str) -> None:
    assert form(**{field: value}).errors == {field: [sentence]}


def test_steps_that_a_model_does_not_use_stop_nobody(settings: Any) -> None:
    """The page hides that field, so nobody could mend it."""
    settings.HF_MODELS = ["Tongyi-MAI/Z-Image-Turbo"]
    assert form(model="Tongyi-MAI/Z-Image-Turbo", steps="30").is_valid()


@pytest.mark.parametrize("style", STYLES)
def test_every_style_can_be_chosen(style: str) -> None:
    assert form(style=style).is_valid()


@given(st.dictionaries(st.sampled_from(sorted(GenerateForm.base_fields)), st.text(max_size=40)))
def test_any_text_in_any_field_is_valid_or_explained(values: dict[str, str]) -> None:
    filled = GenerateForm(values)
    assert filled.is_valid() or all(filled.errors.values())

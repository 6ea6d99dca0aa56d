"""What a person may ask for, and the sentences for what does not fit."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from images import presets
from workers import backends
from workers.providers.models import KNOWN_MODELS, ModelInfo, model_info

PROMPT_LENGTH = 2000
SEEDS = 2**32
SIDE = re.compile(r"([0-9]{3,4})x([0-9]{3,4})")
ALLOWED_CONTROLS = "\n\t"
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they would turn the reading direction of what stands around, too
MOST_MARKS = 8  # accents on one letter; more only paint over other lines
MARKS = {"Mn", "Me"}
INVISIBLE = {"Cf", "Zs", "Zl", "Zp"}


def clean_text(value: str) -> str:
    """NFC, one kind of line end, no space around, no turned reading direction.

    Control characters, broken text and heaps of accents are refused; what shows nothing at all is empty.
    """
    check_marks(value)
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    text = TURNS.sub("", text).strip()
    kinds = {unicodedata.category(char) for char in text if char not in ALLOWED_CONTROLS}
    if kinds & {"Cc", "Cs"}:
        raise ValidationError(_("This text holds characters that cannot be shown. Type it anew."), code="control")
    return text if kinds - INVISIBLE else ""


def check_marks(text: str) -> None:
    """Before anything normalises them, which takes seconds for ten thousands of accents in a row."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) or unicodedata.category(char) in MARKS else 0
        if marks > MOST_MARKS:
            raise ValidationError(_("This text has too many accents on one letter. Type it anew."), code="marks")


class TextField(forms.CharField):
    """Text that is normalised before it is measured."""

    def to_python(self, value: Any) -> str:
        return clean_text(str(value or ""))


class SizeField(forms.ChoiceField):
    """One of the presets, or any WIDTHxHEIGHT of 512 to 1536 pixels in steps of 64."""

    def valid_value(self, value: str) -> bool:
        match = SIDE.fullmatch(value)
        return bool(match) and all(512 <= int(side) <= 1536 and int(side) % 64 == 0 for side in match.groups())  # type: ignore[union-attr]


class NumberField(forms.FloatField):
    """7.5, or 7,5 as half of the world writes it."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


def whole_number(least: int, most: int) -> dict[str, Any]:
    sentence = format_lazy(_("Use a whole number from {least} to {most}."), least=least, most=most)
    return {
        "min_value": least,
        "max_value": most,
        "required": False,
        "error_messages": dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
    }


def offered_models() -> list[ModelInfo]:
    """What the form offers, the default first: HF_MODELS ("id" or "id=Name"), else the models that are known."""
    listed = [tuple(entry.split("=", 1)) for entry in settings.HF_MODELS]
    if not listed and backends.chosen() == "huggingface":
        listed = [(model.id, model.name) for model in KNOWN_MODELS]
    found = {pk: replace(model_info(pk), name=(names or [model_info(pk).name])[0]) for pk, *names in listed}
    return list(({settings.HF_MODEL: model_info(settings.HF_MODEL)} | found).values())


class GenerateForm(forms.Form):
    prompt = TextField(
        max_length=PROMPT_LENGTH,
        label=_("What should the picture show?"),
        error_messages={
            "required": _("Type what the picture should show."),
            "max_length": _("Use at most %(limit_value)d characters. This text has %(show_value)d."),
        },
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": False}),
    )
    negative_prompt = TextField(
        max_length=PROMPT_LENGTH,
        required=False,
        label=_("What should not be in it?"),
        error_messages={"max_length": _("Use at most %(limit_value)d characters. This text has %(show_value)d.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    style = forms.ChoiceField(
        required=False,
        label=_("Style"),
        choices=lambda: [("", _("No style")), *((key, style.name) for key, style in presets.STYLES.items())],
        error_messages={"invalid_choice": _("Choose one of the styles shown.")},
    )
    model = forms.ChoiceField(
        required=False,
        label=_("Model"),
        choices=lambda: [(info.id, info.name) for info in offered_models()],
        error_messages={"invalid_choice": _("Choose one of the models shown.")},
    )
    size = SizeField(
        required=False,
        label=_("Shape"),
        choices=lambda: presets.SIZES,  # a list would be copied for each form
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Use a size from 512 to 1536 pixels, in steps of 64.")},
    )
    steps = forms.IntegerField(label=_("Steps"), **whole_number(1, 100))
    guidance_scale = NumberField(
        label=_("How closely to follow the words"),
        required=False,
        min_value=0,
        max_value=30,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _("Use a number from 0 to 30.")),
    )
    seed = forms.IntegerField(label=_("Seed"), **whole_number(0, SEEDS - 1))
    count = forms.IntegerField(label=_("How many"), **whole_number(1, 4))
    idempotency_key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        size = self["size"].value()
        if isinstance(size, str) and size not in dict(presets.SIZES) and SIDE.fullmatch(size):
            self.fields["size"].choices = [*presets.SIZES, (size, _("As before"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Fill what was left open, so that the job's row tells all of its settings."""
        values = dict(self.cleaned_data)
        values["model"] = values.get("model") or settings.HF_MODEL
        info = model_info(values["model"])
        values["size"] = values.get("size") or presets.DEFAULT_SIZE
        self.check_fit(values, info)
        values["count"] = values.get("count") or 1
        values["steps"] = values.get("steps") or info.steps
        if values.get("guidance_scale") is None:
            values["guidance_scale"] = info.guidance_scale
        values["seed_given"] = values.get("seed") is not None
        if not values["seed_given"]:
            values["seed"] = secrets.randbelow(SEEDS)
        return values

    def check_fit(self, values: dict[str, Any], info: ModelInfo) -> None:
        """What this model cannot do is said beside its field."""
        if max(int(side) for side in values["size"].split("x")) > info.max_side:
            self.add_error("size", _("This model draws at most %(side)d pixels a side.") % {"side": info.max_side})
        if info.steps_adjustable and (values.get("steps") or 0) > info.max_steps:
            self.add_error("steps", _("This model takes at most %(steps)d steps.") % {"steps": info.max_steps})

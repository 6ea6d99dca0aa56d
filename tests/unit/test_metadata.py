from __future__ import annotations

import io
import json
import re
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from images.metadata import VERSION, a1111_text, convert, exif, invokeai_json, with_settings
from workers.providers.base import GenerationRequest

FORMATS = ("PNG", "JPEG", "WEBP")
TEXTS = st.one_of(
    st.text(st.sampled_from("ab ,:\n\"'\\{}()<>éß€😀👨‍👩‍👧سلام中\u202e"), max_size=80),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
    st.sampled_from(["Negative prompt: x\nSteps: 3, Seed: 4, Size: 1x1", "a\n Negative prompt: b", "Steps: 20", ""]),
)
FEW = hypothesis_settings(max_examples=60, deadline=None)


def made(prompt: str = "a fox, red", **changes: Any) -> GenerationRequest:
    known: dict[str, Any] = {"steps": 30, "guidance_scale": 7.5, "seed": 123, "width": 1024, "height": 768}
    return GenerationRequest(prompt=prompt, **known | {"model": "lab/model-xl"} | changes)


def picture(mode: str = "RGB") -> Image.Image:
    ramp = Image.linear_gradient("L").resize((40, 30))
    return Image.merge(mode, [ramp, ramp.rotate(180), ramp, ramp][: len(mode)])


def encoded(image: Image.Image, format: str, **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **how)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def read_a1111(text: str) -> tuple[str, str, dict[str, str]]:
    """As AUTOMATIC1111 reads it: the last line is pairs, a line with the right beginning starts the negative prompt."""
    *lines, last = text.strip().split("\n")
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("Negative prompt:"))
    negative = [lines[start].strip()[len("Negative prompt:") :], *lines[start + 1 :]]
    found = re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', last)
    pairs = {key: json.loads(value) if value.startswith('"') else value for key, value in found}
    return tidy("\n".join(lines[:start])), tidy("\n".join(negative)), pairs


def tidy(text: str) -> str:
    """Readers strip lines, and we write a prompt's own "Negative prompt:" small."""
    lines = [line.strip() for line in text.strip().split("\n")]
    return "\n".join(lines).replace("Negative prompt:", "negative prompt:")


def user_comment(block: bytes) -> str:
    """By the TIFF rules, from the bytes: the Exif directory's UserComment, which must be of type 7."""
    order, mark, first, count, tag, kind, one, exif_at, end = struct.unpack_from(">2sHIHHHIII", block)
    assert (order, mark, first, count, tag, kind, one, end) == (b"MM", 42, 8, 1, 0x8769, 4, 1, 0)
    entries, tag, kind, size, at = struct.unpack_from(">HHHII", block, exif_at)
    assert (entries, tag, kind) == (1, 0x9286, 7)
    body = block[at : at + size]
    assert body.startswith(b"UNICODE\0")
    return body[8:].decode("utf-16-be")


def exif_of(data: bytes) -> bytes:
    return bytes(opened(data).info["exif"]).removeprefix(b"Exif\0\0")


def text_in(data: bytes) -> str:
    info = opened(data).info
    return info["parameters"] if "parameters" in info else user_comment(exif_of(data))


def test_the_text_is_written_as_the_other_tools_read_it() -> None:
    assert a1111_text(made("a fox,\nred", negative_prompt="blur")) == (
        "a fox,\nred\nNegative prompt: blur\n"
        "Steps: 30, CFG scale: 7.5, Seed: 123, Size: 1024x768, Model: lab/model-xl, Version: " + VERSION
    )


def test_an_empty_negative_prompt_still_has_its_line() -> None:
    assert "\nNegative prompt: \nSteps: 30" in a1111_text(made())


def test_what_is_not_known_is_not_written() -> None:
    settings = made(steps=None, guidance_scale=None)
    assert a1111_text(settings).endswith("\nSeed: 123, Size: 1024x768, Model: lab/model-xl, Version: " + VERSION)
    assert not {"steps", "cfg_scale", "scheduler", "model"} & set(json.loads(invokeai_json(settings)))


@pytest.mark.parametrize(
    ("model", "written"), [("a:b", '"a:b"'), ("a, b", '"a, b"'), ('"a"', r'"\"a\""'), ("a b", "a b")]
)
def test_a_value_that_would_break_the_line_is_quoted(model: str, written: str) -> None:
    assert f"Model: {written}, Version" in a1111_text(made(model=model))


def test_a_guidance_of_zero_is_known() -> None:
    assert "CFG scale: 0," in a1111_text(made(guidance_scale=0.0))


def test_invokeai_gets_its_keys_with_numbers_as_numbers() -> None:
    assert json.loads(invokeai_json(made(negative_prompt="blur"))) == {
        "generation_mode": "sdxl_txt2img",
        "positive_prompt": "a fox, red",
        "negative_prompt": "blur",
        "width": 1024,
        "height": 768,
        "seed": 123,
        "cfg_scale": 7.5,
        "steps": 30,
        "app_version": VERSION,
    }
    assert json.loads(invokeai_json(made(model="flux")))["generation_mode"] == "txt2img"


@given(TEXTS, TEXTS, st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20))
@FEW
def test_any_prompt_reads_back_from_the_text(prompt: str, negative: str, model: str) -> None:
    text = a1111_text(made(prompt, negative_prompt=negative, model=model))
    pairs = {"Steps": "30", "CFG scale": "7.5", "Seed": "123", "Size": "1024x768", "Model": model, "Version": VERSION}
    assert read_a1111(text) == (tidy(prompt), tidy(negative), pairs)


@given(TEXTS, TEXTS)
@FEW
def test_any_prompt_reads_back_from_the_json(prompt: str, negative: str) -> None:
    facts = json.loads(invokeai_json(made(prompt, negative_prompt=negative)))
    assert (facts["positive_prompt"], facts["negative_prompt"]) == (prompt, negative)


FILES = {format: encoded(picture(), format) for format in FORMATS}


@pytest.mark.parametrize("format", FORMATS)
@given(prompt=TEXTS)
@FEW
def test_any_prompt_reads_back_from_a_file(format: str, prompt: str) -> None:
    settings = made(prompt)
    assert text_in(with_settings(FILES[format], format, settings)) == a1111_text(settings)


@pytest.mark.parametrize("format", FORMATS)
def test_the_pixels_stay_untouched(format: str) -> None:
    assert opened(with_settings(FILES[format], format, made())).tobytes() == opened(FILES[format]).tobytes()


@pytest.mark.parametrize("how", [{}, {"lossless": True}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_every_kind_of_webp_takes_settings(mode: str, how: dict[str, bool]) -> None:
    data = encoded(picture(mode), "WEBP", **how)
    written = with_settings(data, "WEBP", made())
    assert (opened(written).mode, opened(written).tobytes()) == (mode, opened(data).tobytes())
    assert struct.unpack_from("<I", written, 4)[0] == len(written) - 8
    assert (written[12:16], written[20]) == (b"VP8X", 0x18 if mode == "RGBA" else 0x08)


def test_ascii_goes_into_text_and_all_else_into_utf8_text() -> None:
    plain = with_settings(FILES["PNG"], "PNG", made("a fox"))
    other = with_settings(FILES["PNG"], "PNG", made("🦊"))
    assert (plain.count(b"tEXt"), plain.count(b"iTXt")) == (2, 0)
    assert b"iTXtparameters\0\0\0\0\0\xf0\x9f\xa6\x8a" in other


def test_a_png_has_the_two_chunks_and_no_other_names() -> None:
    data = with_settings(FILES["PNG"], "PNG", made())
    assert set(opened(data).text) == {"parameters", "invokeai_metadata"}  # type: ignore[attr-defined]
    assert b"eXIf" not in data
    opened(data)
    Image.open(io.BytesIO(data)).verify()


@pytest.mark.parametrize("format", FORMATS)
def test_writing_twice_leaves_one_set_of_settings(format: str) -> None:
    once = with_settings(FILES[format], format, made("one"))
    assert with_settings(once, format, made("two")) == with_settings(FILES[format], format, made("two"))


def foreign(format: str) -> bytes:
    """A file with somebody else's words in every place there is."""
    secret: dict[str, Any] = {"exif": b"Exif\0\0" + exif(made("secret"))}
    if format == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("workflow", "secret")
        info.add_itxt("Comment", "secret")
        secret["pnginfo"] = info
    else:
        secret["xmp"] = b"<x:xmpmeta>secret</x:xmpmeta>"
    if format == "JPEG":
        secret["comment"] = b"secret"
    return encoded(picture(), format, **secret)


@pytest.mark.parametrize("to_format", FORMATS)
@pytest.mark.parametrize("format", FORMATS)
def test_without_settings_no_words_are_left(format: str, to_format: str) -> None:
    data = foreign(format)
    assert b"secret" in data
    bare = convert(data, to_format, None)
    assert (b"secret" in bare, "secret".encode("utf-16-be") in bare) == (False, False)
    assert not {"exif", "xmp", "comment", "parameters"} & set(opened(bare).info)
    assert bare[12:16] != b"VP8X" or not bare[20] & 0x0C


@pytest.mark.parametrize("to_format", FORMATS)
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_becomes_every_other_with_its_settings(format: str, to_format: str) -> None:
    data = convert(FILES[format], to_format, made())
    assert (opened(data).format, opened(data).size) == (to_format, (40, 30))
    assert text_in(data) == a1111_text(made())


def test_the_same_format_is_not_encoded_anew() -> None:
    assert convert(FILES["JPEG"], "JPEG", None) == FILES["JPEG"]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_become_white_in_a_jpeg_and_stay_in_the_others(mode: str) -> None:
    clear = encoded(Image.new(mode, (8, 8)), "PNG", **({"transparency": 0} if mode == "P" else {}))
    assert opened(convert(clear, "JPEG", None)).getpixel((4, 4)) == (255, 255, 255)
    assert opened(convert(clear, "WEBP", None)).getpixel((4, 4)) == (0, 0, 0, 0)


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA"])
def test_pictures_without_colour_can_be_converted(mode: str) -> None:
    data = encoded(Image.linear_gradient("L").convert(mode), "PNG")
    assert {opened(convert(data, to, None)).size for to in ("JPEG", "WEBP")} == {(256, 256)}


def test_a_picture_of_16_bits_keeps_its_shades() -> None:
    dark = encoded(Image.frombytes("I;16", (8, 8), b"\0\x40" * 64), "PNG")
    assert opened(convert(dark, "JPEG", None)).getpixel((4, 4)) == (64, 64, 64)


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_with_unreadable_exif_can_be_converted(format: str) -> None:
    data = encoded(picture(), format, exif=b"Exif\0\0no TIFF at all")
    assert {opened(convert(data, to, None)).size for to in FORMATS} == {(40, 30)}


def test_a_text_too_long_for_a_jpeg_is_left_out() -> None:
    data = convert(FILES["JPEG"], "JPEG", made("x" * 40_000))
    assert data == FILES["JPEG"]

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from images.files import BadPicture, content_type, extension, read_picture, sniff, webp_size

FORMATS = ("PNG", "JPEG", "WEBP")
MAGIC = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff\xe0", "WEBP": b"RIFF\x40\0\0\0WEBPVP8 "}


def colours(width: int = 96, height: int = 64) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (ramp, ramp.rotate(180), Image.radial_gradient("L").resize((width, height))))


def encoded(image: Image.Image, format: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **how)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_that_claims(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return MAGIC["PNG"] + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def jpeg_that_claims(width: int, height: int) -> bytes:
    data = bytearray(encoded(colours(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_that_claims(width: int, height: int) -> bytes:
    head = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + head + encoded(colours(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def code_of(data: bytes) -> str:
    with pytest.raises(BadPicture) as caught:
        read_picture(data)
    assert len(caught.value.message.split()) <= 15
    return caught.value.code


@pytest.mark.parametrize("format", FORMATS)
def test_a_good_picture_is_kept_as_it_came(format: str) -> None:
    data = encoded(colours(), format)
    picture = read_picture(data)
    assert (picture.data, picture.format, picture.width, picture.height) == (data, format, 96, 64)
    assert picture.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("format", FORMATS)
def test_thumbnails_are_webp_of_512_and_256_pixels_width(format: str) -> None:
    picture = read_picture(encoded(colours(1300, 975), format))
    thumbnails = [opened(data) for data in picture.thumbnails()]
    assert [(image.format, image.size) for image in thumbnails] == [("WEBP", (512, 384)), ("WEBP", (256, 192))]
    assert (picture.width, picture.height) == (1300, 975)


def test_a_thumbnail_shows_the_picture() -> None:
    image = Image.new("RGB", (1280, 1280), "navy")
    image.paste("orange", (640, 0, 1280, 1280))
    left, right = (
        opened(read_picture(encoded(image, "JPEG")).thumbnails()[0]).convert("RGB").getpixel(at)
        for at in ((100, 300), (500, 300))
    )
    assert [round(part / 32) for part in left] == [0, 0, 4]  # type: ignore[union-attr]
    assert [round(part / 32) for part in right] == [8, 5, 0]  # type: ignore[union-attr]


def test_a_small_picture_is_not_enlarged() -> None:
    picture = read_picture(encoded(colours(500, 50)))
    assert [opened(data).size for data in picture.thumbnails()] == [(500, 50), (256, 26)]


def test_a_picture_of_one_pixel_is_a_picture() -> None:
    assert opened(read_picture(encoded(Image.new("RGB", (1, 1), "red"))).thumbnails()[0]).size == (1, 1)


@pytest.mark.parametrize("size", [(700, 1), (1, 700), (513, 3)])
def test_a_thin_picture_keeps_at_least_one_pixel(size: tuple[int, int]) -> None:
    thumbnail = opened(read_picture(encoded(colours(*size))).thumbnails()[0])
    assert thumbnail.width == min(512, size[0])
    assert thumbnail.height >= 1


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_placeholder_is_a_tiny_picture_in_at_most_400_characters(random: Any) -> None:
    noise = Image.frombytes("RGB", (16, 16), random.randbytes(16 * 16 * 3)).resize((48, 48), Image.Resampling.NEAREST)
    picture = read_picture(encoded(noise), refuse_black=False)
    head, _, body = picture.placeholder.partition(",")
    assert head == "data:image/webp;base64"
    assert len(picture.placeholder) <= 400
    assert max(opened(base64.b64decode(body)).size) <= 16


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    picture = read_picture(encoded(Image.linear_gradient("L").convert(mode)))
    darkest, brightest = opened(picture.thumbnails()[0]).convert("L").getextrema()
    assert darkest < 10  # type: ignore[operator]
    assert brightest > 245  # type: ignore[operator]


def test_a_png_of_16_bits_keeps_its_shades() -> None:
    shades = b"".join(struct.pack("<H", grey << 8) for grey in range(256))
    picture = read_picture(encoded(Image.frombytes("I;16", (256, 1), shades)))
    row = opened(picture.thumbnails()[0]).convert("L")
    assert [round(row.getpixel((x, 0)) / 64) for x in (1, 64, 128, 192, 254)] == [0, 1, 2, 3, 4]  # type: ignore[operator]


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_every_kind_of_jpeg_is_read(mode: str) -> None:
    assert read_picture(encoded(colours().convert(mode), "JPEG")).format == "JPEG"


def test_transparent_parts_stay_transparent_in_the_thumbnail() -> None:
    image = colours()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    assert opened(read_picture(encoded(image)).thumbnails()[0]).mode == "RGBA"


@pytest.mark.parametrize(("turned", "size"), [(3, (96, 64)), (6, (64, 96)), (9, (96, 64))])
def test_a_picture_turned_by_exif_is_measured_and_shown_upright(turned: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    picture = read_picture(encoded(colours(96, 64), "JPEG", exif=exif))
    assert (picture.width, picture.height) == opened(picture.thumbnails()[0]).size == size


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("block", [b"MM\0*\xff\xff\xff\xff", b"no TIFF at all", b""])
@pytest.mark.parametrize("format", FORMATS)
def test_unreadable_exif_costs_nobody_a_picture(format: str, block: bytes) -> None:
    assert read_picture(encoded(colours(), format, exif=b"Exif\0\0" + block)).width == 96


@pytest.mark.parametrize("format", FORMATS)
def test_a_black_picture_is_the_safety_filters_answer(format: str) -> None:
    data = encoded(Image.new("RGB", (700, 700)), format)
    assert code_of(data) == "black_picture"
    assert read_picture(data, refuse_black=False).width == 700


def test_one_bright_spot_in_the_dark_is_no_black_picture() -> None:
    image = Image.new("RGB", (2000, 100))
    image.putpixel((1000, 50), (20, 20, 20))  # too small to be seen in the thumbnail
    assert read_picture(encoded(image)).width == 2000


BOMBS = {
    "png": png_that_claims(50_000, 50_000),
    "jpeg": jpeg_that_claims(65_000, 65_000),
    "jpeg that Pillow only warns of": jpeg_that_claims(11_000, 11_000),
    "webp": webp_that_claims(16_000, 16_000),
    "wide": png_that_claims(8193, 1),
    "just over": png_that_claims(4097, 4097),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_its_header(kind: str) -> None:
    assert code_of(BOMBS[kind]) == "picture_too_large"


def test_a_webp_that_claims_too_much_is_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Image, "open")
    assert code_of(BOMBS["webp"]) == "picture_too_large"


@pytest.mark.parametrize("how", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*"}])
def test_the_size_of_every_kind_of_webp_is_known_without_opening_it(how: dict[str, Any]) -> None:
    assert webp_size(encoded(colours(300, 200), "WEBP", **how)) == (300, 200)


def test_too_many_bytes_are_refused_unread() -> None:
    assert code_of(MAGIC["PNG"] + bytes(25_000_001)) == "picture_too_large"


def test_a_second_header_does_not_enlarge_the_picture() -> None:
    good = encoded(colours())
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    assert code_of(good[:33] + second + good[33:]) in {"picture_too_large", "broken_picture"}


def test_a_jpeg_of_a_thousand_scans_is_refused() -> None:
    assert code_of(encoded(colours(), "JPEG") + b"\xff\xda" * 1000) == "broken_picture"


@pytest.mark.parametrize(("format", "at", "part"), [("PNG", 33, chunk(b"prVt", b"")), ("JPEG", 2, b"\xff\xe1\0\x02")])
def test_a_picture_of_very_many_parts_is_never_opened(
    format: str, at: int, part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = encoded(colours(), format)
    assert read_picture(good[:at] + part * 1000 + good[at:]).width == 96
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    assert code_of(good[:at] + part * 50_000 + good[at:]) == "broken_picture"


def test_a_text_bomb_in_a_png_is_refused() -> None:
    bomb = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(20_000_000)))
    good = encoded(colours())
    assert code_of(good[:33] + bomb + good[33:]) == "broken_picture"


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_an_animation_is_refused(format: str) -> None:
    frames = [colours(), colours().rotate(90)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert code_of(data) == "animated_picture"


OTHERS = {
    "nothing": b"",
    "GIF": encoded(colours(), "GIF"),
    "TIFF": encoded(colours(), "TIFF"),
    "BMP": encoded(colours(), "BMP"),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "HTML": b"<!DOCTYPE html><html><body>503</body></html>",
    "JSON": b'{"error": "loading"}',
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_picture_of_ours_is_refused(kind: str) -> None:
    assert code_of(OTHERS[kind]) == "no_picture"


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("format", FORMATS)
def test_a_truncated_picture_is_refused(format: str, tenth: int) -> None:
    data = encoded(colours(200, 200), format)
    assert code_of(data[: len(data) * tenth // 10]) == "broken_picture"


@pytest.mark.parametrize("at", [20, 200, -13], ids=["header", "pixels", "checksum"])
def test_a_png_with_one_wrong_byte_is_refused(at: int) -> None:
    data = bytearray(encoded(colours()))
    data[at] ^= 1
    assert code_of(bytes(data)) == "broken_picture"


def test_a_picture_that_is_also_something_else_is_only_a_picture_to_us() -> None:
    data = encoded(colours()) + b"<script>alert(1)</script>"
    assert content_type(read_picture(data).format) == "image/png"


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_random_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    for start in (b"", *MAGIC.values()):
        with pytest.raises(BadPicture):
            read_picture(start + data)


@given(st.sampled_from(FORMATS), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_a_damaged_picture_is_read_or_refused_and_nothing_else_happens(
    format: str, hits: list[tuple[int, int]]
) -> None:
    data = bytearray(encoded(colours(), format))
    for at, value in hits:
        data[at % len(data)] = value
    with suppress(BadPicture):
        assert read_picture(bytes(data)).format == format


def test_the_operator_sees_how_the_answer_began() -> None:
    with pytest.raises(BadPicture) as caught:
        sniff(b"<html>")
    assert caught.value.detail == "6 bytes that begin with 3c 68 74 6d 6c 3e"


def test_formats_have_their_usual_extensions_and_types() -> None:
    assert [extension(format) for format in FORMATS] == ["png", "jpg", "webp"]
    assert [content_type(format) for format in FORMATS] == ["image/png", "image/jpeg", "image/webp"]

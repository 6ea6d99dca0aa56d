"""The settings of a picture, written into its file the way other tools read them; pixels stay untouched.

A written file carries our settings or none: whatever text, EXIF or XMP it had before is left out.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from config import VERSION as NUMBER
from images.files import eight_bits, turn, webp_size
from workers.providers.base import GenerationRequest

VERSION = f"image-generator {NUMBER}"
PNG_TEXT = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
JPEG_TEXT = {0xE1, 0xED, 0xFE}  # EXIF and XMP, Photoshop, comment
WEBP_TEXT = {b"EXIF", b"XMP "}
JPEG_ROOM = 65_533  # bytes in one JPEG segment
WEBP_EXIF, WEBP_XMP, WEBP_ALPHA = 0x08, 0x04, 0x10


def a1111_text(settings: GenerationRequest) -> str:
    """The text that AUTOMATIC1111, ComfyUI, SwarmUI and Fooocus read: prompt, negative prompt, one line of pairs."""
    pairs = {
        "Steps": settings.steps,
        "CFG scale": None if settings.guidance_scale is None else f"{settings.guidance_scale:g}",
        "Seed": settings.seed,
        "Size": f"{settings.width}x{settings.height}",
        "Model": settings.model,
        "Version": VERSION,
    }
    line = ", ".join(f"{key}: {_quoted(str(value))}" for key, value in pairs.items() if value not in (None, ""))
    return f"{_plain(settings.prompt)}\nNegative prompt: {_plain(settings.negative_prompt)}\n{line}"


def _plain(text: str) -> str:
    """No line may look like the negative prompt's: readers know it by its beginning, and by its capital letter."""
    return re.sub(r"(?m)^(\s*)Negative prompt:", r"\1negative prompt:", re.sub(r"\r\n?", "\n", text).replace("\0", ""))


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r'[,:\n"]', value) else value


def invokeai_json(settings: GenerationRequest) -> str:
    facts = {
        "generation_mode": "sdxl_txt2img" if "xl" in settings.model.lower() else "txt2img",
        "positive_prompt": settings.prompt,
        "negative_prompt": settings.negative_prompt,
        "width": settings.width,
        "height": settings.height,
        "seed": settings.seed,
        "cfg_scale": settings.guidance_scale,
        "steps": settings.steps,
        "app_version": VERSION,
    }
    return json.dumps({key: value for key, value in facts.items() if value is not None})


def with_settings(data: bytes, format: str, settings: GenerationRequest | None) -> bytes:
    """The same picture with these settings, or with none. `format` is that of `data`: "PNG", "JPEG" or "WEBP"."""
    write = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}[format]
    return write(data, settings)


def convert(data: bytes, to_format: str, settings: GenerationRequest | None) -> bytes:
    """The picture as "PNG", "JPEG" or "WEBP"; encoded anew only if it is something else now."""
    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as image:
        format = str(image.format)
        if format != to_format:
            turn(image)
            data = _encoded(eight_bits(image), to_format)
    return with_settings(data, to_format, settings)


def _encoded(image: Image.Image, format: str) -> bytes:
    """Transparent parts become white where the format has none."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
    if format == "JPEG" and image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    elif image.mode != "RGBA":
        image = image.convert("RGB")
    out = io.BytesIO()
    how = {"PNG": {"compress_level": 4}, "JPEG": {"quality": 92}, "WEBP": {"quality": 90, "method": 2}}[format]
    image.save(out, format, icc_profile=image.info.get("icc_profile"), **how)
    return out.getvalue()


def _png(data: bytes, settings: GenerationRequest | None) -> bytes:
    kept = [chunk for kind, chunk in _png_chunks(data) if kind not in PNG_TEXT]
    if settings:
        texts = {"parameters": a1111_text(settings), "invokeai_metadata": invokeai_json(settings)}
        kept[1:1] = [_png_text(key, text) for key, text in texts.items()]  # behind the header
    return data[:8] + b"".join(kept)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at : at + size + 12]
        at += size + 12


def _png_text(key: str, text: str) -> bytes:
    """A tEXt chunk is read as Latin-1 by some and as UTF-8 by others, so only ASCII is safe in it."""
    if text.isascii():
        kind, body = b"tEXt", key.encode() + b"\0" + text.encode()
    else:
        kind, body = b"iTXt", key.encode() + b"\0\0\0\0\0" + text.encode(errors="replace")
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif(settings: GenerationRequest) -> bytes:
    """A TIFF block with nothing but the UserComment: one directory, which points to the Exif directory behind it."""
    comment = b"UNICODE\0" + a1111_text(settings).encode("utf-16-be", errors="replace")
    main = struct.pack(">2sHIHHHIII", b"MM", 42, 8, 1, 0x8769, 4, 1, 26, 0)
    return main + struct.pack(">HHHIII", 1, 0x9286, 7, len(comment), 44, 0) + comment


def _jpeg(data: bytes, settings: GenerationRequest | None) -> bytes:
    """Texts too long for a segment are left out."""
    segments, rest = _jpeg_segments(data)
    kept = [segment for segment in segments if segment[1] not in JPEG_TEXT]
    block = b"Exif\0\0" + exif(settings) if settings else b""
    if 0 < len(block) <= JPEG_ROOM:
        after_jfif = 1 if kept and kept[0][1] == 0xE0 else 0
        kept.insert(after_jfif, b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block)
    return data[:2] + b"".join(kept) + rest


def _jpeg_segments(data: bytes) -> tuple[list[bytes], bytes]:
    """The segments before the scan, and the rest of the file."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 1 if data[at + 1] == 0xFF else at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != 0xFF:  # a fill byte
            segments.append(data[at:end])
        at = end
    return segments, data[at:]


def _webp(data: bytes, settings: GenerationRequest | None) -> bytes:
    """An EXIF chunk asks for the extended form, whose first chunk says what is inside and how large the canvas is."""
    chunks = [(kind, body) for kind, body in _webp_chunks(data) if kind not in WEBP_TEXT]
    head = bytearray(chunks.pop(0)[1] if chunks[0][0] == b"VP8X" else _webp_head(*chunks[0], webp_size(data)))
    head[0] &= ~(WEBP_EXIF | WEBP_XMP) & 0xFF
    if settings:
        head[0] |= WEBP_EXIF
        chunks.append((b"EXIF", exif(settings)))
    whole = b"".join(
        kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        for kind, body in [(b"VP8X", bytes(head)), *chunks]
    )
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _webp_head(kind: bytes, body: bytes, size: tuple[int, int]) -> bytes:
    flags = WEBP_ALPHA if kind == b"VP8L" and body[4] & 0x10 else 0
    width, height = (side - 1 for side in size)
    return bytes([flags, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")

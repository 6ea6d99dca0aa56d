"""Small valid pictures, quickly: a PNG is encoded once per size, and a seed only changes its palette."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from functools import lru_cache

from PIL import Image

COLOURS = 16


def png(width: int, height: int, seed: int) -> bytes:
    encoded = _encoded(width, height)
    at = encoded.index(b"PLTE") + 4
    chunk = b"PLTE" + random.Random(seed).randbytes(COLOURS * 3)
    return encoded[: at - 4] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + encoded[at + COLOURS * 3 + 4 :]


@lru_cache
def _encoded(width: int, height: int) -> bytes:
    ramp = Image.linear_gradient("L").resize((width, height)).point(lambda value: value * COLOURS // 256)
    picture = Image.new("P", (width, height))
    picture.putpalette(bytes(range(1, COLOURS * 3 + 1)))
    picture.paste(ramp)
    return _bytes(picture, "PNG", bits=8)


@lru_cache
def jpeg(width: int, height: int, seed: int) -> bytes:
    return _bytes(Image.open(io.BytesIO(png(width, height, seed))).convert("RGB"), "JPEG")


@lru_cache
def black(width: int, height: int) -> bytes:
    return _bytes(Image.new("RGB", (width, height)), "PNG")


@lru_cache
def gzip_bomb(megabytes: int = 64) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1024 * 1024)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def _bytes(picture: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()

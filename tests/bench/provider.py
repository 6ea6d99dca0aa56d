"""`python -m tests.bench.provider`: the stub of Hugging Face with pictures as heavy as real ones.

Every drawing call takes `--delay` seconds and is answered with a JPEG of the size asked for, or of `--side` pixels.
"""

from __future__ import annotations

import io
import random
import sys
from functools import lru_cache
from typing import Any

from PIL import Image

from tests.stub_huggingface import forms, handler, pictures
from tests.stub_huggingface.__main__ import main

BYTES_PER_PIXEL = 0.19  # 200 kB at 1024 x 1024
OCTAVES = 9


@lru_cache
def photo(width: int, height: int, seed: int = 1) -> Image.Image:
    """Noise on every scale with the spectrum of a photo, so that decoders and encoders work as hard as on one."""
    dice, picture = random.Random(seed), Image.new("RGB", (width, height), "grey")
    for octave in range(1, OCTAVES + 1):
        side = 2**octave
        noise = Image.frombytes("RGB", (side, side), dice.randbytes(side * side * 3))
        picture = Image.blend(picture, noise.resize((width, height), Image.Resampling.BICUBIC), 0.9 / octave**1.2)
    return picture


@lru_cache
def jpeg(width: int, height: int, _seed: int = 0) -> bytes:
    """The quality that comes nearest to the bytes of a real picture."""
    made = [encoded(photo(width, height), quality) for quality in range(40, 97, 4)]
    return min(made, key=lambda data: abs(len(data) - BYTES_PER_PIXEL * width * height))


def encoded(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def side_in(arguments: list[str]) -> int:
    """Takes `--side N` out of the arguments; 0 if it is not there."""
    if "--side" not in arguments:
        return 0
    at = arguments.index("--side")
    side = int(arguments[at + 1])
    del arguments[at : at + 2]
    return side


def run() -> None:
    side = side_in(sys.argv)

    def heavy(width: int, height: int, seed: int) -> bytes:
        return jpeg(side or width, side or height)

    stub: Any = handler.Handler
    pictures.jpeg = heavy  # type: ignore[assignment]
    stub.send_picture = send_jpeg
    heavy(1024, 1024, 0)
    main()


def send_jpeg(stub: handler.Handler, asked: forms.Asked, scenario: object) -> None:
    data = pictures.jpeg(asked.width, asked.height, 0)
    stub.send(200, data, {"Content-Type": "image/jpeg", "x-compute-time": "0.5"})


if __name__ == "__main__":
    run()

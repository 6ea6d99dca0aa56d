"""Layered landscapes and waters, drawn with Pillow alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, ...]
Line = list[tuple[float, float]]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))


def gradient(size: tuple[int, int], *colours: Colour) -> Image.Image:
    """From top to bottom, evenly spaced."""
    strip = Image.frombytes("RGB", (1, len(colours)), bytes(part for colour in colours for part in colour))
    return strip.resize((1, size[1]), Image.Resampling.BICUBIC).resize(size, Image.Resampling.NEAREST)


def levels(mask: Image.Image, low: int, high: int, peak: int, bend: float) -> Image.Image:
    """Grey up to `low` becomes 0 and from `high` on `peak`."""
    shares = (min(1.0, max(0.0, (grey - low) / (high - low))) ** bend for grey in range(256))
    return mask.point([round(peak * share) for share in shares])


class Painting:
    """A picture in the making. Places are shares of its width and height from the upper left; sizes, of its unit."""

    def __init__(self, size: tuple[int, int], colours: list[Colour], view: Random, pause: Callable[[], None]) -> None:
        self.high, self.middle, self.haze, self.near, self.light = colours
        self.size, self.width, self.height, self.unit = size, *size, math.sqrt(size[0] * size[1])
        self.view, self.pause = view, pause
        self.image = gradient(size, self.high, self.middle, self.haze)
        self.sky()

    def noise(self, columns: int, rows: int) -> Image.Image:
        """Soft clouds; `columns` and `rows` count the largest lumps."""
        self.pause()
        field = Image.new("L", (self.width // 2 + 1, self.height // 2 + 1))
        for share, fine in ((1.0, 16), (0.6, 8), (0.6, 4), (0.6, 2), (0.55, 1)):
            spots = self.view.randbytes(columns * rows * fine * fine)
            grid = Image.frombytes("L", (columns * fine, rows * fine), spots)
            field = Image.blend(field, grid.resize(field.size, Image.Resampling.BICUBIC), share)
        return field.resize(self.size, Image.Resampling.BILINEAR)

    def sky(self) -> None:
        """Stars where it is dark, thin clouds, sun or moon."""
        if sum(self.high) < 250:
            self.stars(260)
        self.image.paste(mix(self.haze, self.light, 0.35), (0, 0), levels(self.noise(2, 5), 120, 210, 150, 1.3))
        sun = self.view.uniform(0.2, 0.8) * self.width, self.view.uniform(0.16, 0.4) * self.height
        self.glow(sun, 0.9, mix(self.haze, self.light, 0.4), 200)
        self.glow(sun, 0.3, self.light, 170)
        self.glow(sun, self.view.uniform(0.035, 0.07), self.light, 255, hard=82)

    def stars(self, count: int) -> None:
        draw = ImageDraw.Draw(self.image, "RGBA")
        for _ in range(count):
            x, y = self.view.random() * self.width, self.view.random() ** 1.5 * self.height
            size = self.unit * (0.0006 + 0.0018 * self.view.random() ** 6)
            draw.ellipse((x - size, y - size, x + size, y + size), (255, 250, 240, self.view.randrange(60, 240)))

    def glow(self, at: tuple[float, float], radius: float, colour: Colour, peak: int, hard: int = 255) -> None:
        side = max(1, round(radius * self.unit * 2))
        disc = ImageChops.invert(Image.radial_gradient("L")).resize((side, side), Image.Resampling.BICUBIC)
        corner = round(at[0] - side / 2), round(at[1] - side / 2)
        self.image.paste(Image.new("RGB", disc.size, colour), corner, levels(disc, 76, hard, peak, 2.0))

    def ridge(self, level: float, height: float, rough: float) -> Line:
        """Halved again and again; `rough` is 0.5 for rock and 0.35 for hills."""
        heights, reach = [self.view.uniform(-1, 1) for _ in range(4)], 0.6
        while len(heights) < 150:
            middles = [(a + b) / 2 + self.view.uniform(-reach, reach) for a, b in pairwise(heights)]
            heights = [at for pair in zip(heights, middles, strict=False) for at in pair] + heights[-1:]
            reach *= rough
        return [(x / (len(heights) - 1), level - at * height) for x, at in enumerate(heights)]

    def wave(self, level: float, height: float) -> Line:
        parts = [(self.view.uniform(2, 8) * k, self.view.uniform(0, 7), height / k) for k in (1, 2, 3)]
        return [(x / 160, level - sum(math.sin(f * x / 160 + p) * a for f, p, a in parts)) for x in range(161)]

    def land(self, line: Line, near: float, pines: float = 0.0) -> None:
        """All below the line, masked at twice the size for smooth edges; `near` is 0 at the horizon and 1 close by."""
        self.pause()
        mask = Image.new("L", (self.width * 2, self.height * 2))
        draw, line = ImageDraw.Draw(mask), [(x * mask.width, y * mask.height) for x, y in line]
        draw.polygon([*line, mask.size, (0, mask.height)], 255)
        while pines and line:
            (x, foot), tall = line[0], pines * self.unit * 2 * self.view.uniform(0.6, 1.2)
            for floor in range(5):
                y, half = foot - tall * (0.18 * floor - 0.06), tall * (0.2 - 0.034 * floor)
                draw.polygon([(x - half, y), (x, y - tall * 0.34), (x + half, y)], 255)
            line = line[max(1, round(tall * self.view.uniform(0.1, 0.4) / mask.width * 190)) :]
        top = mix(self.haze, self.near, 0.12 + 0.88 * near**1.25)
        shades = gradient(self.size, top, mix(top, self.haze, 0.6 - 0.5 * near))
        self.image.paste(shades, (0, 0), mask.reduce(2))

    def mountains(self) -> None:
        for k in range(5):
            self.land(self.ridge(0.48 + 0.1 * k, 0.15 - 0.03 * k, 0.52), 0.2 + 0.2 * k)

    def forest(self) -> None:
        for k in range(5):
            near = 0.2 + 0.2 * k
            self.land(self.ridge(0.5 + 0.12 * k, 0.06, 0.4), near, pines=0.03 + 0.2 * near**2.2)

    def dunes(self) -> None:
        for k in range(6):
            self.land(self.wave(0.55 + 0.08 * k, 0.03 + 0.008 * k), (k + 1) / 6)

    def sea(self) -> None:
        """The upper part again, upside down, darker and in ripples that grow towards the viewer."""
        shore = round(self.height * self.view.uniform(0.55, 0.64))
        for near in (0.25, 0.5):
            self.land(self.ridge(shore / self.height + 0.02, 0.09, 0.5), near)
        mirror = self.image.crop((0, 0, self.width, shore)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        mirror = Image.blend(mirror, gradient(mirror.size, self.middle, self.near), 0.45)
        self.image.paste(mirror, (0, shore))
        for row in range(0, self.height - shore, 2):
            swing = self.view.gauss(0, 0.012) * self.unit * row / (self.height - shore)
            self.image.paste(mirror.crop((0, row, self.width, row + 2)), (round(swing), shore + row))

    def finished(self) -> Image.Image:
        """With a fine grain, which hides the steps of slow gradients."""
        self.pause()
        grain = Image.frombytes("L", self.size, self.view.randbytes(self.width * self.height))
        grain = grain.point([grey * 5 // 256 for grey in range(256)])
        return ImageChops.add(self.image, Image.merge("RGB", [grain] * 3), 1, -2)

"""A drawn scene for clips without pictures: hills, lights and a sky, chosen by the spec."""

import hashlib
import math
import random
from dataclasses import dataclass
from functools import cache
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from .spec import ClipSpec

Colour = tuple[int, int, int]

MAX_SMALL = 180  # pixels of the shorter side; the encoder's scaler enlarges the drawing
LIGHTS, RIDGES = 9, 3


@dataclass(frozen=True, slots=True)
class Light:
    x: float
    y: float
    drift: float
    phase: float
    colour: Colour
    glow: Image.Image


@dataclass(frozen=True, slots=True)
class Ridge:
    colour: Colour
    shape: Image.Image
    speed: float


class Scene:
    """The moving scene of one clip; moment 0.0 is its beginning, 1.0 its end."""

    def __init__(self, spec: ClipSpec) -> None:
        digest = hashlib.sha256(f"{spec.title} {spec.model} {spec.seed}".encode()).digest()
        self._chance = random.Random(digest)  # noqa: S311 - a picture, not a secret
        short = min(spec.width, spec.height)
        self._short = min(MAX_SMALL, short // 2)
        scale = self._short / short
        self._size = (round(spec.width * scale), round(spec.height * scale))
        # Here and below the order of the calls matters: each takes the generator's next numbers,
        # and equal specs must give equal pictures.
        # From teal over blue, violet and red to amber.
        self._hue = self._chance.uniform(0.52, 1.10)
        self._sky = self._make_sky()
        self._lights = [self._make_light(index) for index in range(LIGHTS)]
        self._ridges = [self._make_ridge(depth) for depth in range(RIDGES)]
        self._shade = self._make_shade()

    def at(self, moment: float) -> Image.Image:
        """The small picture, in RGB."""
        picture = self._sky.copy()
        for light in self._lights:
            self._draw_light(picture, light, moment)
        for ridge in self._ridges:
            left = round((ridge.shape.width - picture.width) * moment * ridge.speed)
            mask = ridge.shape.crop((left, 0, left + picture.width, picture.height))
            picture.paste(ridge.colour, (0, 0), mask)
        return ImageChops.multiply(picture, self._shade)

    def _draw_light(self, picture: Image.Image, light: Light, moment: float) -> None:
        turn = light.phase + moment * light.drift * math.tau
        x = (light.x + 0.05 * math.cos(turn)) * picture.width - light.glow.width / 2
        y = (light.y + 0.04 * math.sin(turn)) * picture.height - light.glow.height / 2
        picture.paste(light.colour, (round(x), round(y)), light.glow)

    def _make_sky(self) -> Image.Image:
        above, below = _colour(self._hue, 0.55, 0.10), _colour(self._hue + 0.12, 0.60, 0.42)
        fall = Image.linear_gradient("L").resize(self._size)
        return ImageOps.colorize(fall, above, below)

    def _make_light(self, index: int) -> Light:
        """The first is large and bright, the others are small and out of focus."""
        chance, is_main = self._chance, index == 0
        size = self._short * (1.3 if is_main else chance.uniform(0.06, 0.32))
        strength = 0.75 if is_main else chance.uniform(0.25, 0.7)
        hue = self._hue + (0.14 if is_main else chance.uniform(-0.12, 0.3))
        return Light(
            x=chance.uniform(0.2, 0.8) if is_main else chance.random(),
            y=chance.uniform(0.3, 0.5) if is_main else chance.uniform(0.05, 0.6),
            drift=chance.choice((-1, 1)) * chance.uniform(0.1, 0.35),
            phase=chance.random() * math.tau,
            colour=_colour(hue, 0.5, 0.98),
            glow=_glow(round(size), strength, soft=index % 2 == 0),
        )

    def _make_ridge(self, depth: int) -> Ridge:
        width, height = round(self._size[0] * 1.25), self._size[1]
        waves = [
            (self._chance.uniform(0.5, 1.2) * 2**octave, self._chance.random() * math.tau)
            for octave in range(4)
        ]
        top = height * (0.58 + 0.13 * depth)
        line = [
            (x, top - _wave_height(x / self._size[0], waves) * height * 0.11)
            for x in range(-2, width + 3, 2)
        ]
        shape = Image.new("L", (width, height))
        ImageDraw.Draw(shape).polygon([*line, (width + 2, height), (-2, height)], fill=255)
        colour = _colour(self._hue + 0.04, 0.6, 0.26 - 0.09 * depth)
        return Ridge(colour, shape.filter(ImageFilter.GaussianBlur(0.8)), 0.4 + 0.3 * depth)

    def _make_shade(self) -> Image.Image:
        """Dark corners, and a darker bottom on which the caption stays readable."""
        corners = _radial_light().point(lambda level: min(255, 70 + level * 2))
        bottom = Image.linear_gradient("L").point(
            lambda level: 255 - max(0, level - 120) * 170 // 135
        )
        shade = ImageChops.multiply(corners.resize(self._size), bottom.resize(self._size))
        return Image.merge("RGB", (shade, shade, shade))


@cache
def _radial_light() -> Image.Image:
    """Light in the middle, dark at the edges, of 256 pixels."""
    return ImageOps.invert(Image.radial_gradient("L"))


def _glow(size: int, strength: float, *, soft: bool) -> Image.Image:
    """A round light; a soft one fades from the middle, the other is an even disc."""
    curve = [round(255 * strength * level) for level in _glow_levels(soft=soft)]
    return _radial_light().point(curve).resize((size, size), Image.Resampling.BILINEAR)


@cache
def _glow_levels(*, soft: bool) -> list[float]:
    """For each level of the radial light how bright the glow is there, from 0.0 to 1.0."""
    above = [max(level - 75, 0) for level in range(256)]
    if soft:
        return [(level / 180) ** 2 for level in above]
    return [min(level / 14, 1) * 0.55 for level in above]


def _colour(hue: float, saturation: float, value: float) -> Colour:
    levels = (round(hue % 1 * 255), round(saturation * 255), round(value * 255))
    return cast(Colour, Image.new("HSV", (1, 1), levels).convert("RGB").getpixel((0, 0)))


def _wave_height(x: float, waves: list[tuple[float, float]]) -> float:
    return sum(
        math.sin(x * rate * 4 + phase) / (index + 1) for index, (rate, phase) in enumerate(waves)
    )

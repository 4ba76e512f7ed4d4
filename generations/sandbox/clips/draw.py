"""Makes the pictures of a clip, one for each moment, as the encoder takes them."""

import hashlib
import math
import random
from dataclasses import dataclass
from typing import Any, cast

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from .raster import Lettering, Photographs, Planes, Row
from .spec import Sheet


class Painter:
    """A drawn scene, or the pictures of the order, with the letters of the sheet upon it."""

    def __init__(self, sheet: Sheet) -> None:
        shown = bool(sheet.pictures) and not sheet.references
        self._size = (sheet.width, sheet.height)
        self._ground = Photographs(sheet) if shown else Backdrop(sheet)
        self._row = Row(sheet) if sheet.pictures and sheet.references else None
        self._lettering = Lettering(sheet)

    def frame(self, moment: float) -> Any:
        import av

        planes = self._ground.at(moment)
        if self._row is not None:
            self._row.paste(planes)
        self._lettering.mark(planes, moment)
        frame: Any = av.VideoFrame(*self._size, "yuv420p")
        for plane, image in zip(frame.planes, planes, strict=True):
            plane.update(_rows(image.tobytes(), image.width, plane.line_size))
        return frame


class Backdrop:
    """The scene in full size; the encoder's own scaler enlarges it in a millisecond."""

    def __init__(self, sheet: Sheet) -> None:
        from av.video.reformatter import VideoReformatter

        self._size = (sheet.width, sheet.height)
        self._scene = Scene(sheet)
        self._scaler = VideoReformatter()
        # Grain that stands still: it hides the steps of dark gradients and costs few bytes.
        self._grain = Image.effect_noise(self._size, 2.2)

    def at(self, moment: float) -> Planes:
        import av

        pictures: Any = av.VideoFrame
        small = pictures.from_image(self._scene.at(moment))
        frame = self._scaler.reformat(small, *self._size, "yuv420p", interpolation="BICUBIC")
        luma, blue, red = _read(frame)
        return ImageChops.add(luma, self._grain, 1, -128), blue, red


def _read(frame: Any) -> Planes:
    luma, blue, red = (
        Image.frombytes("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size)
        for plane in frame.planes
    )
    return luma, blue, red


def _rows(data: bytes, width: int, line_size: int) -> bytes:
    """The encoder's rows may be longer than the picture's."""
    if width == line_size:
        return data
    gap = bytes(line_size - width)
    return b"".join(data[at : at + width] + gap for at in range(0, len(data), width))


Colour = tuple[int, int, int]

MOST_SMALL = 180  # pixels of the shorter side of the picture before it is enlarged


def glow(size: int, strength: float, *, soft: bool) -> Image.Image:
    """A round light: soft ones fade from the middle, the others are discs out of focus."""
    near = ImageOps.invert(Image.radial_gradient("L"))
    curve = [
        round(
            255
            * strength
            * ((max(v - 75, 0) / 180) ** 2 if soft else min(max(v - 75, 0) / 14, 1) * 0.55)
        )
        for v in range(256)
    ]
    return near.point(curve).resize((size, size), Image.Resampling.BILINEAR)


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
    """One clip's moving scene; a moment of 0.0 is its beginning, of 1.0 its end."""

    def __init__(self, sheet: Sheet) -> None:
        digest = hashlib.sha256(f"{sheet.title} {sheet.model} {sheet.seed}".encode()).digest()
        self._chance = random.Random(digest)  # noqa: S311 - a picture, not a secret
        short = min(sheet.width, sheet.height)
        self._short = min(MOST_SMALL, short // 2)
        scale = self._short / short
        self._small = (round(sheet.width * scale), round(sheet.height * scale))
        # From teal over blue, violet and red to amber: the hues that look well in the dark.
        self._hue = self._chance.uniform(0.52, 1.10)
        self._ground = self._make_ground()
        self._lights = [self._make_light(nth) for nth in range(9)]
        self._ridges = [self._make_ridge(depth) for depth in range(3)]
        self._shade = self._make_shade()

    def at(self, moment: float) -> Image.Image:
        """The small picture, in RGB."""
        picture = self._ground.copy()
        for light in self._lights:
            self._shine(picture, light, moment)
        for ridge in self._ridges:
            left = round((ridge.shape.width - picture.width) * moment * ridge.speed)
            mask = ridge.shape.crop((left, 0, left + picture.width, picture.height))
            picture.paste(ridge.colour, (0, 0), mask)
        return ImageChops.multiply(picture, self._shade)

    def _shine(self, picture: Image.Image, light: Light, moment: float) -> None:
        turn = light.phase + moment * light.drift * math.tau
        x = (light.x + 0.05 * math.cos(turn)) * picture.width - light.glow.width / 2
        y = (light.y + 0.04 * math.sin(turn)) * picture.height - light.glow.height / 2
        picture.paste(light.colour, (round(x), round(y)), light.glow)

    def _make_ground(self) -> Image.Image:
        above, below = tone(self._hue, 0.55, 0.10), tone(self._hue + 0.12, 0.60, 0.42)
        fall = Image.linear_gradient("L").resize(self._small)
        return ImageOps.colorize(fall, above, below)

    def _make_light(self, nth: int) -> Light:
        chance = self._chance
        # One great light sets the mood, the others are points out of focus.
        size = self._short * (1.3 if nth == 0 else chance.uniform(0.06, 0.32))
        strength = 0.75 if nth == 0 else chance.uniform(0.25, 0.7)
        hue = self._hue + (0.14 if nth == 0 else chance.uniform(-0.12, 0.3))
        return Light(
            x=chance.uniform(0.2, 0.8) if nth == 0 else chance.random(),
            y=chance.uniform(0.3, 0.5) if nth == 0 else chance.uniform(0.05, 0.6),
            drift=chance.choice((-1, 1)) * chance.uniform(0.1, 0.35),
            phase=chance.random() * math.tau,
            colour=tone(hue, 0.5, 0.98),
            glow=glow(round(size), strength, soft=nth % 2 == 0),
        )

    def _make_ridge(self, depth: int) -> Ridge:
        width, height = round(self._small[0] * 1.25), self._small[1]
        waves = [
            (self._chance.uniform(0.5, 1.2) * 2**octave, self._chance.random() * math.tau)
            for octave in range(4)
        ]
        top = height * (0.58 + 0.13 * depth)
        line = [
            (x, top - _swell(x / self._small[0], waves) * height * 0.11)
            for x in range(-2, width + 3, 2)
        ]
        shape = Image.new("L", (width, height))
        ImageDraw.Draw(shape).polygon([*line, (width + 2, height), (-2, height)], fill=255)
        colour = tone(self._hue + 0.04, 0.6, 0.26 - 0.09 * depth)
        return Ridge(colour, shape.filter(ImageFilter.GaussianBlur(0.8)), 0.4 + 0.3 * depth)

    def _make_shade(self) -> Image.Image:
        """Dark corners, and a darker foot on which the lettering stays readable."""
        corners = ImageOps.invert(Image.radial_gradient("L")).point(lambda v: min(255, 70 + v * 2))
        foot = Image.linear_gradient("L").point(lambda v: 255 - max(0, v - 120) * 170 // 135)
        shade = ImageChops.multiply(corners.resize(self._small), foot.resize(self._small))
        return Image.merge("RGB", (shade, shade, shade))


def tone(hue: float, saturation: float, value: float) -> Colour:
    levels = (round(hue % 1 * 255), round(saturation * 255), round(value * 255))
    return cast(Colour, Image.new("HSV", (1, 1), levels).convert("RGB").getpixel((0, 0)))


def _swell(x: float, waves: list[tuple[float, float]]) -> float:
    return sum(
        math.sin(x * rate * 4 + phase) / (nth + 1) for nth, (rate, phase) in enumerate(waves)
    )

"""Draws the pictures of a clip: soft lights over ridges in a dark room, the prompt, a time code.

The scene is drawn small, and enlarged by whoever encodes it. The letters are drawn on the three
planes of the large picture: luma, and the two colour differences at half the size.
"""

import hashlib
import math
import random
from dataclasses import dataclass
from functools import cache
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from generations.sandbox.sheet import Sheet

Colour = tuple[int, int, int]
Planes = tuple[Image.Image, Image.Image, Image.Image]

FONTS = (
    "NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "msyh.ttc",
    "wqy-zenhei.ttc",
)
MOST_SMALL = 180  # pixels of the shorter side of the picture before it is enlarged
# Levels of the three planes.
WHITE = (235, 128, 128)
LAMP = (177, 76, 164)


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


class Picture:
    """One clip's moving picture; a moment of 0.0 is its beginning, of 1.0 its end."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
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
        self._grain = self._make_grain()
        self._lettering = self._make_lettering()
        self._lettering_box = self._lettering.getbbox() or (0, 0, 2, 2)
        self._clock_font = font(max(min(sheet.width, sheet.height) // 34, 7))

    def scene(self, moment: float) -> Image.Image:
        """The picture without its letters, small and in RGB."""
        picture = self._ground.copy()
        for light in self._lights:
            self._shine(picture, light, moment)
        for ridge in self._ridges:
            left = round((ridge.shape.width - picture.width) * moment * ridge.speed)
            mask = ridge.shape.crop((left, 0, left + picture.width, picture.height))
            picture.paste(ridge.colour, (0, 0), mask)
        return ImageChops.multiply(picture, self._shade)

    def finish(self, planes: Planes, moment: float) -> Planes:
        """The enlarged scene with grain, the prompt and the time."""
        luma = ImageChops.add(planes[0], self._grain, 1, -128)
        finished = (luma, planes[1], planes[2])
        _paste(finished, WHITE, self._lettering_box, self._lettering)
        self._mark_time(finished, moment)
        return finished

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

    def _make_grain(self) -> Image.Image:
        """Grain that stands still: it hides the steps of dark gradients and costs few bytes."""
        return Image.effect_noise((self._sheet.width, self._sheet.height), 2.2)

    def _make_lettering(self) -> Image.Image:
        sheet = self._sheet
        short = min(sheet.width, sheet.height)
        margin = short // 15
        layer = Image.new("L", (sheet.width, sheet.height))
        draw = ImageDraw.Draw(layer)
        small, large = font(max(short // 34, 7)), font(max(short // 17, 9))
        facts = f"{sheet.model}  ·  {sheet.ratio}  ·  {sheet.resolution}"
        foot = sheet.height - margin
        draw.text((margin, foot), facts, 190, small, anchor="ld")
        lines = wrapped(sheet.title, large, sheet.width - 2 * margin)
        for nth, line in enumerate(reversed(lines)):
            draw.text((margin, foot - short // 20 - nth * short // 13), line, 245, large, "ld")
        if sheet.watermark:
            mark = font(max(short // 24, 8))
            draw.text((sheet.width - margin, margin), "SANDBOX", 150, mark, anchor="ra")
        return layer

    def _mark_time(self, planes: Planes, moment: float) -> None:
        sheet = self._sheet
        short = min(sheet.width, sheet.height)
        margin = short // 15
        frame = round(moment * sheet.seconds * sheet.frames_per_second)
        seconds, rest = divmod(frame, sheet.frames_per_second)
        text = f"00:00:{seconds:02}:{rest:02}"
        right, foot = sheet.width - margin, sheet.height - margin
        ImageDraw.Draw(planes[0]).text((right, foot), text, 200, self._clock_font, anchor="rd")
        bar = (0, sheet.height - max(short // 180, 2), round(sheet.width * moment), sheet.height)
        _fill(planes, LAMP, bar)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return _first_font().font_variant(size=size)


@cache
def _first_font() -> ImageFont.FreeTypeFont:
    """A font with Chinese when the machine has one, else the one that Pillow brings."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, 16, index=2 if "CJK" in name else 0)
        except OSError:
            continue
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(16))


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: float, most: int = 3) -> list[str]:
    """The text in at most three lines; Chinese breaks anywhere, other text at spaces."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and face.getlength((lines[-1] + piece).rstrip()) > width:
            if len(lines) == most:
                lines[-1] = lines[-1].rstrip() + "…"
                break
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _pieces(text: str) -> list[str]:
    pieces = [""]
    for letter in text[:400]:
        pieces[-1] += letter
        if letter == " " or ord(letter) > 0x2E7F:
            pieces.append("")
    return pieces


def tone(hue: float, saturation: float, value: float) -> Colour:
    levels = (round(hue % 1 * 255), round(saturation * 255), round(value * 255))
    return cast(Colour, Image.new("HSV", (1, 1), levels).convert("RGB").getpixel((0, 0)))


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


def _swell(x: float, waves: list[tuple[float, float]]) -> float:
    return sum(
        math.sin(x * rate * 4 + phase) / (nth + 1) for nth, (rate, phase) in enumerate(waves)
    )


def _paste(
    planes: Planes, levels: Colour, box: tuple[int, int, int, int], mask: Image.Image
) -> None:
    left, top, right, foot = box[0] & ~1, box[1] & ~1, box[2] + 1 & ~1, box[3] + 1 & ~1
    letters = mask.crop((left, top, right, foot))
    planes[0].paste(levels[0], (left, top), letters)
    half = letters.resize((letters.width // 2, letters.height // 2))
    for plane, level in zip(planes[1:], levels[1:], strict=True):
        plane.paste(level, (left // 2, top // 2), half)


def _fill(planes: Planes, levels: Colour, box: tuple[int, int, int, int]) -> None:
    half = (box[0] // 2, box[1] // 2, box[2] // 2, box[3] // 2)
    for plane, level, place in zip(planes, levels, (box, half, half), strict=True):
        plane.paste(level, place)

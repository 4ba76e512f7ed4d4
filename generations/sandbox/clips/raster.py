"""The three planes of a video picture, luma and the two colour differences at half the size."""

from functools import cache
from io import BytesIO
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageFont

from .spec import Sheet

Planes = tuple[Image.Image, Image.Image, Image.Image]
Levels = tuple[int, int, int]
Box = tuple[int, int, int, int]

# Levels of the three planes.
WHITE = (235, 128, 128)
LAMP = (177, 76, 164)
# From the full range that Pillow gives to the range that video has (ITU-R BT.601).
LUMA = [16 + level * 219 // 255 for level in range(256)]
COLOUR = [128 + (level - 128) * 224 // 255 for level in range(256)]


def of_image(image: Image.Image) -> Planes:
    """The planes of an RGB picture whose sides are even."""
    luma, blue, red = image.convert("YCbCr").split()
    half = (image.width // 2, image.height // 2)
    return (
        luma.point(LUMA),
        blue.resize(half, Image.Resampling.BOX).point(COLOUR),
        red.resize(half, Image.Resampling.BOX).point(COLOUR),
    )


def paste_letters(planes: Planes, levels: Levels, box: Box, mask: Image.Image) -> None:
    """Colour where the mask is light; `box` is the part of the mask that holds anything."""
    left, top, right, foot = box[0] & ~1, box[1] & ~1, box[2] + 1 & ~1, box[3] + 1 & ~1
    letters = mask.crop((left, top, right, foot))
    planes[0].paste(levels[0], (left, top), letters)
    half = letters.resize((letters.width // 2, letters.height // 2))
    for plane, level in zip(planes[1:], levels[1:], strict=True):
        plane.paste(level, (left // 2, top // 2), half)


def paste(planes: Planes, picture: Planes, left: int, top: int) -> None:
    """Another picture at an even place."""
    for plane, part, scale in zip(planes, picture, (1, 2, 2), strict=True):
        plane.paste(part, (left // scale, top // scale))


def fill(planes: Planes, levels: Levels, box: Box) -> None:
    half = (box[0] // 2, box[1] // 2, box[2] // 2, box[3] // 2)
    for plane, level, place in zip(planes, levels, (box, half, half), strict=True):
        plane.paste(level, place)


FONTS = (
    "NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "msyh.ttc",
    "wqy-zenhei.ttc",
)


class Lettering:
    """The letters that stand still are drawn once, the time code for each picture."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._short = min(sheet.width, sheet.height)
        self._margin = self._short // 15
        self._layer = self._make_layer()
        self._box = self._layer.getbbox() or (0, 0, 2, 2)
        self._clock_font = font(max(self._short // 34, 7))

    def mark(self, planes: Planes, moment: float) -> None:
        paste_letters(planes, WHITE, self._box, self._layer)
        self._mark_time(planes, moment)

    def _make_layer(self) -> Image.Image:
        sheet, short, margin = self._sheet, self._short, self._margin
        layer = Image.new("L", (sheet.width, sheet.height))
        draw = ImageDraw.Draw(layer)
        small, large = font(max(short // 34, 7)), font(max(short // 17, 9))
        facts = "  ·  ".join(filter(None, (sheet.model, sheet.ratio, sheet.resolution)))
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
        sheet, short = self._sheet, self._short
        frame = round(moment * sheet.seconds * sheet.frames_per_second)
        seconds, rest = divmod(frame, sheet.frames_per_second)
        text = f"00:00:{seconds:02}:{rest:02}"
        right, foot = sheet.width - self._margin, sheet.height - self._margin
        ImageDraw.Draw(planes[0]).text((right, foot), text, 200, self._clock_font, anchor="rd")
        bar = (0, sheet.height - max(short // 180, 2), round(sheet.width * moment), sheet.height)
        fill(planes, LAMP, bar)


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


ZOOM = 0.14  # the part of the picture that is lost by coming nearer
FADE = (0.3, 0.7)  # the moments between which one picture gives way to the next
Frame = tuple[float, float, float, float]


class Photographs:
    """The first picture fills the frame and comes slowly nearer; a second takes its place."""

    def __init__(self, sheet: Sheet) -> None:
        self._size = (sheet.width, sheet.height)
        self._focus = (0.2 + sheet.seed % 61 / 100, 0.2 + sheet.seed // 61 % 61 / 100)
        kept = (sheet.pictures[0], sheet.pictures[-1])[: len(sheet.pictures)]
        self._stills = [_covering(content, self._size) for content in kept]
        self._planes = [of_image(still) for still in self._stills]
        self._shade = _foot(self._size)

    def at(self, moment: float) -> Planes:
        """The picture of this moment, darker at its foot, where the letters are."""
        weight = _smooth((moment - FADE[0]) / (FADE[1] - FADE[0])) if len(self._planes) > 1 else 0
        if weight in (0, 1):
            return self._darkened(self._near(int(weight), moment))
        first, second = self._near(0, moment), self._near(1, moment)
        luma, blue, red = (Image.blend(a, b, weight) for a, b in zip(first, second, strict=True))
        return self._darkened((luma, blue, red))

    def _near(self, nth: int, moment: float) -> Planes:
        kept = 1 - ZOOM * moment
        luma, blue, red = (
            plane.resize(size, Image.Resampling.BILINEAR, self._part(plane.size, kept))
            for plane, size in zip(self._planes[nth], self._sizes(), strict=True)
        )
        return luma, blue, red

    def _part(self, size: tuple[int, int], kept: float) -> Frame:
        """Where the camera looks; the seed says to which side it comes nearer."""
        across, down = size[0] * kept, size[1] * kept
        left, top = (size[0] - across) * self._focus[0], (size[1] - down) * self._focus[1]
        return left, top, left + across, top + down

    def _sizes(self) -> tuple[tuple[int, int], ...]:
        half = (self._size[0] // 2, self._size[1] // 2)
        return self._size, half, half

    def _darkened(self, planes: Planes) -> Planes:
        return ImageChops.multiply(planes[0], self._shade), planes[1], planes[2]


class Row:
    """All pictures of a sheet as small stills, side by side."""

    def __init__(self, sheet: Sheet) -> None:
        short = min(sheet.width, sheet.height)
        self._margin, self._gap = short // 15, max(short // 90 & ~1, 2)
        images = [Image.open(BytesIO(content)).convert("RGB") for content in sheet.pictures]
        width = sheet.width - 2 * self._margin - self._gap * (len(images) - 1)
        shapes = sum(image.width / image.height for image in images)
        height = min(short / 3.6, width / shapes)
        self._stills = [of_image(image.resize(_even(image, height))) for image in images]

    def paste(self, planes: Planes) -> None:
        left, top = self._margin & ~1, self._margin & ~1
        for still in self._stills:
            width, height = still[0].size
            fill(planes, WHITE, (left - 2, top - 2, left + width + 2, top + height + 2))
            paste(planes, still, left, top)
            left += width + self._gap


def _covering(content: bytes, size: tuple[int, int]) -> Image.Image:
    """The middle of the picture, in the shape of the frame."""
    image = Image.open(BytesIO(content)).convert("RGB")
    scale = min(image.width / size[0], image.height / size[1])
    across, down = size[0] * scale, size[1] * scale
    left, top = (image.width - across) / 2, (image.height - down) / 2
    box = (left, top, left + across, top + down)
    return image.resize(size, Image.Resampling.BICUBIC, box)


def _smooth(part: float) -> float:
    part = min(max(part, 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _foot(size: tuple[int, int]) -> Image.Image:
    fall = Image.linear_gradient("L").point(lambda level: 255 - max(0, level - 110) * 175 // 145)
    return fall.resize(size)


def _even(image: Image.Image, height: float) -> tuple[int, int]:
    width = height * image.width / image.height
    return max(int(width) & ~1, 2), max(int(height) & ~1, 2)

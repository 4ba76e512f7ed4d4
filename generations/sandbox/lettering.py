"""What is written on a clip: the prompt, the facts, a watermark, and a running time code."""

from functools import cache
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from generations.sandbox import planes as video
from generations.sandbox.planes import Planes
from generations.sandbox.sheet import Sheet

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
        video.paste_letters(planes, video.WHITE, self._box, self._layer)
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
        video.fill(planes, video.LAMP, bar)


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

"""The caption of a clip: its title, its properties, the time code and the watermark."""

from functools import cache
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from .planes import AMBER, WHITE, Planes, fill, paste_mask
from .spec import ClipSpec

# Fonts with Chinese, on Linux, macOS and Windows.
FONTS = (
    "NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "msyh.ttc",
    "wqy-zenhei.ttc",
)
MAX_LINES = 3
MAX_CHARACTERS = 400
FIRST_CJK = 0x2E7F  # characters after this one may begin a line


class Caption:
    """Draws what does not move once, and the time code for each frame."""

    def __init__(self, spec: ClipSpec) -> None:
        self._spec = spec
        self._short = min(spec.width, spec.height)
        self._margin = self._short // 15
        self._mask = self._draw_mask()
        self._box = self._mask.getbbox() or (0, 0, 2, 2)
        self._time_font = font(max(self._short // 34, 7))

    def draw(self, planes: Planes, moment: float) -> None:
        """Draw on the frame of a moment, from 0.0 to 1.0."""
        paste_mask(planes, WHITE, self._box, self._mask)
        self._draw_time(planes, moment)

    def _draw_mask(self) -> Image.Image:
        spec, short, margin = self._spec, self._short, self._margin
        mask = Image.new("L", (spec.width, spec.height))
        draw = ImageDraw.Draw(mask)
        small, large = font(max(short // 34, 7)), font(max(short // 17, 9))
        properties = "  ·  ".join(filter(None, (spec.model, spec.ratio, spec.resolution)))
        bottom = spec.height - margin
        draw.text((margin, bottom), properties, 190, small, anchor="ld")
        lines = wrap(spec.title, large, spec.width - 2 * margin)
        for index, line in enumerate(reversed(lines)):
            y = bottom - short // 20 - index * short // 13
            draw.text((margin, y), line, 245, large, "ld")
        if spec.watermark:
            watermark = font(max(short // 24, 8))
            draw.text((spec.width - margin, margin), "SANDBOX", 150, watermark, anchor="ra")
        return mask

    def _draw_time(self, planes: Planes, moment: float) -> None:
        spec, short = self._spec, self._short
        frame = round(moment * spec.seconds * spec.frames_per_second)
        seconds, rest = divmod(frame, spec.frames_per_second)
        text = f"00:00:{seconds:02}:{rest:02}"
        right, bottom = spec.width - self._margin, spec.height - self._margin
        ImageDraw.Draw(planes[0]).text((right, bottom), text, 200, self._time_font, anchor="rd")
        bar = (0, spec.height - max(short // 180, 2), round(spec.width * moment), spec.height)
        fill(planes, AMBER, bar)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return _installed_font().font_variant(size=size)


@cache
def _installed_font() -> ImageFont.FreeTypeFont:
    """A font with Chinese if the machine has one, else the font of Pillow."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, 16, index=2 if "CJK" in name else 0)
        except OSError:
            continue
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(16))


def wrap(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The text in at most three lines; Chinese breaks anywhere, other text at spaces."""
    lines = [""]
    for word in _words(text):
        if lines[-1] and face.getlength((lines[-1] + word).rstrip()) > width:
            if len(lines) == MAX_LINES:
                lines[-1] = lines[-1].rstrip() + "…"
                break
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def _words(text: str) -> list[str]:
    """The parts between which a line may break."""
    words = [""]
    for character in text[:MAX_CHARACTERS]:
        words[-1] += character
        if character == " " or ord(character) > FIRST_CJK:
            words.append("")
    return words

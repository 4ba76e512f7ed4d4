"""Makes the frames of a clip, one for each moment, in the form that the encoder takes.

A frame is drawn in three planes (YUV 4:2:0): luma, and two colour planes of half the size. It has a
background, perhaps a row of references, and the caption.
"""

from functools import cache
from io import BytesIO
from typing import Any, cast

from PIL import Image, ImageChops, ImageDraw, ImageFont

from .scene import Scene
from .spec import ClipSpec

Planes = tuple[Image.Image, Image.Image, Image.Image]
Levels = tuple[int, int, int]
Box = tuple[int, int, int, int]
Area = tuple[float, float, float, float]


class FrameRenderer:
    """Draws a background (a scene, or the pictures of the order), references and the caption."""

    def __init__(self, spec: ClipSpec) -> None:
        fills_frame = bool(spec.pictures) and not spec.references
        self._size = (spec.width, spec.height)
        self._background = PhotoBackground(spec) if fills_frame else SceneBackground(spec)
        self._row = ReferenceRow(spec) if spec.pictures and spec.references else None
        self._caption = Caption(spec)

    def frame(self, moment: float) -> Any:
        """The frame, an av.VideoFrame, of a moment from 0.0 to 1.0."""
        import av

        planes = self._background.at(moment)
        if self._row is not None:
            self._row.draw(planes)
        self._caption.draw(planes, moment)
        frame: Any = av.VideoFrame(*self._size, "yuv420p")
        for plane, image in zip(frame.planes, planes, strict=True):
            plane.update(_padded_rows(image.tobytes(), image.width, plane.line_size))
        return frame


def _padded_rows(data: bytes, width: int, line_size: int) -> bytes:
    """The rows of a plane, each as long as the encoder wants it."""
    if width == line_size:
        return data
    gap = bytes(line_size - width)
    return b"".join(data[at : at + width] + gap for at in range(0, len(data), width))


# ---- Backgrounds ----------------------------------------------------------------------------

ZOOM = 0.14  # the part of the picture that is outside of the frame at the end
FADE = (0.3, 0.7)  # the moments at which the first picture begins and ends to give way


class SceneBackground:
    """A scene in full size; the encoder's own scaler enlarges it in a millisecond."""

    def __init__(self, spec: ClipSpec) -> None:
        from av.video.reformatter import VideoReformatter

        self._size = (spec.width, spec.height)
        self._scene = Scene(spec)
        self._scaler = VideoReformatter()
        # Grain that does not move: it hides the steps of dark gradients and costs few bytes.
        self._grain = Image.effect_noise(self._size, 2.2)

    def at(self, moment: float) -> Planes:
        import av

        video_frame: Any = av.VideoFrame
        small = video_frame.from_image(self._scene.at(moment))
        frame = self._scaler.reformat(small, *self._size, "yuv420p", interpolation="BICUBIC")
        luma, blue, red = _read_planes(frame)
        return ImageChops.add(luma, self._grain, 1, -128), blue, red


def _read_planes(frame: Any) -> Planes:
    luma, blue, red = (
        Image.frombytes("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size)
        for plane in frame.planes
    )
    return luma, blue, red


class PhotoBackground:
    """The first picture fills the frame, which slowly zooms in; the last fades in over it."""

    def __init__(self, spec: ClipSpec) -> None:
        self._size = (spec.width, spec.height)
        # Each of the two is between 0.2 and 0.8: to where in the picture the zoom goes.
        self._focus = (0.2 + spec.seed % 61 / 100, 0.2 + spec.seed // 61 % 61 / 100)
        used = (spec.pictures[0], spec.pictures[-1])[: len(spec.pictures)]
        self._planes = [image_planes(_covering(content, self._size)) for content in used]
        fall = Image.linear_gradient("L")
        fall = fall.point(lambda level: 255 - max(0, level - 110) * 175 // 145)
        self._shade = fall.resize(self._size)

    def at(self, moment: float) -> Planes:
        """The picture at a moment, darker at the bottom, where the caption is."""
        weight = _ease((moment - FADE[0]) / (FADE[1] - FADE[0])) if len(self._planes) > 1 else 0
        if weight in (0, 1):
            return self._darken(self._zoom(int(weight), moment))
        first, second = self._zoom(0, moment), self._zoom(1, moment)
        luma, blue, red = (Image.blend(a, b, weight) for a, b in zip(first, second, strict=True))
        return self._darken((luma, blue, red))

    def _zoom(self, index: int, moment: float) -> Planes:
        half = (self._size[0] // 2, self._size[1] // 2)
        shown = 1 - ZOOM * moment
        luma, blue, red = (
            plane.resize(size, Image.Resampling.BILINEAR, self._area(plane.size, shown))
            for plane, size in zip(self._planes[index], (self._size, half, half), strict=True)
        )
        return luma, blue, red

    def _area(self, size: tuple[int, int], shown: float) -> Area:
        """The part of a plane that the frame shows."""
        width, height = size[0] * shown, size[1] * shown
        left, top = (size[0] - width) * self._focus[0], (size[1] - height) * self._focus[1]
        return left, top, left + width, top + height

    def _darken(self, planes: Planes) -> Planes:
        return ImageChops.multiply(planes[0], self._shade), planes[1], planes[2]


def _covering(content: bytes, size: tuple[int, int]) -> Image.Image:
    """The middle of a picture, cut to the ratio of the frame."""
    image = Image.open(BytesIO(content)).convert("RGB")
    scale = min(image.width / size[0], image.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    box = (left, top, left + width, top + height)
    return image.resize(size, Image.Resampling.BICUBIC, box)


def _ease(progress: float) -> float:
    """From 0 to 1, slow at both ends."""
    progress = min(max(progress, 0.0), 1.0)
    return progress * progress * (3 - 2 * progress)


# ---- What stands in front -------------------------------------------------------------------

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


class ReferenceRow:
    """All pictures of a spec, small and side by side at the top of the frame."""

    def __init__(self, spec: ClipSpec) -> None:
        short = min(spec.width, spec.height)
        self._margin, self._gap = short // 15, max(short // 90 & ~1, 2)
        images = [Image.open(BytesIO(content)).convert("RGB") for content in spec.pictures]
        width = spec.width - 2 * self._margin - self._gap * (len(images) - 1)
        ratios = sum(image.width / image.height for image in images)
        height = min(short / 3.6, width / ratios)
        self._pictures = [image_planes(image.resize(_even(image, height))) for image in images]

    def draw(self, planes: Planes) -> None:
        left, top = self._margin & ~1, self._margin & ~1
        for picture in self._pictures:
            width, height = picture[0].size
            fill(planes, WHITE, (left - 2, top - 2, left + width + 2, top + height + 2))
            paste(planes, picture, left, top)
            left += width + self._gap


def _even(image: Image.Image, height: float) -> tuple[int, int]:
    width = height * image.width / image.height
    return max(int(width) & ~1, 2), max(int(height) & ~1, 2)


class Caption:
    """The title, the properties, the time code and the watermark of a clip.

    Draws what does not move once, and the time code for each frame.
    """

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
    # It has no Chinese, so such titles show as boxes; a clip is made all the same.
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


# ---- Planes ---------------------------------------------------------------------------------

# Levels in the three planes.
WHITE = (235, 128, 128)
AMBER = (177, 76, 164)
# From the full range of Pillow to the range of video (ITU-R BT.601).
LUMA = [16 + level * 219 // 255 for level in range(256)]
COLOUR = [128 + (level - 128) * 224 // 255 for level in range(256)]


def image_planes(image: Image.Image) -> Planes:
    """The planes of an RGB image whose sides are even."""
    luma, blue, red = image.convert("YCbCr").split()
    half = (image.width // 2, image.height // 2)
    return (
        luma.point(LUMA),
        blue.resize(half, Image.Resampling.BOX).point(COLOUR),
        red.resize(half, Image.Resampling.BOX).point(COLOUR),
    )


def paste_mask(planes: Planes, levels: Levels, box: Box, mask: Image.Image) -> None:
    """Colour the planes where the mask is light; outside of `box` the mask is empty."""
    # Even edges, because two pixels of luma share one of colour.
    left, top, right, bottom = box[0] & ~1, box[1] & ~1, box[2] + 1 & ~1, box[3] + 1 & ~1
    part = mask.crop((left, top, right, bottom))
    planes[0].paste(levels[0], (left, top), part)
    half = part.resize((part.width // 2, part.height // 2))
    for plane, level in zip(planes[1:], levels[1:], strict=True):
        plane.paste(level, (left // 2, top // 2), half)


def paste(planes: Planes, image: Planes, left: int, top: int) -> None:
    """Put another image at this point, whose coordinates are even."""
    for plane, part, scale in zip(planes, image, (1, 2, 2), strict=True):
        plane.paste(part, (left // scale, top // scale))


def fill(planes: Planes, levels: Levels, box: Box) -> None:
    half = (box[0] // 2, box[1] // 2, box[2] // 2, box[3] // 2)
    for plane, level, area in zip(planes, levels, (box, half, half), strict=True):
        plane.paste(level, area)

"""The pictures of an order as a clip shows them: filling the frame, or small in a row."""

from io import BytesIO

from PIL import Image, ImageChops

from generations.sandbox import planes as video
from generations.sandbox.planes import Planes
from generations.sandbox.sheet import Sheet

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
        self._planes = [video.of_image(still) for still in self._stills]
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
        self._stills = [video.of_image(image.resize(_even(image, height))) for image in images]

    def paste(self, planes: Planes) -> None:
        left, top = self._margin & ~1, self._margin & ~1
        for still in self._stills:
            width, height = still[0].size
            video.fill(planes, video.WHITE, (left - 2, top - 2, left + width + 2, top + height + 2))
            video.paste(planes, still, left, top)
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

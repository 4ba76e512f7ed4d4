"""The pictures of an order in a clip: as its background, or as a row of references."""

from io import BytesIO

from PIL import Image, ImageChops

from .planes import WHITE, Planes, fill, image_planes, paste
from .spec import ClipSpec

ZOOM = 0.14  # the part of the picture that is outside of the frame at the end
FADE = (0.3, 0.7)  # the moments at which the first picture begins and ends to give way
Area = tuple[float, float, float, float]


class PhotoBackground:
    """The first picture fills the frame, which slowly zooms in; the last fades in over it."""

    def __init__(self, spec: ClipSpec) -> None:
        self._size = (spec.width, spec.height)
        # Each of the two is between 0.2 and 0.8: to where in the picture the zoom goes.
        self._focus = (0.2 + spec.seed % 61 / 100, 0.2 + spec.seed // 61 % 61 / 100)
        used = (spec.pictures[0], spec.pictures[-1])[: len(spec.pictures)]
        self._planes = [image_planes(_covering(content, self._size)) for content in used]
        self._shade = _bottom_shade(self._size)

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


def _bottom_shade(size: tuple[int, int]) -> Image.Image:
    fall = Image.linear_gradient("L").point(lambda level: 255 - max(0, level - 110) * 175 // 145)
    return fall.resize(size)


def _even(image: Image.Image, height: float) -> tuple[int, int]:
    width = height * image.width / image.height
    return max(int(width) & ~1, 2), max(int(height) & ~1, 2)

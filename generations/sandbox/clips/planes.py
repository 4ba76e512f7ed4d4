"""The three planes of a video frame (YUV 4:2:0): luma, and two colour planes of half the size."""

from PIL import Image

Planes = tuple[Image.Image, Image.Image, Image.Image]
Levels = tuple[int, int, int]
Box = tuple[int, int, int, int]

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

"""The three planes of a video picture, luma and the two colour differences at half the size."""

from PIL import Image

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

"""Makes the pictures of a clip, one for each moment, as the encoder takes them."""

from typing import Any

from PIL import Image, ImageChops

from generations.sandbox.drawing import Scene
from generations.sandbox.lettering import Lettering
from generations.sandbox.photographs import Photographs, Row
from generations.sandbox.planes import Planes
from generations.sandbox.sheet import Sheet


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

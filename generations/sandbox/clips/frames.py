"""Makes the frames of a clip, one for each moment, in the form that the encoder takes."""

from typing import Any

from PIL import Image, ImageChops

from .caption import Caption
from .photos import PhotoBackground, ReferenceRow
from .planes import Planes
from .scene import Scene
from .spec import ClipSpec


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


def _padded_rows(data: bytes, width: int, line_size: int) -> bytes:
    """The rows of a plane, each as long as the encoder wants it."""
    if width == line_size:
        return data
    gap = bytes(line_size - width)
    return b"".join(data[at : at + width] + gap for at in range(0, len(data), width))

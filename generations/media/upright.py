"""How a video is displayed: a film of a phone lies on its side, and pixels need not be square."""

from dataclasses import dataclass
from fractions import Fraction

import av
from av import VideoFrame
from av.filter import Graph
from av.rational import AVRational
from av.video.stream import VideoStream
from PIL import Image
from PIL.Image import Transpose

# Degrees counter-clockwise, as libav tells them; the filters that turn a frame so far.
FILTERS: dict[int, list[tuple[str, str | None]]] = {
    0: [],
    90: [("transpose", "cclock")],
    180: [("hflip", None), ("vflip", None)],
    270: [("transpose", "clock")],
}
TURNS = {90: Transpose.ROTATE_90, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_270}
MOST_STRETCH = 8  # a pixel that is longer than this is a damaged figure


@dataclass(frozen=True, slots=True)
class Display:
    """Pixels as displayed, upright and square, and how far the coded frames are turned for it."""

    width: int
    height: int
    rotation: int = 0

    def before_turn(self, width: int, height: int) -> tuple[int, int]:
        """The size, before it is turned, of a frame that shall have this size."""
        return (height, width) if self.rotation in {90, 270} else (width, height)

    def turn(self, image: Image.Image) -> Image.Image:
        """The picture upright."""
        turn = TURNS.get(self.rotation)
        return image if turn is None else image.transpose(turn)


def display_of(stream: VideoStream, frame: VideoFrame) -> Display:
    """How a player displays the frames of a stream."""
    width, height = _square(frame.width, frame.height, stream.sample_aspect_ratio)
    try:
        rotation = round(frame.rotation / 90) * 90 % 360
    except ValueError:  # "not a number": its matrix is damaged
        rotation = 0
    if rotation in {90, 270}:
        width, height = height, width
    return Display(width, height, rotation)


def _square(width: int, height: int, pixel: AVRational) -> tuple[int, int]:
    stretch = float(pixel) if pixel else 1.0
    if not 1 / MOST_STRETCH < stretch < MOST_STRETCH:
        return width, height
    return max(1, round(width * stretch)), height


def even(side: float) -> int:
    """An even number of pixels: in yuv420p two by two of them share a colour."""
    return max(2, round(side / 2) * 2)


class Upright:
    """Converts frames to one size in yuv420p, upright."""

    def __init__(self, display: Display, width: int, height: int) -> None:
        self._size = display.before_turn(width, height)
        self._filters = FILTERS[display.rotation]
        self._graph: Graph | None = None

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """A new frame; its time is that of the old one."""
        small = frame.reformat(*self._size, "yuv420p")
        if not self._filters:
            return small
        graph = self._graph = self._graph or self._make_graph(small)
        graph.push(small)
        turned = graph.pull()
        if not isinstance(turned, VideoFrame):
            raise TypeError("The filter gave no picture.")
        turned.pts, turned.time_base = frame.pts, frame.time_base
        return turned

    def _make_graph(self, frame: VideoFrame) -> Graph:
        graph = av.filter.Graph()
        time_base = frame.time_base or Fraction(1, 1000)
        last = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=time_base
        )
        for name, argument in self._filters:
            following = graph.add(name, argument)
            last.link_to(following)
            last = following
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph

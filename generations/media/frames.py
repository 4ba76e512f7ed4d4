"""The first or the last frame of a clip, exact to the frame."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from .audio_video import image_of, open_container, tag_colours, video_stream
from .facts import NotMedia, RejectReason
from .signature import IMAGES, check_boxes, format_of


def extract(path: Path, *, last: bool) -> Image.Image:
    """The frame that a player shows first or last; raises NotMedia."""
    format_name = format_of(path)
    if format_name in IMAGES:
        raise NotMedia(RejectReason.NO_STREAM)
    if format_name == "mov":
        check_boxes(path)
    with open_container(path, format_name) as container:
        stream = video_stream(container)
        if stream is None:
            raise NotMedia(RejectReason.NO_STREAM)
        stream.codec_context.thread_count = 1
        frame = _last(container, stream) if last else next(_decode(container, stream), None)
        if frame is None:
            raise NotMedia(RejectReason.DAMAGED)
        return image_of(tag_colours(frame).reformat(format="rgb24"), "RGB")


def _last(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Decode from the last key frame, or from the start if the container cannot seek."""
    if stream.duration:
        start = stream.start_time or 0
        container.seek(start + stream.duration, stream=stream)
    if (frame := _newest(container, stream)) is None:
        container.seek(0)
        frame = _newest(container, stream)
    return frame


def _newest(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    return next(iter(deque(_decode(container, stream), maxlen=1)), None)


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames up to the first one that is damaged."""
    try:
        yield from container.decode(stream)
    except av.InvalidDataError:
        return

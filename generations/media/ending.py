"""The first or the last frame of a clip, exact to the frame."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from generations.media.facts import NotMedia, Reason
from generations.media.signature import IMAGES, check_boxes, format_of
from generations.media.stream import as_seen, image_of, moving, opened


def frame(path: Path, *, last: bool) -> Image.Image:
    """The frame that a player shows first or last; raises NotMedia."""
    found = format_of(path)
    if found in IMAGES:
        raise NotMedia(Reason.NO_STREAM)
    if found == "mov":
        check_boxes(path)
    with opened(path, found) as container:
        stream = moving(container)
        if stream is None:
            raise NotMedia(Reason.NO_STREAM)
        stream.codec_context.thread_count = 1
        shown = _last(container, stream) if last else next(_whole(container, stream), None)
        if shown is None:
            raise NotMedia(Reason.DAMAGED)
        return image_of(as_seen(shown).reformat(format="rgb24"), "RGB")


def _last(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """From the last key frame on; from the start where the container cannot be searched."""
    if stream.duration:
        start = stream.start_time or 0
        container.seek(start + stream.duration, stream=stream)
    if (found := _newest(container, stream)) is None:
        container.seek(0)
        found = _newest(container, stream)
    return found


def _newest(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    return next(iter(deque(_whole(container, stream), maxlen=1)), None)


def _whole(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames up to the first one that is damaged."""
    try:
        yield from container.decode(stream)
    except av.InvalidDataError:
        return

"""Joins the takes of a film and lays its narration and music under them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generations.sandbox.encoding import encode_sound
from generations.sandbox.sheet import Cut
from generations.sandbox.sounds import RATE, mixed, samples_of


def write_cut(cut: Cut, takes: Sequence[Path], path: Path) -> None:
    """The pictures are copied as they are: all takes of a film were encoded alike."""
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        with av.open(str(takes[0])) as first:
            video = container.add_stream_from_template(first.streams.video[0])
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        begin = 0
        for take, sheet in zip(takes, cut.takes, strict=True):
            _copy_pictures(container, video, take, begin)
            begin += sheet.seconds
        heard = mixed(samples_of(cut.narration), samples_of(cut.music), cut.seconds)
        encode_sound(container, sound, heard)


def _copy_pictures(container: Any, stream: Any, take: Path, begin: int) -> None:
    import av

    with av.open(str(take)) as source:
        for packet in source.demux(video=0):
            # The last packet of a file is an empty one, without a time.
            if packet.pts is None or packet.dts is None:
                continue
            offset = int(begin / packet.time_base)
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            packet.stream = stream
            container.mux(packet)

"""Plays the file behind a link: its length, its frames and its sound."""

import math
from array import array
from io import BytesIO
from typing import Any

import av
from PIL import Image

from tests.sandbox.dialects import download
from tests.sandbox.stills import Colour

RATE = 8_000


def opened(url: str) -> Any:
    """The file as PyAV reads it; the caller closes it."""
    response = download(url)
    assert response.status_code == 200, response.text
    return av.open(BytesIO(response.content), "r")


def seconds(url: str) -> float:
    with opened(url) as container:
        return float(container.duration / 1_000_000)


def frames(url: str) -> list[Image.Image]:
    with opened(url) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def colour(image: Image.Image) -> Colour:
    """The colour in the upper middle, where no caption is."""
    pixel = image.getpixel((image.width // 2, image.height // 3))
    assert isinstance(pixel, tuple)
    return (int(pixel[0]), int(pixel[1]), int(pixel[2]))


def are_near(first: Colour, second: Colour) -> bool:
    return all(abs(a - b) < 25 for a, b in zip(first, second, strict=True))


def samples(url: str) -> "array[int]":
    """The sound, 8,000 samples a second."""
    heard = array("h")
    resampler: Any = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with opened(url) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                heard.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return heard


def strength(heard: "array[int]", pitch: int) -> float:
    """How strong a pitch, in Hz, is in the sound (the algorithm of Goertzel)."""
    turn = 2 * math.cos(math.tau * pitch / RATE)
    last, before = 0.0, 0.0
    for sample in heard:
        last, before = sample + turn * last - before, last
    return math.sqrt(max(last * last + before * before - turn * last * before, 0)) / len(heard)

"""What a clip with pictures shows."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from generations.sandbox.clips.draw import Painter
from generations.sandbox.clips.encode import write_clip
from generations.sandbox.clips.spec import Sheet, digest
from generations.sandbox.pictures import take
from tests.sandbox.stills import Colour, still

RED, BLUE, WHITE = (200, 30, 30), (30, 30, 200), (255, 255, 255)


def sheet(*colours: Colour, references: bool = False, **order: Any) -> Sheet:
    fields = {
        "prompt": "A lighthouse",
        "model": "viduq3-pro",
        "resolution": "360p",
        "duration": 2,
        "seed": 30,
        "pictures": tuple(take(still(320, 180, colour=colour)) for colour in colours),
    }
    return Sheet.of(fields | order, references=references)


def shown(asked: Sheet, moment: float, x: float = 0.5, y: float = 0.3) -> Colour:
    """The colour at a place, given in parts of the whole, at a moment from 0.0 to 1.0."""
    image = Painter(asked).frame(moment).to_image()
    pixel = image.getpixel((int(x * image.width), int(y * image.height)))
    return (pixel[0], pixel[1], pixel[2])


def gradient() -> bytes:
    content = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(content, "jpeg")
    return content.getvalue()


def near(first: Colour, second: Colour) -> bool:
    return all(abs(a - b) < 20 for a, b in zip(first, second, strict=True))


def test_a_picture_fills_the_frame() -> None:
    assert near(shown(sheet(RED), 0.0), RED)
    assert near(shown(sheet(RED), 0.9, 0.02, 0.02), RED)


def test_a_picture_comes_nearer() -> None:
    content = BytesIO()
    halves = Image.new("RGB", (320, 180), BLUE)
    halves.paste(RED, (20, 0, 300, 180))
    halves.save(content, "jpeg", quality=95)
    framed = replace(sheet(RED), pictures=(content.getvalue(),))
    assert near(shown(framed, 0.0, 0.04), BLUE)
    assert near(shown(framed, 0.95, 0.04), RED)


def test_two_seeds_show_one_picture_in_two_ways() -> None:
    frames = [
        Painter(replace(sheet(RED), seed=seed, pictures=(gradient(),))).frame(0.9).to_image()
        for seed in (30, 30 * 61)
    ]
    assert frames[0].tobytes() != frames[1].tobytes()


def test_the_first_picture_gives_way_to_the_last() -> None:
    pair = sheet(RED, BLUE)
    assert near(shown(pair, 0.1), RED)
    assert near(shown(pair, 0.5), (115, 30, 115))
    assert near(shown(pair, 0.9), BLUE)


def test_references_stand_small_in_a_row() -> None:
    row = sheet(RED, BLUE, references=True, aspect_ratio="16:9")
    assert near(shown(row, 0.0, 0.12, 0.15), RED)
    assert near(shown(row, 0.0, 0.42, 0.15), BLUE)
    assert not near(shown(row, 0.0, 0.9, 0.15), BLUE)


def test_the_letters_are_readable_on_a_white_picture() -> None:
    image = Painter(sheet(WHITE)).frame(0.0).to_image().convert("L")
    foot = image.crop((24, 280, 300, 340))
    levels = sorted(foot.tobytes())
    assert levels[-1] > 220
    assert levels[len(levels) // 2] < 130


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((300, 200), (540, 360)),
        ((200, 300), (360, 540)),
        ((400, 400), (360, 360)),
        ((400, 100), (960, 240)),
    ],
)
def test_a_clip_without_a_ratio_takes_that_of_its_picture(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    asked = sheet(pictures=(take(still(*size)),))
    assert (asked.width, asked.height) == expected


def test_other_pictures_make_another_clip() -> None:
    assert digest(sheet(RED)) == digest(sheet(RED))
    assert digest(sheet(RED)) != digest(sheet(BLUE))
    assert digest(sheet(RED, BLUE)) != digest(sheet(BLUE, RED))


def test_a_clip_with_pictures_has_all_its_frames(tmp_path: Path) -> None:
    asked = sheet(RED, BLUE).tiny()
    write_clip(asked, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 8
    assert (frames[0].width, frames[0].height) == (160, 90)
